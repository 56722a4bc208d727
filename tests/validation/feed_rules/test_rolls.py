"""Rolls are found by the exchange's calendar, never by the size of the move they blank."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from features.instruments import Instrument
from validation.feed_rules.feed import Feed
from validation.feed_rules.rolls import ROLL, STRAY, roll_dates, rolls

DATES = pd.bdate_range("2015-01-01", "2020-12-31")


def future(moves: np.ndarray) -> Feed:
    about = Instrument("FUT", "bond future", "EUR", "price", "log")
    closes = 100 * np.exp(np.cumsum(moves))
    return Feed(about, DATES, closes, np.full(len(DATES), np.nan), DATES[:0])


def eurex() -> pd.DatetimeIndex:
    """The weekday before the tenth (or the weekday after it) of each expiry month."""
    tenth = [pd.Timestamp(year, month, 10) for year in range(2015, 2021) for month in (3, 6, 9, 12)]
    return pd.DatetimeIndex(
        [pd.offsets.BDay().rollforward(day) - pd.offsets.BDay(1) for day in tenth]
    )


def expected_rolls(generator: np.random.Generator, jumps: np.ndarray) -> tuple[Feed, pd.DataFrame]:
    common = generator.normal(0, 0.003, len(DATES))
    own = common + generator.normal(0, 0.001, len(DATES))
    own[DATES.get_indexer(eurex())] += jumps
    bond = pd.Series(common, DATES, name="BOND")
    one = future(own)
    return one, pd.DataFrame({"BOND": bond, "FUT": pd.Series(one.moves, DATES)})


def test_every_roll_date_is_found_and_no_other(generator: np.random.Generator) -> None:
    one, moves = expected_rolls(generator, generator.normal(0, 0.015, 24))
    (breach,) = rolls(one, moves, frozenset({"FUT"}))
    assert breach.rule is ROLL
    pd.testing.assert_index_equal(breach.moves, eurex(), check_names=False, exact=False)


def test_a_roll_that_did_not_jump_is_flagged_all_the_same(generator: np.random.Generator) -> None:
    """Otherwise the blanked dates would be chosen by the losses they carry."""
    jumps = generator.normal(0, 0.015, 24)
    jumps[::6] = 0.0
    one, moves = expected_rolls(generator, jumps)
    (breach,) = rolls(one, moves, frozenset({"FUT"}))
    assert len(breach.moves) == 24


def test_an_adjusted_series_has_no_rolls(generator: np.random.Generator) -> None:
    one, moves = expected_rolls(generator, np.zeros(24))
    assert list(rolls(one, moves, frozenset({"FUT"}))) == []


def test_the_roll_of_the_present_month_is_found_before_the_month_ends(
    generator: np.random.Generator,
) -> None:
    sizes = generator.normal(0, 1, len(DATES))
    ends = pd.DatetimeIndex(DATES.to_series().groupby(DATES.to_period("M")).max())
    second_last = DATES[DATES.get_indexer(ends[ends.month % 3 == 0]) - 1]
    sizes[DATES.get_indexer(second_last)] = 6.0
    at = DATES.get_loc(second_last[-1]) + 1  # as of the roll itself, one session before the end
    found = roll_dates(DATES[:at], sizes[:at])
    assert found is not None
    assert found[-1] == second_last[-1]


def test_a_jump_that_no_roll_and_no_bond_explains_is_quarantined(
    generator: np.random.Generator,
) -> None:
    """The gilt on 2011-12-29, in a series too short to know its rolls by."""
    one, moves = expected_rolls(generator, np.zeros(24))
    stray = one.moves.copy()
    stray[700] -= 0.13
    jumped = future(np.nan_to_num(stray))
    (breach,) = rolls(jumped, moves, frozenset({"FUT"}))
    assert breach.rule is STRAY
    assert list(breach.moves) == [DATES[700]]


@pytest.mark.slow
def test_the_real_bond_futures_roll_on_their_exchanges_dates(rich_market) -> None:
    """Bund: the session before the tenth; gilt: two before the next month; Treasury: seven."""
    from features.sources.directory import read_market
    from validation.feeds import judge

    raw = read_market(rich_market)
    breaks = judge(raw, as_of=pd.Timestamp("2024-12-31")).breaks
    known = {
        "BUND_FUT": ["2014-09-09", "2017-03-09", "2020-03-09", "2022-06-09"],
        "GILT_FUT": ["2011-12-29", "2016-06-29", "2019-03-28", "2021-09-29"],
        "UST10Y_FUT": ["2013-06-20", "2018-03-21", "2021-03-23", "2021-09-22"],
    }
    assert set(breaks) == set(known)
    for name, dates in known.items():
        assert len(breaks[name]) == 60
        assert set(pd.DatetimeIndex(dates)) <= set(breaks[name])
