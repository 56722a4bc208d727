"""The ladder of liquidity horizons by hand, and horizons by class."""

from __future__ import annotations

import numpy as np
import pytest

from validation.internal_models import BASEL_2019_MODELS, liquidity_adjusted


@pytest.mark.parametrize(
    ("es", "squared"),
    [
        ((3.0, 0.0, 0.0, 0.0, 0.0), 9.0),
        ((1.0, 1.0, 0.0, 0.0, 0.0), 2.0),  # twenty sessions in all: the square root of two
        ((1.0, 1.0, 1.0, 1.0, 1.0), 12.0),  # a hundred and twenty: of twelve
        ((5.0, 4.0, 3.0, 2.0, 1.0), 25.0 + 16.0 + 2 * 9.0 + 2 * 4.0 + 6 * 1.0),
    ],
)
def test_hand_counted(es, squared):
    assert liquidity_adjusted(es, BASEL_2019_MODELS) == pytest.approx(np.sqrt(squared))


def test_one_number_for_each_rung():
    with pytest.raises(ValueError, match="got 2"):
        liquidity_adjusted((1.0, 1.0), BASEL_2019_MODELS)


@pytest.mark.parametrize(
    ("name", "sessions"),
    [("equity_large", 10), ("fx", 20), ("spread_corporate_high_yield", 60), ("other", 120)],
)
def test_horizons_are_those_of_the_published_table(name, sessions):
    assert BASEL_2019_MODELS.horizon(name) == sessions


def test_every_horizon_is_a_rung():
    assert {h for _, h in BASEL_2019_MODELS.liquidity_horizons} <= set(BASEL_2019_MODELS.horizons)


def test_an_unknown_class_is_refused_with_those_there_are():
    with pytest.raises(ValueError, match="equity_large"):
        BASEL_2019_MODELS.horizon("crypto")
