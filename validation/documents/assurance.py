"""16 Assurance bundle: every library by version and hash, the lock, tests and the files' hashes."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from validation.documents.inputs import Inputs
from validation.documents.schema import NOT_RECORDED, Section, fact, known, section, spoken, table

_PIN = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?==([^\s;\\]+)")
_HASH = re.compile(r"--hash=(sha256:[0-9a-f]{64})")


def bill_of_materials(lock: str) -> list[tuple[str, str, tuple[str, ...]]]:
    """Libraries of a hashed lock file: name, version, and the hashes of its admitted files."""
    found: list[tuple[str, str, list[str]]] = []
    for line in lock.splitlines():
        if pin := _PIN.match(line):
            found.append((pin[1], pin[2], []))
        if found and not line.lstrip().startswith("#"):
            found[-1][2].extend(_HASH.findall(line))
    return [(name, version, tuple(hashes)) for name, version, hashes in found]


def sections(inputs: Inputs) -> list[Section]:
    """Sections of the assurance bundle."""
    lock = inputs.lock
    digest = None if lock is None else hashlib.sha256(lock.encode()).hexdigest()
    reason = "the lock file of this version is not at hand: the one here has another hash"
    return [
        section(
            "materials",
            "Bill of materials",
            known("lock", "Lock file SHA-256", digest, reason, mandatory=True),
            known("libraries", "Libraries", _libraries(lock), reason, source=f"sha256:{digest}"),
        ),
        section(
            "tests",
            "Tests",
            fact(
                "tests",
                "SHA-256 of the test results",
                inputs.tests_sha256 or NOT_RECORDED,
                mandatory=False,
            ),
        ),
        section(
            "files",
            "Evidence",
            fact(
                "hashes",
                "Files of the version and their hashes, as in the ledger",
                table(("file", "sha256"), sorted(inputs.sources.items())),
            ),
            spoken("signature", "Signed for", roles=["validator", "approver"]),
        ),
    ]


def _libraries(lock: str | None) -> dict[str, Any] | None:
    if lock is None:
        return None
    rows = [
        [name, version, len(hashes), hashes[0] if hashes else NOT_RECORDED]
        for name, version, hashes in bill_of_materials(lock)
    ]
    return table(("name", "version", "admitted files", "hash (first)"), rows)
