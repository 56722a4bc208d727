"""The MLflow record of a version: complete, verifiable, and without a champion."""

from __future__ import annotations

import json
import textwrap
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from flows.outputs import file_digest
from flows.provenance import Provenance
from flows.record import Record
from flows.refusal import RefusedError
from flows.tracking import (
    CHALLENGER,
    CHAMPION,
    REGISTERED,
    UnreachableError,
    aliases,
    complete,
    holder,
    in_progress,
    listing,
    load_version,
    point,
    register,
    registered,
    tag,
    tracking_uri,
)

MADE = Provenance(
    revision="c0ffee" * 6 + "c0ff",
    dirty=True,
    lock="1" * 64,
    python="3.11",
    machine="x",
    packages={},
)


@pytest.fixture(autouse=True)
def loader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A served model that is its weights file: it forecasts the number written there."""
    (tmp_path / "number_loader.py").write_text(
        textwrap.dedent("""
        from pathlib import Path

        class Served:
            def __init__(self, path):
                (file,) = Path(path).iterdir()
                self.value = float(file.read_text())

            def predict(self, frame):
                return frame.assign(var=self.value)[["var"]]

        def _load_pyfunc(path):
            return Served(path)
        """)
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr("flows.tracking.LOADER", "number_loader")


@pytest.fixture
def record(tmp_path: Path) -> Record:
    weights = tmp_path / "weights"
    weights.mkdir()
    (weights / "number.txt").write_text("0.031")
    return Record(
        model="combined",
        as_of="2022-12-28",
        data=str(tmp_path),
        snapshot="a" * 64,
        tables={"prices.parquet": ("b" * 64, 4242)},
        settings={"alphas": [0.975, 0.99], "seed": 7},
        settings_digest="d" * 64,
        provenance=MADE,
        weights=weights,
        inputs=["sigma"],
        outputs=["var"],
        parameters={"epochs": 8},
        metrics={"fz0_0.99": 1.25, "undefined": float("nan")},
    )


@pytest.fixture
def files(tmp_path: Path) -> Path:
    directory = tmp_path / "files"
    directory.mkdir()
    (directory / "report.html").write_text("<p>verdict</p>")
    return directory


def client(root: Path) -> Any:
    from mlflow import MlflowClient

    return MlflowClient(tracking_uri(root))


def test_a_version_says_what_it_was_made_from(tracked_root: Path, record: Record, files: Path):
    with register(tracked_root, record) as version:
        complete(tracked_root, version, files)
    run = client(tracked_root).get_run(version.run_id)
    assert run.info.status == "FINISHED"
    assert run.data.metrics == {"fz0_0.99": 1.25}
    assert run.data.params["settings.seed"] == "7"
    assert run.data.params["epochs"] == "8"
    assert run.data.tags["mlflow.source.git.commit"] == MADE.revision
    datasets = {entry.dataset.name: entry for entry in run.inputs.dataset_inputs}
    assert datasets["market"].dataset.digest == "a" * 36
    tags = {tag.key: tag.value for tag in datasets["prices.parquet"].tags}
    assert (tags["sha256"], tags["rows"]) == ("b" * 64, "4242")
    tags = client(tracked_root).get_model_version(REGISTERED, str(version.number)).tags
    assert tags["model"] == "combined"
    assert tags["dirty"] == "true"
    assert tags["lock_sha256"] == MADE.lock
    assert tags["status"] == "complete"


def test_artifacts_carry_their_digests(tracked_root: Path, record: Record, files: Path):
    from mlflow.artifacts import download_artifacts, load_dict

    with register(tracked_root, record) as version:
        complete(tracked_root, version, files)
    uri = f"runs:/{version.run_id}/"
    listed = load_dict(f"{uri}sha256.json")
    assert listed == {"report.html": file_digest(files / "report.html")}
    stored = download_artifacts(f"{uri}report.html")
    assert file_digest(Path(stored)) == listed["report.html"]


def test_a_version_has_an_alias_only_when_it_is_pointed_to(
    tracked_root: Path, record: Record, files: Path
):
    for number in (1, 2):
        with register(tracked_root, record) as version:
            complete(tracked_root, version, files)
        assert version.number == number
        assert (holder(tracked_root, CHALLENGER) is None) == (number == 1)
        point(tracked_root, CHALLENGER, number)
        assert holder(tracked_root, CHALLENGER) == version
    assert holder(tracked_root, CHAMPION) is None
    point(tracked_root, CHALLENGER, None)
    assert holder(tracked_root, CHALLENGER) is None


def test_a_failed_run_moves_no_alias(tracked_root: Path, record: Record, files: Path):
    with register(tracked_root, record) as first:
        complete(tracked_root, first, files)
    point(tracked_root, CHALLENGER, first.number)
    with pytest.raises(RuntimeError, match="report"), register(tracked_root, record) as second:
        raise RuntimeError("report")
    assert holder(tracked_root, CHALLENGER) == first
    assert client(tracked_root).get_run(second.run_id).info.status == "FAILED"
    version = client(tracked_root).get_model_version(REGISTERED, str(second.number))
    assert version.tags["status"] == "incomplete"


def test_a_run_whose_process_is_gone_is_marked_killed(
    tracked_root: Path, record: Record, files: Path
):
    with register(tracked_root, record) as first:
        complete(tracked_root, first, files)
    api = client(tracked_root)
    api.update_run(first.run_id, status="RUNNING")
    api.set_tag(first.run_id, "foreshock.process", str(2**22 + 1))  # above Linux's largest
    with register(tracked_root, record) as second:
        complete(tracked_root, second, files)
    assert api.get_run(first.run_id).info.status == "KILLED"


def test_a_version_loads_back_and_forecasts(tracked_root: Path, record: Record, files: Path):
    with register(tracked_root, record) as version:
        complete(tracked_root, version, files)
    assert version.number is not None
    model = load_version(tracked_root, version.number)
    assert model.predict(pd.DataFrame({"sigma": [0.01, 0.02]}))["var"].tolist() == [0.031] * 2


def test_weights_that_changed_since_are_not_loaded(tracked_root: Path, record: Record, files: Path):
    with register(tracked_root, record) as version:
        complete(tracked_root, version, files)
    assert version.number is not None
    (stored,) = (tracked_root / "artifacts").rglob("number.txt")
    stored.write_text("0.013")
    with pytest.raises(RefusedError, match=r"v1: weights have SHA-256 .* Restore"):
        load_version(tracked_root, version.number)


def test_an_absent_version_is_refused(tracked_root: Path, record: Record, files: Path):
    with pytest.raises(RefusedError, match="foreshock-tail has no version 9"):
        load_version(tracked_root, 9)


def test_no_pickle_is_written(tracked_root: Path, record: Record, files: Path):
    with register(tracked_root, record) as version:
        complete(tracked_root, replace(version), files)
    suffixes = {path.suffix for path in (tracked_root / "artifacts").rglob("*") if path.is_file()}
    assert not suffixes & {".pkl", ".pickle", ".joblib", ".pt", ".pth", ".ckpt"}


def test_a_flipped_byte_in_any_file_of_the_stored_model_is_found_before_it_is_loaded(
    tracked_root: Path, record: Record, files: Path
):
    with register(tracked_root, record) as version:
        complete(tracked_root, version, files)
    assert version.number is not None
    stored = [path for path in (tracked_root / "artifacts" / "models").rglob("*") if path.is_file()]
    assert {"MLmodel", "number.txt"} < {path.name for path in stored}
    for path in stored:
        whole = path.read_bytes()
        path.write_bytes(bytes([whole[0] ^ 1]) + whole[1:])
        with pytest.raises(RefusedError, match=r"v1: (weights|files) have SHA-256 .* Restore"):
            load_version(tracked_root, version.number)
        path.write_bytes(whole)


def test_the_listing_names_everything_that_is_stored_of_a_version(
    tracked_root: Path, record: Record, files: Path
):
    with register(tracked_root, record) as version:
        complete(tracked_root, version, files)
    where = listing(tracked_root, version)
    named = json.loads(where.read_text())
    stored = {path for path in (tracked_root / "artifacts").rglob("*") if path.is_file()}
    assert {tracked_root / name for name in named} == stored - {where}
    assert all(file_digest(tracked_root / name) == digest for name, digest in named.items())


def test_what_mlflow_has_is_read_back(tracked_root: Path, record: Record, files: Path):
    assert registered(tracked_root) == []
    assert aliases(tracked_root) == {}
    with register(tracked_root, record) as version:
        assert in_progress(tracked_root, version.run_id)
        complete(tracked_root, version, files)
    assert not in_progress(tracked_root, version.run_id)
    point(tracked_root, CHAMPION, 1)
    tag(tracked_root, 1, "status", "retired")
    assert aliases(tracked_root) == {CHAMPION: 1}
    (found,) = registered(tracked_root)
    assert (found.number, found.run_id, found.status) == (1, version.run_id, "retired")
    assert found.weights_sha256 == version.weights_sha256


def test_a_tracking_database_that_is_spoilt_is_named(tracked_root: Path):
    (tracked_root / "mlflow.db").write_bytes(b"spoilt" * 1000)
    with pytest.raises(UnreachableError, match=r"mlflow\.db: MLflow does not answer .* Restore"):
        point(tracked_root, CHAMPION, 1)
