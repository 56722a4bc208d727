"""The figures MLflow compares runs by."""

from __future__ import annotations

from flows.evidence_metrics import metrics_of

EVIDENCE = {
    "pooled": [
        {
            "model": "combined",
            "alpha": 0.99,
            "window": "covid_2020",
            "fz0": 1.5,
            "exceedances": 3,
            "expected": 2.0,
        },
        {
            "model": "mlp",
            "alpha": 0.975,
            "window": "all",
            "fz0": None,
            "exceedances": 0,
            "expected": 0.0,
        },
    ],
    "comparisons": [
        {
            "model": "combined",
            "baseline": "gjr_fhs",
            "alpha": 0.99,
            "window": "all",
            "relative": -0.024,
            "t_hac": None,
        }
    ],
    "tail_accuracy": [
        {"model": "combined", "scope": "crises", "passed": 3, "cells": 4},
        {"model": "hs_250", "scope": "crises", "passed": 0, "cells": 0},
    ],
}


def test_what_was_computed_is_there_and_what_was_not_is_absent():
    assert metrics_of(EVIDENCE) == {
        "fz0/covid_2020/combined/0.99": 1.5,
        "exceedance_ratio/covid_2020/combined/0.99": 1.5,
        "versus_gjr_fhs/all/combined/0.99": -0.024,
        "tail_accuracy/crises/combined": 0.75,
    }
