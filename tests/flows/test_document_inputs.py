from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flows.document_inputs import collect, plain
from flows.ledger.ledger import Ledger
from flows.outputs import json_bytes, write_whole
from flows.version_rows import version_row
from tests.flows.recorded_version import MODEL, noon, record_version
from validation.documents.inputs import Inputs

EVIDENTLY = {
    "metrics": [
        {"config": {"drift_share": 0.5, "method": "wasserstein"}, "value": {"count": 1.0}},
        {"config": {"column": "vix", "method": "wasserstein", "threshold": 0.1}, "value": 0.93},
        {"config": {"column": "move", "method": "wasserstein", "threshold": 0.2}, "value": 0.2},
    ]
}


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger.open(tmp_path, clock=noon())
    record_version(opened, tmp_path)
    yield opened
    opened.close()


def collected(ledger: Ledger, root: Path) -> Inputs:
    with ledger.reading() as tx:
        return collect(tx, root, version_row(tx, MODEL, 1), desk={})


def test_exceedances_are_those_of_the_model_with_a_known_loss(ledger: Ledger, tmp_path: Path):
    (one,) = list(collected(ledger, tmp_path).exceedances or ())
    assert one == {
        "portfolio": "spx",
        "alpha": 0.99,
        "target": "2020-03-16",
        "var": 0.06,
        "es": 0.08,
        "pnl": -0.12,
    }


def test_drift_is_read_from_what_evidently_wrote(ledger: Ledger, tmp_path: Path):
    sha256 = write_whole(tmp_path / "drift.json", json_bytes(EVIDENTLY))
    with ledger.transaction() as tx:
        version: Any = version_row(tx, MODEL, 1)["seq"]
        about = {"name": "drift/drift.json", "sha256": sha256, "path": "drift.json"}
        tx.append("evidence", actor="scheduler", version=version, **about)
    drift = collected(ledger, tmp_path).drift or {}
    told = [(row["feature"], row["drifted"]) for row in drift["rows"]]
    assert told == [("vix", True), ("move", False)]


def test_hashes_of_the_files_stand_beside_what_was_read(ledger: Ledger, tmp_path: Path):
    inputs = collected(ledger, tmp_path)
    assert list(inputs.sources) == ["evidence.json", "feeds.json", "forecasts.parquet"]
    assert inputs.previous is None
    assert inputs.lock is not None


@pytest.mark.parametrize("value", ['{"a": [1]}', {"a": [1]}])
def test_a_json_column_is_a_value_however_it_comes(value: object):
    assert plain(value) == {"a": [1]}
