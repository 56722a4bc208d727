from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from flows.held_files import fault_of, held_bytes, superseded
from flows.refusal import RefusedError

CONTENT = b'{"exceedances": 2}'


def held(root: Path) -> dict[str, str]:
    (root / "runs").mkdir(parents=True)
    (root / "runs" / "evidence.json").write_bytes(CONTENT)
    return {"path": "runs/evidence.json", "sha256": hashlib.sha256(CONTENT).hexdigest()}


def test_a_file_that_is_what_was_recorded_is_read(tmp_path: Path):
    row = held(tmp_path)
    assert fault_of(tmp_path, row) is None
    assert held_bytes(tmp_path, row) == CONTENT


@pytest.mark.parametrize("at", range(len(CONTENT)))
def test_every_flipped_byte_is_found_before_use_and_the_file_named(at: int, tmp_path: Path):
    row = held(tmp_path)
    flipped = bytearray(CONTENT)
    flipped[at] ^= 1
    (tmp_path / "runs" / "evidence.json").write_bytes(flipped)
    with pytest.raises(RefusedError, match=r"evidence\.json: has SHA-256 .* Restore it"):
        held_bytes(tmp_path, row)


def test_a_file_that_is_gone_is_named(tmp_path: Path):
    row = held(tmp_path)
    (tmp_path / "runs" / "evidence.json").unlink()
    with pytest.raises(RefusedError, match=r"evidence\.json: the file is gone"):
        held_bytes(tmp_path, row)


def test_what_was_replaced_is_kept_under_its_hash(tmp_path: Path):
    row = {"path": "documents/m/1/02-model-card.json", "sha256": "ab" * 32}
    kept = tmp_path / "documents/m/1/superseded" / f"02-model-card-{'ab' * 32}.json"
    assert superseded(tmp_path, row) == kept
