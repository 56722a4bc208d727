"""A stress on drawn paths: what each form of it does, and what it refuses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from flows.refusal import RefusedError
from flows.scenario_sets.stress_file import Stress
from flows.scenario_sets.stressed import stressed
from models.base import Asset

ASSETS = (
    Asset("SPY", "price", "log", "USD", 400.0),
    Asset("TLT", "price", "log", "USD", 100.0),
    Asset("UST10Y", "rate", "diff", "USD", 4.0),
)
ROOT = np.linalg.cholesky(np.array([[1.0, -0.3, 0.3], [-0.3, 1.0, -0.9], [0.3, -0.9, 1.0]]))
PATHS = (np.random.default_rng(0).standard_normal((8000, 5, 3)) @ ROOT.T * 0.02).astype(np.float32)


def under(**stress: Any):
    return stressed(PATHS, ASSETS, Stress(name="x", **stress), seed=0)


def correlations(paths: np.ndarray) -> np.ndarray:
    return np.corrcoef(paths.sum(axis=1), rowvar=False)


def test_a_rise_of_rates_takes_bonds_down():
    told = under(shocks={"UST10Y": "+10bp"})
    total = told.paths.sum(axis=1)
    np.testing.assert_allclose(total[:, 2], 0.1, atol=1e-5)
    assert total[:, 1].mean() == pytest.approx(-0.09, abs=0.005)
    assert told.told["implied_moves"]["TLT"] == pytest.approx(total[:, 1].mean(), abs=1e-4)
    assert told.told["shock_distance"] == pytest.approx(0.1 / (0.02 * np.sqrt(5)), rel=0.03)
    assert told.weights is None


def test_weights_meet_the_shock_on_average():
    told = under(shocks={"UST10Y": "+5bp"}, meaning="weights")
    assert told.weights is not None
    assert told.weights @ told.paths.sum(axis=1)[:, 2] == pytest.approx(0.05, abs=1e-4)
    np.testing.assert_array_equal(told.paths, PATHS)
    assert 1.0 < told.told["effective_paths"] < 8000


def test_inverted_bonds_no_longer_hedge():
    told = under(correlation={"invert": ["TLT"]})
    before, after = correlations(PATHS), correlations(told.paths)
    assert after[0, 1] == pytest.approx(-before[0, 1], abs=0.02)
    assert after[0, 2] == pytest.approx(before[0, 2], abs=0.02)
    assert told.told["correlation_projection_distance"] == pytest.approx(0.0, abs=1e-9)


def test_raised_and_broken_correlations_are_as_asked():
    raised = correlations(under(correlation={"raise_to": 0.9}).paths)
    assert raised[np.triu_indices(3, 1)].mean() == pytest.approx(0.9, abs=0.03)
    apart = correlations(under(correlation={"broken": True}).paths)
    assert np.abs(apart - np.eye(3)).max() < 0.03


@pytest.mark.parametrize(
    ("stress", "reason"),
    [
        ({"correlation": {"invert": ["GME"]}}, "GME is not among"),
        ({"shocks": {"TLT": "+10%", "UST10Y": "+300bp"}}, "standard deviations"),
        ({"shocks": {"SPY": "-90%"}, "meaning": "weights"}, "within what the paths show"),
    ],
)
def test_what_cannot_be_is_refused(stress: dict[str, Any], reason: str):
    with pytest.raises(RefusedError, match=reason):
        under(**stress)
