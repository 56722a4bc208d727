"""Members of an ensemble held apart: by hand on two rows, and where there is nothing to hold."""

from __future__ import annotations

from math import log

import numpy as np
import pytest

from validation.seed_stability import seed_stability

PNL = np.array([0.0, 0.0])
"""No loss beyond VaR: FZ0 is VaR / ES + log ES - 1, with ES in percent."""


def both(*rows: list[float]) -> tuple[np.ndarray, np.ndarray]:
    """VaR of each member, and ES at the same numbers."""
    return np.array(rows), np.array(rows)


def test_hand_counted():
    """VaR = ES = 2%: the ensemble's FZ0 is log 2; a member at 4% has log 4, log 2 more."""
    ensemble = np.full(2, 0.02), np.full(2, 0.02)
    found = seed_stability(PNL, ensemble, both([0.04, 0.04], [0.02, 0.02]), alpha=0.99)
    assert (found.members, found.rows) == (2, 2)
    assert found.fz0 == pytest.approx(log(2))
    assert found.fz0_apart == pytest.approx(log(2))
    assert found.var_range == pytest.approx(0.02 / 0.03)


def test_the_member_farthest_off_counts_whether_it_scores_better_or_worse():
    """At 1% it scores log 1, better by log 2; at 3% it is worse by log 1.5, which is less."""
    ensemble = np.full(2, 0.02), np.full(2, 0.02)
    found = seed_stability(PNL, ensemble, both([0.01, 0.01], [0.03, 0.03]), alpha=0.99)
    assert found.fz0_apart == pytest.approx(log(2))


def test_the_median_row_says_how_far_var_goes():
    pnl = np.zeros(3)
    ensemble = np.full(3, 0.02), np.full(3, 0.02)
    members = both([0.01, 0.019, 0.02], [0.03, 0.021, 0.02])
    assert seed_stability(pnl, ensemble, members, alpha=0.99).var_range == pytest.approx(0.1)


def test_rows_that_somebody_did_not_forecast_or_without_outcome_are_left_out():
    pnl = np.array([0.0, np.nan, 0.0])
    ensemble = np.full(3, 0.02), np.full(3, 0.02)
    members = both([0.04, 0.9, np.nan], [0.02, 0.1, 0.02])
    found = seed_stability(pnl, ensemble, members, alpha=0.99)
    assert (found.rows, found.fz0_apart) == (1, pytest.approx(log(2)))


def test_one_member_or_no_row_says_nothing():
    ensemble = np.full(2, 0.02), np.full(2, 0.02)
    alone = seed_stability(PNL, ensemble, both([0.04, 0.04]), alpha=0.99)
    assert (alone.members, alone.fz0_apart, alone.var_range) == (1, None, None)
    unknown = seed_stability(PNL * np.nan, ensemble, both([0.04] * 2, [0.02] * 2), alpha=0.99)
    assert (unknown.rows, unknown.fz0_apart, unknown.var_range) == (0, None, None)
