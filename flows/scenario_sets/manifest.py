"""The manifest of a scenario set: what it is, what made it, and who vouches for it.

Its shape is that of an in-toto statement: the files are the subjects, everything that decides
their content is the predicate. Times, host and threads are signed but do not enter the hash, so
that the same inputs and code have the same hash wherever and whenever they ran.
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flows.outputs import file_digest, json_bytes
from flows.provenance import Provenance
from flows.refusal import RefusedError
from flows.settings import canonical_digest
from flows.signing import Signer

NAME = "manifest.json"
SCHEMA = "foreshock.scenarios/1"
STATEMENT = "in-toto.io/Statement/v1"
UNOFFICIAL, LOCAL = "UNOFFICIAL", "LOCAL"


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that decides what a set holds, and how it was judged.

    Attributes
    ----------
    model : mapping
        Name, and the digest of each of its files; what it was trained on and until when.
    sampling : mapping
        Paths, horizon, chunk, seed, random generator, device, conditioning and stress.
    filters : sequence of mapping
        Plausibility filters with the number of paths that each rejected.
    parents : mapping of str to str
        Manifest hashes of the sets it was made from, by path.
    verdict : str
        Of its certificate: ``PASS`` or ``FAIL``.
    settings : mapping
        The request as it was made; enters by its hash and in full.
    """

    model: Mapping[str, Any]
    sampling: Mapping[str, Any]
    filters: Sequence[Mapping[str, Any]]
    parents: Mapping[str, str]
    verdict: str
    settings: Mapping[str, Any]


def signed_manifest(
    directory: Path,
    recipe: Recipe,
    *,
    made_by: Provenance,
    signer: Signer,
    times: Mapping[str, str],
    unofficial: Sequence[str] = (),
) -> dict[str, Any]:
    """Manifest of the files of a directory.

    Parameters
    ----------
    directory : Path
        All files below it become subjects; a manifest that is there already does not.
    recipe : Recipe
    made_by : Provenance
        Code, lock and machine.
    signer : Signer
    times : mapping of str to str
        When sampling began and ended, ISO instants.
    unofficial : sequence of str
        Further reasons why the set is research only.
    """
    reasons = [*unofficial]
    if made_by.dirty:
        reasons.append("the working tree differs from its commit, or there is none")
    if recipe.verdict != "PASS":
        reasons.append("its certificate failed a hard gate")
    statement = {
        "_type": STATEMENT,
        "predicateType": SCHEMA,
        "subject": [
            {"name": name, "digest": {"sha256": digest}}
            for name, digest in digests_of(directory).items()
        ],
        "predicate": {
            "model": dict(recipe.model),
            "sampling": dict(recipe.sampling),
            "filters": [dict(one) for one in recipe.filters],
            "parents": dict(recipe.parents),
            "certificate": recipe.verdict,
            "settings": dict(recipe.settings),
            "settings_sha256": canonical_digest(dict(recipe.settings)),
            "code": made_by.as_dict(),
            "approvals": [],
            "marks": [*([LOCAL] if signer.local else []), *([UNOFFICIAL] if reasons else [])],
            "unofficial": reasons,
        },
    }
    whole = {
        **statement,
        "sha256": canonical_digest(statement),
        "run": {**times, "host": platform.node(), "threads": len(os.sched_getaffinity(0))},
    }
    return {**whole, "signature": signer.sign(signed_bytes(whole))}


def signed_bytes(manifest: Mapping[str, Any]) -> bytes:
    """What the signature covers: all of the manifest but itself."""
    return json_bytes({key: value for key, value in manifest.items() if key != "signature"})


def statement_digest(manifest: Mapping[str, Any]) -> str:
    """SHA-256 of what decides a set's content."""
    parts = ("_type", "predicateType", "subject", "predicate")
    return canonical_digest({part: manifest.get(part) for part in parts})


def digests_of(directory: Path) -> dict[str, str]:
    """SHA-256 of every file below a directory but its manifest, by relative name."""
    files = sorted(path for path in directory.rglob("*") if path.is_file())
    names = {path.relative_to(directory).as_posix(): path for path in files}
    return {name: file_digest(path) for name, path in names.items() if name != NAME}


def read_manifest(directory: Path) -> dict[str, Any]:
    """A manifest as it stands; `flows.scenario_sets.verify` says whether to believe it.

    Raises
    ------
    RefusedError
        If there is none, or it is no manifest of ours.
    """
    path = directory / NAME
    try:
        told = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=_once)
    except (OSError, ValueError) as error:
        raise RefusedError(
            f"{path}: not a readable manifest ({error}). Point to a directory that "
            f"`foreshock scenarios --out DIR` wrote."
        ) from error
    if not isinstance(told, dict) or told.get("predicateType") != SCHEMA:
        raise RefusedError(f"{path}: is no {SCHEMA} manifest. Make the set again.")
    return told


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    told = dict(pairs)
    if len(told) < len(pairs):
        raise ValueError("a key stands twice")
    return told
