"""What is registered of a set is what its papers say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flows.scenario_sets.registration import REGISTERED, fit_of

MANIFEST: dict[str, Any] = {
    "sha256": "0123456789abcdef",
    "predicate": {
        "model": {
            "name": "flow",
            "snapshot": "5a",
            "train_until": "2024-12-31",
            "instruments": ["SPY", "TLT"],
            "left_out": {"GDX": "young"},
            "description": {"generator": "flow", "correlation": "dcc", "fhs_share": 0.25},
        },
        "sampling": {"paths": 4096, "horizon": 10, "seed": 3, "chunk": 2048},
        "code": {"revision": "abc", "dirty": False},
        "marks": ["LOCAL"],
    },
}
CERTIFICATE: dict[str, Any] = {
    "verdict": "PASS",
    "figures": {"tail_error": {"value": 0.02}, "closeness": {"value": None}},
    "gates": [{"passed": True}, {"passed": None}, {"passed": False}],
}


def test_a_fit_carries_hash_parameters_and_the_certificate(tmp_path: Path):
    fit = fit_of(MANIFEST, CERTIFICATE, files=tmp_path / "fit", directory=tmp_path)
    assert (fit.name, fit.run) == (REGISTERED, "flow-2024-12-31")
    assert fit.manifest == "0123456789ab"
    assert fit.metrics == {"tail_error": 0.02, "gates_failed": 1.0}
    assert fit.parameters["paths"] == 4096
    assert fit.parameters["fhs_share"] == 0.25
    assert fit.parameters["stress"] == "none"
    assert (fit.parameters["assets"], fit.parameters["left_out"]) == (2, 1)
    assert fit.tags["manifest_sha256"] == MANIFEST["sha256"]
    assert fit.tags["dirty"] == "false"
    assert {paper.name for paper in fit.papers} == {"manifest.json", "certificate.json"}


def test_a_stress_is_named(tmp_path: Path):
    sampling = {**MANIFEST["predicate"]["sampling"], "stress": {"name": "COVID"}}
    told = {**MANIFEST, "predicate": {**MANIFEST["predicate"], "sampling": sampling}}
    fit = fit_of(told, CERTIFICATE, files=tmp_path, directory=tmp_path)
    assert fit.parameters["stress"] == "COVID"
