"""A version's documents: what blocks, who may speak, and what happens to a flipped byte."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from flows.clock import FixedClock
from flows.documents import Written, blocking, state_field, write_documents
from flows.ledger.ledger import Ledger
from flows.outputs import file_digest
from flows.refusal import RefusedError
from flows.version_rows import version_row
from tests.flows.recorded_version import MODEL, noon, record_version

DESK = {"guardrail": {"above": 2.0}}


@pytest.fixture
def clock() -> FixedClock:
    return noon()


@pytest.fixture
def ledger(tmp_path: Path, clock: FixedClock) -> Iterator[Ledger]:
    opened = Ledger.open(tmp_path, clock=clock)
    record_version(opened, tmp_path)
    yield opened
    opened.close()


def written(ledger: Ledger, root: Path, number: int = 1) -> Written:
    return write_documents(ledger, root, number, model=MODEL, actor="system", desk=DESK)


def say(ledger: Ledger, root: Path, field: str, role: str, value: str = "yes") -> Written:
    return state_field(
        ledger,
        root,
        1,
        model=MODEL,
        field=field,
        value=value,
        user=f"a {role}",
        role=role,
        desk=DESK,
    )


def gate(ledger: Ledger) -> dict[str, Any]:
    with ledger.reading() as tx:
        row = tx.last("gate", name="documents_complete")
    assert row is not None
    return row


def read(root: Path, stem: str) -> dict[str, Any]:
    path = root / "documents" / MODEL / "1" / f"{stem}.json"
    return json.loads(path.read_text(encoding="utf-8"))


def test_sixteen_documents_stand_with_their_hashes_in_the_ledger(ledger: Ledger, tmp_path: Path):
    done = written(ledger, tmp_path)
    names = sorted(path.name for path in done.directory.iterdir())
    assert len(names) == 32
    with ledger.reading() as tx:
        rows = tx.rows("document")
    assert sorted(row["name"] for row in rows) == names
    for row in rows:
        assert file_digest(tmp_path / row["path"]) == row["sha256"]
        assert row["previous_sha256"] is None


def test_the_gate_is_closed_until_both_have_signed(ledger: Ledger, tmp_path: Path):
    assert written(ledger, tmp_path).missing == (
        "inventory.intended_use",
        "validation-report.opinion",
    )
    assert not gate(ledger)["passed"]
    assert say(ledger, tmp_path, "validation-report.opinion", "validator").missing == (
        "inventory.intended_use",
    )
    assert say(ledger, tmp_path, "inventory.intended_use", "approver").missing == ()
    assert gate(ledger)["passed"]


def test_every_exceedance_of_the_model_is_counted_and_nobody_elses(ledger: Ledger, tmp_path: Path):
    written(ledger, tmp_path)
    (_, listed) = read(tmp_path, "06-backtest-report")["sections"]
    rows = listed["fields"][0]["value"]["rows"]
    assert [row[0] for row in rows] == ["spx@0.99@2020-03-16"]


def test_a_cause_is_said_by_a_person_with_name_and_date(ledger: Ledger, tmp_path: Path):
    written(ledger, tmp_path)
    say(
        ledger,
        tmp_path,
        "backtest-report.cause/spx@0.99@2020-03-16",
        "developer",
        "COVID",
    )
    row = read(tmp_path, "06-backtest-report")["sections"][1]["fields"][0]["value"]["rows"][0]
    assert row[-1] == "COVID (a developer, 2026-11-24T12:00:00.000000Z)"


def test_a_statement_outlives_the_next_writing(ledger: Ledger, tmp_path: Path, clock: FixedClock):
    written(ledger, tmp_path)
    say(ledger, tmp_path, "validation-report.opinion", "validator", "fit for use")
    clock.advance(timedelta(days=1))
    with ledger.transaction() as tx:
        version = tx.rows("version")[0]["seq"]
        about = {"severity": "low", "owner": "dan", "due": "2026-12-01", "text": "typo"}
        tx.append("finding", actor="vera", version=version, **about)
    assert written(ledger, tmp_path).changed == ("validation-report", "challenge-log")
    document = read(tmp_path, "05-validation-report")
    assert document["statements"]["opinion"]["value"] == "fit for use"
    with ledger.reading() as tx:
        chain = tx.rows("document", name="05-validation-report.json")
    assert [row["previous_sha256"] for row in chain] == [None, *(r["sha256"] for r in chain[:-1])]
    assert document["previous_sha256"] == chain[-2]["sha256"]


def test_nothing_new_is_nothing_written(ledger: Ledger, tmp_path: Path, clock: FixedClock):
    written(ledger, tmp_path)
    clock.advance(timedelta(days=1))
    with ledger.reading() as tx:
        before = len(tx.rows("document")), len(tx.rows("gate"))
    assert written(ledger, tmp_path).changed == ()
    with ledger.reading() as tx:
        assert (len(tx.rows("document")), len(tx.rows("gate"))) == before


def test_the_wrong_role_does_not_speak(ledger: Ledger, tmp_path: Path):
    written(ledger, tmp_path)
    with pytest.raises(RefusedError, match=r"validation-report\.opinion is for validator to say"):
        say(ledger, tmp_path, "validation-report.opinion", "developer")


@pytest.mark.parametrize(
    ("field", "says"),
    [
        ("model-card.pooled", "is not one that a person fills"),
        ("validation-report.absent", "is not one that a person fills"),
        ("nowhere.opinion", "there is no document 'nowhere'"),
    ],
)
def test_a_fact_cannot_be_filled_in(field: str, says: str, ledger: Ledger, tmp_path: Path):
    written(ledger, tmp_path)
    with pytest.raises(RefusedError, match=says):
        say(ledger, tmp_path, field, "validator")


def test_silence_is_no_statement(ledger: Ledger, tmp_path: Path):
    written(ledger, tmp_path)
    with pytest.raises(RefusedError, match="was given no words"):
        say(ledger, tmp_path, "validation-report.opinion", "validator", "  ")


def test_a_flipped_byte_in_a_document_stops_the_next_writing_and_is_named(
    ledger: Ledger, tmp_path: Path
):
    path = written(ledger, tmp_path).directory / "05-validation-report.json"
    content = bytearray(path.read_bytes())
    content[100] ^= 1
    path.write_bytes(content)
    with pytest.raises(RefusedError, match=r"05-validation-report\.json: has SHA-256"):
        written(ledger, tmp_path)


def test_a_flipped_byte_in_the_evidence_stops_the_documents_and_is_named(
    ledger: Ledger, tmp_path: Path
):
    path = tmp_path / "runs" / "made-1" / "evidence.json"
    path.write_bytes(path.read_bytes().replace(b"250", b"251", 1))
    with pytest.raises(RefusedError, match=r"evidence\.json: has SHA-256"):
        written(ledger, tmp_path)
    assert not (tmp_path / "documents").exists()


def test_killed_between_file_and_row_the_last_recorded_document_counts(
    ledger: Ledger, tmp_path: Path
):
    done = written(ledger, tmp_path)
    path = done.directory / "05-validation-report.json"
    recorded = path.read_bytes()
    kept = done.directory / "superseded" / f"{path.stem}-{file_digest(path)}.json"
    kept.parent.mkdir()
    kept.write_bytes(recorded)  # what a writer leaves that was killed after it replaced the file
    path.write_bytes(b"{}")
    say(ledger, tmp_path, "validation-report.opinion", "validator", "fit")
    assert read(tmp_path, "05-validation-report")["statements"]["opinion"]["value"] == "fit"


def test_a_second_version_is_compared_with_the_first(ledger: Ledger, tmp_path: Path):
    record_version(ledger, tmp_path, number=2, seed=1)
    done = written(ledger, tmp_path, 2)
    log = json.loads((done.directory / "14-change-log.json").read_text(encoding="utf-8"))
    told = {field["name"]: field["value"] for field in log["sections"][0]["fields"]}
    assert told["answer"] == "material: seeds"
    assert told["differences"]["rows"][0][:5] == ["seeds", "settings.seed", 0, 1, "material"]


def test_the_bill_of_materials_is_that_of_the_lock_the_manifest_names(
    ledger: Ledger, tmp_path: Path
):
    written(ledger, tmp_path)
    materials = read(tmp_path, "16-assurance")["sections"][0]["fields"]
    names = [row[0] for row in materials[1]["value"]["rows"]]
    assert {"numpy", "torch", "prefect", "mlflow"} <= set(names)


def why_not(ledger: Ledger, root: Path) -> list[str]:
    with ledger.reading() as tx:
        return blocking(tx, root, version_row(tx, MODEL, 1))


def test_promotion_is_told_by_name_what_the_documents_lack(ledger: Ledger, tmp_path: Path):
    assert len(why_not(ledger, tmp_path)) == 16
    directory = written(ledger, tmp_path).directory
    assert why_not(ledger, tmp_path) == [
        "inventory.intended_use: missing",
        "validation-report.opinion: missing",
    ]
    say(ledger, tmp_path, "validation-report.opinion", "validator")
    say(ledger, tmp_path, "inventory.intended_use", "approver")
    assert why_not(ledger, tmp_path) == []
    (directory / "02-model-card.json").write_text("{}")
    (reason,) = why_not(ledger, tmp_path)
    assert reason.startswith(f"{directory / '02-model-card.json'}: has SHA-256")


def test_an_unknown_version_is_refused(ledger: Ledger, tmp_path: Path):
    with pytest.raises(RefusedError, match="the ledger has no version 9"):
        written(ledger, tmp_path, 9)
