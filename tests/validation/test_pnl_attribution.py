"""P&L attribution: zones by hand, and a shuffle that only the paired test sees."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import spearmanr

from validation.internal_models import BASEL_2019_MODELS as RULE
from validation.pnl_attribution import attribution

PNL = np.random.default_rng(3).standard_t(5, 250)


def test_the_same_pnl_is_green():
    found = attribution(PNL, PNL, rule=RULE)
    assert (found.spearman, found.kolmogorov, found.zone) == (pytest.approx(1.0), 0.0, "green")


def test_a_shuffled_pnl_has_the_same_law_and_is_red():
    shuffled = np.random.default_rng(1).permutation(PNL)
    found = attribution(shuffled, PNL, rule=RULE)
    assert found.kolmogorov == 0.0
    assert found.spearman == pytest.approx(spearmanr(shuffled, PNL).statistic)
    assert found.zone == "red"


@pytest.mark.parametrize(
    ("shifted", "zone"), [(22, "green"), (23, "amber"), (30, "amber"), (31, "red")]
)
def test_the_largest_distance_of_two_ladders_counts_the_steps_between_them(shifted, zone):
    """Two ladders of 250 steps moved by k have distribution functions k / 250 apart."""
    steps = np.arange(250.0)
    found = attribution(steps, steps + shifted, rule=RULE)
    assert found.kolmogorov == pytest.approx(shifted / 250)
    assert found.zone == zone


def test_only_the_last_sessions_of_the_rule_are_judged():
    early = np.concatenate([np.arange(100.0)[::-1], PNL])
    assert attribution(early, np.concatenate([np.arange(100.0), PNL]), rule=RULE).zone == "green"


@pytest.mark.parametrize(
    ("ours", "theirs", "reason"),
    [
        (PNL[:10], PNL[:10], "10 sessions"),
        (np.where(PNL > 2, np.nan, PNL), PNL, "finite"),
        (np.zeros(250), PNL, "never changes"),
    ],
)
def test_what_cannot_be_compared_is_refused(ours, theirs, reason):
    with pytest.raises(ValueError, match=reason):
        attribution(ours, theirs, rule=RULE)


def test_limits_are_those_of_the_rule():
    strict = replace(RULE, kolmogorov=(0.0, 0.001))
    steps = np.arange(250.0)
    assert attribution(steps, steps + 1.0, rule=strict).zone == "red"
