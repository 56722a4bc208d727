"""What a request comes to: which series are judged, from when, and who is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pandas as pd
import pytest

from features.market import MarketData
from flows.plan import default_start, make_plan
from flows.refusal import RefusedError
from flows.settings import Settings

FIRST = pd.bdate_range(end="2021-12-31", periods=1100)[0]


def shortened(market: MarketData, name: str, *, first: str) -> MarketData:
    """The market with one instrument listed later."""
    close = market.close.copy()
    close.loc[: pd.Timestamp(first) - pd.Timedelta(days=1), name] = float("nan")
    sessions = dict(market.sessions)
    sessions[name] = sessions[name][sessions[name] >= first]
    return replace(market, close=close, sessions=sessions)


def test_the_first_origin_has_a_thousand_returns_behind_it(tiny: MarketData):
    plan = make_plan(tiny, Settings())
    # the first close has no return, so the 1,001st return is that of the 1,002nd session
    assert plan.start == pd.bdate_range(FIRST, periods=1002)[-1]
    assert plan.end == pd.Timestamp("2021-12-31")


def test_nothing_is_forecast_before_2015_unless_asked_for(tiny: MarketData):
    early = make_plan(tiny, Settings()).judged[0]
    early = replace(early, dates=early.dates - pd.DateOffset(years=12))
    assert default_start([early]) == pd.Timestamp("2015-01-01")


def test_one_late_listing_does_not_hold_the_others_back(tiny: MarketData):
    plan = make_plan(shortened(tiny, "STOCK2", first="2018-09-03"), Settings())
    assert plan.start == pd.bdate_range(FIRST, periods=1002)[-1]
    assert "STOCK2" not in {history.name for history in plan.judged}
    assert "1000 are needed" in plan.skipped["STOCK2"]
    assert "all" in plan.skipped  # the book that holds it starts as late


def test_books_and_instruments_are_judged_by_default(tiny: MarketData):
    names = [history.name for history in make_plan(tiny, Settings()).judged]
    assert names == ["STOCK0", "STOCK1", "STOCK2", "STOCK3", "STOCK4", "STOCK5", "all"]


def test_every_instrument_may_train_whoever_is_judged(tiny: MarketData):
    plan = make_plan(tiny, Settings(portfolios=("all",)))
    assert [history.name for history in plan.judged] == ["all"]
    assert len(plan.instruments) == 6
    assert len(plan.histories) == 7


def test_the_last_target_is_the_next_session(tiny: MarketData):
    plan = make_plan(tiny, Settings())
    # a Friday; the calendar is the market's own, so weekdays are expected
    assert list(plan.upcoming["all"]) == [pd.Timestamp("2022-01-03")]


def test_ten_sessions_ahead_are_the_next_ten(tiny: MarketData):
    plan = make_plan(tiny, Settings(horizon=10))
    assert list(plan.upcoming["all"]) == list(pd.bdate_range("2022-01-03", periods=10))


def test_a_delisted_instrument_has_no_next_session_and_neither_has_its_book(tiny: MarketData):
    gone = replace(tiny.instruments["STOCK1"], listed_to=tiny.as_of)
    market = replace(tiny, instruments={**tiny.instruments, "STOCK1": gone})
    plan = make_plan(market, Settings())
    assert "STOCK1" not in plan.upcoming
    assert "all" not in plan.upcoming
    assert "STOCK0" in plan.upcoming


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (Settings(portfolios=("NONE",)), "portfolios: NONE is no book or instrument"),
        (
            Settings(portfolios=("all",), end=date(2019, 1, 2)),
            "portfolios: all has .* sessions before 2019-01-02",
        ),
        (Settings(start=date(2018, 1, 2), end=date(2018, 6, 1)), "start 2018-01-02: no book"),
    ],
)
def test_what_cannot_be_forecast_is_refused(tiny: MarketData, asked: Settings, says: str):
    with pytest.raises(RefusedError, match=says):
        make_plan(tiny, asked)
