"""A judged version as plain values, small enough to count by hand."""

from __future__ import annotations

from typing import Any

import pytest

from validation.documents.inputs import Inputs

OUTCOME = {"statistic": 0.1, "p_value": 0.4, "p_exact": None, "draws": None, "status": "ok"}
TESTS = (
    *("kupiec", "christoffersen_ind", "dq", "duration", "z2", "nolde_ziegel"),
    *("du_escanciano", "berkowitz"),
)


def judged(portfolio: str | None, window: str, exceedances: int, n: int, **more: Any):
    return {
        "portfolio": portfolio,
        "model": "combined",
        "alpha": 0.99,
        "window": window,
        "n": n,
        "exceedances": exceedances,
        "expected": n / 100,
        "zone": None if portfolio is None else "green",
        "fz0": 1.25,
        "tests": dict.fromkeys(TESTS, OUTCOME),
    } | more


def made_inputs(**changes: Any) -> Inputs:
    evidence = {
        "groups": [judged("spx", "all", 2, 250), judged("spx", "covid_2020", 1, 50)],
        "pooled": [judged(None, "all", 2, 250), judged(None, "all", 9, 250, model="hs_250")],
        "comparisons": [
            {
                "model": model,
                "baseline": "gjr_fhs",
                "alpha": 0.99,
                "window": "all",
                "n_cells": 250,
                "difference": difference,
                "relative": difference / 2,
                "t_hac": -2.0,
                "fz0_model": 2 + difference,
                "fz0_baseline": 2.0,
                "mcs_p": 1.0,
                "difference_by_class": {"equity": {"difference": difference, "t_hac": -2.0}},
            }
            for model, difference in (("combined", -0.02), ("linear", -0.01))
        ],
        "tail_accuracy": [
            {
                "model": "combined",
                "scope": "all",
                "passed": 9,
                "cells": 10,
                "interval": [0.7, 1.0],
                "ceiling": 0.93,
            }
        ],
        "superior_ability": [],
        "not_covered": ["yen_2024"],
    }
    feeds = {
        "tables": [{"table": "prices", "file": "prices.csv", "rows": 20, "sha256": "c0" * 32}],
        "feeds": [
            {
                "table": "prices",
                "series": series,
                "answer": "A",
                "expected": 100,
                "missing": imputed,
                "imputed": imputed,
                "reason": "",
            }
            for series, imputed in (("spx", 0), ("hyg", 3))
        ],
        "books": [],
    }
    values: dict[str, Any] = {
        "model": "combined",
        "version": 3,
        "manifest": {"settings": {"seed": 0, "alphas": [0.99]}, "revision": "abc"},
        "manifest_sha256": "5a" * 32,
        "generated_at": "2026-11-24T12:00:00.000000Z",
        "version_row": {
            "as_of": "2024-12-31",
            "cause": "schedule",
            "actor": "scheduler",
            "at": "2026-11-24T11:00:00.000000Z",
            "snapshot_sha256": "01" * 32,
            "weights_sha256": "02" * 32,
        },
        "evidence": evidence,
        "feeds": feeds,
        "exceedances": [
            {
                "portfolio": "spx",
                "alpha": 0.99,
                "target": "2020-03-16",
                "var": 0.06,
                "es": 0.08,
                "pnl": -0.12,
            }
        ],
        "gates": [{"name": "shortfall_z2", "threshold": -0.25, "value": 0.1, "passed": True}],
        "sources": {"evidence.json": "e0" * 32},
        "lock": "numpy==2.4.6 \\\n    --hash=sha256:" + "a1" * 32 + "\n",
        "configurations_seen": 7,
    }
    return Inputs(**(values | changes))


@pytest.fixture
def inputs() -> Inputs:
    return made_inputs()


@pytest.fixture
def unjudged() -> Inputs:
    """A version that was trained and not judged."""
    return made_inputs(evidence=None, exceedances=None, gates=())
