"""Series that stand still, and values no sum may meet."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from validation.feed_rules.values import CONSTANT, FLAT, flat, not_finite


def dates(n: int) -> pd.DatetimeIndex:
    return pd.bdate_range("2020-01-01", periods=n)


@pytest.mark.parametrize(("run", "cells"), [(9, 0), (10, 9), (40, 39)])
def test_ten_equal_closes_are_flat_and_the_first_of_them_is_kept(
    run: int, cells: int, generator: np.random.Generator
) -> None:
    values = 100 + np.cumsum(generator.normal(size=400))
    values[100 : 100 + run] = values[100]
    found = list(flat("A", dates(400), values))
    assert sum(len(breach.cells) for breach in found) == cells
    if found:
        assert found[0].rule is FLAT
        assert found[0].cells[0] == dates(400)[101]


def test_a_bill_fund_that_mostly_stands_still_may_do_so_for_long(
    generator: np.random.Generator,
) -> None:
    """With four repeats in five, a run of 30 among 1,000 is chance: 1000 * 0.8^29 = 1.5."""
    cents = np.cumsum(generator.random(1000) < 0.2)
    values = 91 + cents / 100
    values[500:530] = values[500]
    assert list(flat("BILLS", dates(1000), values)) == []


def test_a_currency_at_its_floor_is_no_dead_feed(generator: np.random.Generator) -> None:
    """The koruna was fixed at 27.021 for 39 sessions in 2017, and moved by a tick before."""
    values = 27.021 + np.round(generator.normal(0, 0.003, 400), 3)
    values[300:339] = 27.021
    assert list(flat("EURCZK", dates(400), values)) == []


def test_one_value_throughout_is_constant() -> None:
    (breach,) = flat("A", dates(50), np.full(50, 3.0))
    assert breach.rule is CONSTANT


@pytest.mark.parametrize("value", [np.inf, -np.inf, 1e308])
def test_what_overflows_when_summed_is_not_finite(value: float) -> None:
    values = np.ones(50)
    values[7] = value
    (breach,) = not_finite("A", dates(50), values)
    assert breach.count == 1
    assert breach.examples[0].startswith(f"{dates(50)[7]:%Y-%m-%d}")
