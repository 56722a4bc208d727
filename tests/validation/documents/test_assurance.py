from __future__ import annotations

import hashlib

from tests.validation.documents.conftest import made_inputs
from validation.documents.assurance import bill_of_materials, sections

LOCK = f"""\
# made by hand
prefect[dask]==3.8.8 \\
    --hash=sha256:{"a1" * 32} \\
    --hash=sha256:{"b2" * 32}
    # via -r somewhere
torch==2.13.0+cpu \\
    --hash=sha256:{"c3" * 32}
"""


def test_every_library_stands_with_its_version_and_hashes():
    assert bill_of_materials(LOCK) == [
        ("prefect", "3.8.8", (f"sha256:{'a1' * 32}", f"sha256:{'b2' * 32}")),
        ("torch", "2.13.0+cpu", (f"sha256:{'c3' * 32}",)),
    ]


def values(**changes):
    return {
        field["name"]: field
        for section in sections(made_inputs(**changes))
        for field in section["fields"]
    }


def test_the_lock_is_known_by_its_hash_and_tests_that_nobody_kept_are_not_invented():
    told = values(lock=LOCK)
    assert told["lock"]["value"] == hashlib.sha256(LOCK.encode()).hexdigest()
    assert told["tests"]["value"] == "not recorded"


def test_without_the_lock_of_the_version_the_bundle_is_missing_it():
    assert values(lock=None)["lock"]["status"] == "missing"
