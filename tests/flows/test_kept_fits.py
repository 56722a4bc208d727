"""A fitted generator in MLflow: one version for the same files, one run for every set."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from flows.kept_fits import keep_fit
from flows.record import Fit
from flows.tracking import UnreachableError, reached, registered

NAME = "foreshock-scenarios"


@pytest.fixture
def fit(tmp_path: Path) -> Fit:
    files, papers = tmp_path / "fit", tmp_path / "set"
    files.mkdir()
    papers.mkdir()
    (files / "generator.json").write_text("{}")
    (files / "arrays.safetensors").write_bytes(b"weights")
    (papers / "manifest.json").write_text("{}")
    return Fit(
        name=NAME,
        run="fhs-2024-12-31",
        files=files,
        manifest="abc123",
        verdict="PASS",
        papers=(papers / "manifest.json",),
        parameters={"paths": 4096},
        metrics={"tail_error": 0.02, "auc": float("nan")},
        tags={"model": "fhs", "snapshot": "5a"},
    )


def test_a_version_holds_the_files_and_says_how_they_were_judged(state_root: Path, fit: Fit):
    assert keep_fit(state_root, fit) == 1
    with reached(state_root) as client:
        version = client.get_model_version(NAME, "1")
        run = client.get_run(version.run_id)
        names = {file.path for file in client.list_artifacts(run.info.run_id, "generator")}
        papers = {file.path for file in client.list_artifacts(run.info.run_id)}
    assert version.tags["set.abc123"] == "PASS"
    assert version.tags["model"] == "fhs"
    assert run.info.status == "FINISHED"
    assert run.data.params == {"paths": "4096"}
    assert run.data.metrics == {"tail_error": 0.02}
    assert names == {"generator/arrays.safetensors", "generator/generator.json"}
    assert papers == {"generator", "manifest.json"}


def test_the_same_fit_is_the_same_version_and_another_is_not(state_root: Path, fit: Fit):
    first = keep_fit(state_root, fit)
    again = keep_fit(state_root, replace(fit, manifest="def456", verdict="FAIL"))
    assert again == first
    with reached(state_root) as client:
        tags = client.get_model_version(NAME, str(first)).tags
        experiment = client.get_experiment_by_name(NAME)
        runs = client.search_runs([experiment.experiment_id])
    assert (tags["set.abc123"], tags["set.def456"]) == ("PASS", "FAIL")
    assert [run.data.tags["version"] for run in runs] == [str(first)] * 2
    (fit.files / "arrays.safetensors").write_bytes(b"other weights")
    assert keep_fit(state_root, fit) == first + 1


def test_the_tail_models_versions_are_not_among_them(state_root: Path, fit: Fit):
    keep_fit(state_root, fit)
    assert registered(state_root) == []


def test_a_store_that_does_not_answer_is_told(state_root: Path, fit: Fit):
    state_root.mkdir(parents=True, exist_ok=True)
    (state_root / "mlflow.db").write_bytes(b"not a database, for certain" * 100)
    with pytest.raises(UnreachableError, match="does not answer"):
        keep_fit(state_root, fit)
