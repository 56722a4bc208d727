"""A bad print is held back, a crash is kept, a split is named with its factor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from features.instruments import Instrument
from validation.feed_rules.feed import Feed, standardised
from validation.feed_rules.jumps import CRASH, SPIKES, SPLIT, UNIT, Crowd, jumps

Walk = Callable[..., pd.Series]
DATES = pd.bdate_range("2020-01-01", periods=400)
AT = 300


def feed(closes: pd.Series, *, name: str = "A", turnover: float = np.nan, **about: Any) -> Feed:
    known: dict[str, Any] = {
        "asset_class": "equity",
        "currency": "USD",
        "kind": "price",
        "move": "log",
    } | about
    dates = pd.DatetimeIndex(closes.index)
    traded = np.full(len(closes), turnover)
    return Feed(Instrument(name, **known), dates, closes.to_numpy(), traded, dates[:0])


def found(one: Feed, *others: Feed) -> dict[str, list[pd.Timestamp]]:
    """Rule to dates, from the first example of each breach."""
    crowd = Crowd({each.name: each for each in (one, *others)})
    return {
        breach.rule.name: [pd.Timestamp(each[:10]) for each in breach.examples]
        for breach in jumps(one, crowd)
    }


def shocked(closes: pd.Series, factor: float, *, sessions: int | None = None) -> pd.Series:
    closes = closes.copy()
    closes.iloc[AT : None if sessions is None else AT + sessions] *= factor
    return closes


def test_a_healthy_series_has_no_jump(walk: Walk) -> None:
    assert found(feed(walk(DATES))) == {}


@pytest.mark.parametrize("factor", [1.25, 0.8, 2.0, 0.5])
def test_a_print_that_reverts_is_held_back(walk: Walk, factor: float) -> None:
    assert found(feed(shocked(walk(DATES), factor, sessions=1))) == {SPIKES.name: [DATES[AT]]}


def test_before_the_next_session_a_print_looks_like_a_crash_and_is_kept(walk: Walk) -> None:
    closes = shocked(walk(DATES), 0.75, sessions=1)
    assert found(feed(closes.iloc[: AT + 1])) == {CRASH.name: [DATES[AT]]}
    assert found(feed(closes.iloc[: AT + 2])) == {SPIKES.name: [DATES[AT]]}


def test_a_crash_that_stays_down_is_kept_and_named(walk: Walk) -> None:
    assert found(feed(shocked(walk(DATES), 0.75))) == {CRASH.name: [DATES[AT]]}


def test_a_crash_that_others_share_is_kept_even_where_it_reverts(walk: Walk) -> None:
    fallen = [
        feed(shocked(walk(DATES, seed), 0.8, sessions=1), name=str(seed)) for seed in range(4)
    ]
    calm = [feed(walk(DATES, seed), name=str(seed)) for seed in range(10, 20)]
    assert SPIKES.name not in found(fallen[0], *fallen[1:], *calm)
    assert SPIKES.name in found(fallen[0], *calm)


@pytest.mark.parametrize(("factor", "proposed"), [(2, "2"), (3, "3"), (0.5, "1/2"), (0.25, "1/4")])
def test_a_split_is_quarantined_with_the_factor_to_apply(
    walk: Walk, factor: float, proposed: str
) -> None:
    one = feed(shocked(walk(DATES), factor))
    (breach,) = jumps(one, Crowd({"A": one}))
    assert breach.rule is SPLIT
    assert list(breach.moves) == [DATES[AT]]
    assert f"multiply the closes before {DATES[AT]:%Y-%m-%d} by {proposed}." in breach.remedy


def test_applying_the_proposed_factor_repairs_the_series(walk: Walk) -> None:
    closes = shocked(walk(DATES), 0.25)
    closes.iloc[:AT] *= 1 / 4
    assert found(feed(closes)) == {}


def test_half_the_price_on_ten_times_the_turnover_is_news_and_no_split(walk: Walk) -> None:
    closes = shocked(walk(DATES), 0.5)
    one = feed(closes, turnover=1e6)
    assert SPLIT.name in found(one)
    busy = one.turnover.copy()
    busy[AT] *= 10
    sold = Feed(one.instrument, one.sessions, one.values, busy, one.elsewhere)
    assert found(sold) == {CRASH.name: [DATES[AT]]}


@pytest.mark.parametrize("factor", [100.0, 0.01])
@pytest.mark.parametrize("sessions", [1, 20, None])
def test_a_change_of_unit_rejects_the_feed(walk: Walk, factor: float, sessions: int | None) -> None:
    assert UNIT.name in found(feed(shocked(walk(DATES), factor, sessions=sessions)))


def test_percent_quoted_as_basis_points_rejects_a_rate(generator: np.random.Generator) -> None:
    rate = pd.Series(4.0 + np.cumsum(generator.normal(0, 0.05, len(DATES))) * 0.2, DATES)
    one = feed(shocked(rate, 100.0), kind="rate", move="diff")
    assert found(one) == {UNIT.name: [DATES[AT]]}


def test_oil_below_zero_is_a_price_and_no_bad_print(generator: np.random.Generator) -> None:
    oil = pd.Series(40 + np.cumsum(generator.normal(0, 0.5, len(DATES))), DATES)
    oil.iloc[AT] = -36.98
    assert SPIKES.name not in found(feed(oil, move="diff"))


def test_a_series_that_hardly_moves_is_measured_by_its_rare_moves() -> None:
    """A bill fund: nine sessions in ten unchanged, then a cent, back and forth."""
    cents = np.where(np.arange(400) % 10 == 5, 0.01, 0.0)
    assert found(feed(pd.Series(91.5 + cents, DATES))) == {}


def test_an_ordinary_move_is_one_standard_deviation_where_moves_are_normal(
    generator: np.random.Generator,
) -> None:
    scores = standardised(generator.normal(0, 0.02, 20_000))
    assert np.isnan(scores[:20]).all()
    assert np.nanstd(scores) == pytest.approx(1.0, abs=0.05)
