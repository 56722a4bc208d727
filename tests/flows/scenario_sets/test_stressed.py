"""A stress on drawn paths: what each form of it does, and what it refuses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.stats import chi

from flows.refusal import RefusedError
from flows.scenario_sets.stress_file import CorrelationStress, Stress
from flows.scenario_sets.stressed import plausibility, stressed
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


BLOCKS = ("equity", "government", "")


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


def test_a_block_is_inverted_by_its_name():
    named, block = (
        stressed(
            PATHS,
            ASSETS,
            Stress(name="x", correlation=CorrelationStress(invert=(which,))),
            seed=0,
            blocks=BLOCKS,
        )
        for which in ("TLT", "government")
    )
    np.testing.assert_array_equal(named.paths, block.paths)


def test_how_far_out_a_stress_lies_is_told_in_the_gaussian_case():
    """Three assets, so that a distance is exceeded as a chi of three degrees of freedom says."""
    today = PATHS.sum(axis=1, dtype=np.float64)
    move = np.full(3, 0.02)
    far = plausibility(today, np.stack([0.0 * move, move]), horizon=5)
    cov = ROOT @ ROOT.T * 0.02**2 * 5
    expected = np.sqrt(move @ np.linalg.solve(cov, move))
    assert far["row"] == 1
    assert far["distance"] == pytest.approx(expected, rel=0.05)
    assert far["exceeded"] == pytest.approx(chi.sf(expected, 3), rel=0.1)
    assert far["years"] == pytest.approx(5 / 252 / far["exceeded"])
    assert "too few" in plausibility(today[:100], move[None], horizon=5)["status"]


def test_raised_and_broken_correlations_are_as_asked():
    raised = correlations(under(correlation={"raise_to": 0.9}).paths)
    assert raised[np.triu_indices(3, 1)].mean() == pytest.approx(0.9, abs=0.03)
    apart = correlations(under(correlation={"broken": True}).paths)
    assert np.abs(apart - np.eye(3)).max() < 0.03


@pytest.mark.parametrize(
    ("stress", "reason"),
    [
        ({"correlation": {"invert": ["GME"]}}, "GME is neither among"),
        ({"shocks": {"TLT": "+10%", "UST10Y": "+300bp"}}, "standard deviations"),
        ({"shocks": {"SPY": "-90%"}, "meaning": "weights"}, "within what the paths show"),
    ],
)
def test_what_cannot_be_is_refused(stress: dict[str, Any], reason: str):
    with pytest.raises(RefusedError, match=reason):
        under(**stress)
