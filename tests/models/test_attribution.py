"""Contributions add up, agree with closed forms, and error bars hold what they promise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from models.attribution import (
    es_contributions,
    es_error,
    es_parts,
    mean_parts,
    var_contributions,
    var_error,
)
from models.measures import expected_shortfall, value_at_risk

COVARIANCE = np.array([[1.0, 0.3, -0.2], [0.3, 4.0, 0.5], [-0.2, 0.5, 0.25]])


@pytest.fixture(scope="module")
def normal() -> np.ndarray:
    root = np.linalg.cholesky(COVARIANCE)
    return np.random.default_rng(0).standard_normal((400_000, 3)) @ root.T


def test_four_paths_by_hand():
    # Losses of the total 10, 6, 1, -3; the worst quarter and a half of the second: (10+3)/1.5.
    parts = np.array([[-8.0, -2.0], [1.0, -7.0], [0.0, -1.0], [2.0, 1.0]])
    told = es_contributions(parts, alpha=0.625)
    np.testing.assert_allclose(told, [(8 - 0.5) / 1.5, (2 + 3.5) / 1.5])
    assert told.sum() == pytest.approx(expected_shortfall(parts.sum(axis=1), alpha=0.625))


@pytest.mark.parametrize("alpha", [0.95, 0.99])
def test_gaussian_contributions_are_covariances(normal: np.ndarray, alpha: float):
    deviation = np.sqrt(COVARIANCE.sum())
    share = COVARIANCE.sum(axis=1) / deviation
    z = norm.ppf(alpha)
    np.testing.assert_allclose(
        es_contributions(normal, alpha=alpha), share * norm.pdf(z) / (1 - alpha), atol=0.05
    )
    np.testing.assert_allclose(var_contributions(normal, alpha=alpha), share * z, atol=0.12)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 6), st.booleans())
def test_contributions_sum_to_the_total(seed: int, components: int, weighted: bool):
    rng = np.random.default_rng(seed)
    parts = rng.standard_t(3, (2000, components))
    weights = rng.dirichlet(np.ones(2000)) if weighted else None
    total = parts.sum(axis=1)
    es = expected_shortfall(total, alpha=0.975, weights=weights)
    var = value_at_risk(total, alpha=0.975, weights=weights)
    assert es_contributions(parts, alpha=0.975, weights=weights).sum() == pytest.approx(es, 1e-9)
    assert var_contributions(parts, alpha=0.975, weights=weights).sum() == pytest.approx(var, 1e-9)


def test_a_hedge_takes_risk_away_and_two_halves_are_one(normal: np.ndarray):
    hedged = np.column_stack([normal[:1000, 0], -0.5 * normal[:1000, 0]])
    told = es_parts(hedged, alpha=0.95)
    assert told.contribution[1] < 0.0
    assert told.incremental[1] == pytest.approx(-0.5 * told.standalone[0])
    assert told.total == pytest.approx(0.5 * told.standalone[0])
    halves = es_parts(np.column_stack([normal[:1000, 0] / 2] * 2), alpha=0.95)
    assert halves.diversification == pytest.approx(0.0, abs=1e-12)


def test_joining_never_adds(normal: np.ndarray):
    told = es_parts(normal[:5000], alpha=0.975)
    assert 0.0 <= told.diversification <= 1.0
    assert (told.incremental <= told.standalone + 1e-12).all()


def test_error_bars_hold_the_truth_as_often_as_they_say():
    rng = np.random.default_rng(3)
    var, es = norm.ppf(0.975), norm.pdf(norm.ppf(0.975)) / 0.025
    held = np.zeros(2)
    for _ in range(400):
        pnl = rng.standard_normal(4000)
        bars = var_error(pnl, alpha=0.975), es_error(pnl, alpha=0.975)
        held += [one.low <= truth <= one.high for one, truth in zip(bars, (var, es), strict=True)]
    # 400 trials: two standard errors are 2.2 points; the first-order ES bar may be a little short.
    assert held[0] / 400 == pytest.approx(0.955, abs=0.025)
    assert held[1] / 400 == pytest.approx(0.945, abs=0.035)


def test_unequal_weights_widen_the_bars():
    rng = np.random.default_rng(4)
    pnl = rng.standard_normal(5000)
    plain = es_error(pnl, alpha=0.95)
    uneven = es_error(pnl, alpha=0.95, weights=rng.dirichlet(np.full(5000, 0.1)))
    assert uneven.high - uneven.low > 2.0 * (plain.high - plain.low)


def test_what_loses_nothing_is_not_shared_out():
    with pytest.raises(ValueError, match="lose nothing"):
        var_contributions(np.zeros((1000, 2)), alpha=0.95)


def test_means_by_label_add_up_worst_first():
    pnl = np.array([[1.0, -4.0, 2.0], [3.0, -2.0, 0.0]])
    assert mean_parts(pnl, ("a", "b", "a")) == {"b": -3.0, "a": 3.0}
    assert list(mean_parts(pnl, ("a", "b", "a"))) == ["b", "a"]
    assert mean_parts(pnl, ("a", "b", "c"), weights=np.array([1.0, 0.0]))["b"] == -4.0
