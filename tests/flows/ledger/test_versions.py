"""A version is recorded once, with every file and gate that vouch for it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from flows.ledger.ledger import Ledger
from flows.ledger.versions import manifest_of, record_version
from flows.outputs import file_digest
from flows.provenance import Provenance
from flows.record import Record, Version
from flows.refusal import RefusedError
from flows.settings import canonical_digest
from validation.gates import Gate

MADE = Provenance("abc123", False, "33" * 32, "3.11.9", "Linux x86_64", {"torch": "2.13.0"})
RECORD = Record(
    model="combined",
    as_of="2024-12-31",
    data="/market",
    snapshot="01" * 32,
    settings={"alphas": [0.99], "seed": 7},
    settings_digest="44" * 32,
    provenance=MADE,
    tables={"prices.csv": ("c0" * 32, 20)},
    parameters={"train_until": "2024-12-20", "shape": (3, 4)},
)
VERSION = Version("foreshock-tail", 3, "run3", "02" * 32)
GATES = (
    Gate("shortfall_z2", -0.25, 0.1, True, ({"level": 0.99},)),
    Gate("tail_accuracy", 0.8, None, False, ()),
)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    directory = tmp_path / "runs" / "one"
    (directory / "drift").mkdir(parents=True)
    (directory / "evidence.json").write_text("{}")
    (directory / "drift" / "drift.json").write_text("[]")
    return directory


def record(ledger: Ledger, root: Path, files: Path, *, cause: str = "drift") -> int:
    about = {"feature": "vix"}
    with ledger.transaction() as tx:
        return record_version(
            tx,
            RECORD,
            VERSION,
            root=root,
            files=files,
            gates=GATES,
            cause=cause,
            cause_evidence=about,
        )


def test_a_version_stands_with_its_snapshot_its_files_and_its_gates(
    ledger: Ledger, tmp_path: Path, files: Path
):
    seq = record(ledger, tmp_path, files)
    with ledger.reading() as tx:
        version = tx.rows("version", seq=seq)[0]
        assert tx.rows("snapshot")[0]["tables"] == {"prices.csv": ["c0" * 32, 20]}
        held = {row["name"]: (row["sha256"], row["path"]) for row in tx.rows("evidence")}
        gates = [(row["name"], row["value"], row["passed"]) for row in tx.rows("gate")]
    assert (version["number"], version["run_id"], version["cause"]) == (3, "run3", "drift")
    assert version["cause_evidence"] == {"feature": "vix"}
    assert version["manifest"]["settings"]["seed"] == 7
    assert version["manifest"]["weights_sha256"] == "02" * 32
    assert version["manifest_sha256"] == canonical_digest(version["manifest"])
    paths = {"evidence.json": files / "evidence.json"}
    paths |= {"drift/drift.json": files / "drift" / "drift.json"}
    assert held == {
        name: (file_digest(path), str(path.relative_to(tmp_path))) for name, path in paths.items()
    }
    assert gates == [("shortfall_z2", 0.1, True), ("tail_accuracy", None, False)]
    assert ledger.verify() == []


def test_a_version_is_recorded_once_however_often_it_is_tried(
    ledger: Ledger, tmp_path: Path, files: Path
):
    assert record(ledger, tmp_path, files) == record(ledger, tmp_path, files)
    with ledger.reading() as tx:
        kinds = ("version", "snapshot", "evidence", "gate")
        assert [len(tx.rows(kind)) for kind in kinds] == [1, 1, 2, 2]


def test_files_outside_the_state_root_are_known_by_their_whole_path(
    ledger: Ledger, tmp_path: Path, files: Path
):
    record(ledger, tmp_path / "elsewhere", files)
    with ledger.reading() as tx:
        assert {row["path"] for row in tx.rows("evidence")} == {
            str(files / "evidence.json"),
            str(files / "drift" / "drift.json"),
        }


def test_the_same_inputs_have_the_same_manifest_and_another_seed_another():
    one = canonical_digest(manifest_of(RECORD, weights_sha256="02" * 32))
    same = replace(RECORD, metrics={"fz0": 1.0}, tags={"when": "later"})
    assert canonical_digest(manifest_of(same, weights_sha256="02" * 32)) == one
    other = replace(RECORD, settings=dict(RECORD.settings) | {"seed": 8})
    assert canonical_digest(manifest_of(other, weights_sha256="02" * 32)) != one


def test_a_version_without_a_right_cause_is_refused(ledger: Ledger, tmp_path: Path, files: Path):
    with pytest.raises(ValueError, match="cause must be one of hand, schedule"):
        record(ledger, tmp_path, files, cause="whim")


def test_a_run_that_registered_nothing_has_no_version_to_record(ledger: Ledger, tmp_path: Path):
    none = Version("foreshock-tail", None, "run4")
    with pytest.raises(ValueError, match="run4 registered none"), ledger.transaction() as tx:
        record_version(tx, RECORD, none, root=tmp_path, files=None)


def test_a_number_that_mlflow_gave_again_is_not_taken_for_the_first(
    ledger: Ledger, tmp_path: Path, files: Path
):
    """As after the tracking database was lost and made anew."""
    record(ledger, tmp_path, files)
    again = replace(VERSION, run_id="run9")
    with ledger.transaction() as tx, pytest.raises(RefusedError, match=r"Restore mlflow\.db"):
        record_version(tx, RECORD, again, root=tmp_path, files=files)


def test_files_elsewhere_are_hashed_with_those_of_the_run(
    ledger: Ledger, tmp_path: Path, files: Path
):
    listing = tmp_path / "artifacts" / "artifacts.json"
    listing.parent.mkdir()
    listing.write_text("{}")
    others = {"mlflow/artifacts.json": listing}
    with ledger.transaction() as tx:
        record_version(tx, RECORD, VERSION, root=tmp_path, files=files, others=others)
    with ledger.reading() as tx:
        row = tx.rows("evidence", name="mlflow/artifacts.json")[0]
    assert row["path"] == "artifacts/artifacts.json"
    assert row["sha256"] == file_digest(listing)
