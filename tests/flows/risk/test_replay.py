"""Past moves on today's book of quantities: by hand, and never from the future."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from flows.risk.crises import crisis_revaluations
from flows.risk.replay import followed
from tests.flows.risk import desk_book

MARKET = desk_book.market()
CLOSE = MARKET.close


def test_shares_make_what_their_price_made():
    past = followed(desk_book.book(desk_book.STOCK), MARKET)
    pnl = past.pnl([10, 10], [11, 40])[:, 0]
    acme = CLOSE["ACME"].to_numpy()
    np.testing.assert_allclose(pnl, 10_000.0 * (acme[[11, 40]] / acme[10] - 1.0))


def test_a_spread_hands_on_its_relative_move_and_a_rate_its_difference():
    book = desk_book.book(desk_book.CORPORATE)
    past = followed(book, MARKET)
    place = [one.instrument for one in past.assets].index("HY_OAS")
    pnl = past.pnl([100], [400])
    then = CLOSE["HY_OAS"].iloc[[100, 400]].to_numpy()
    moves = np.zeros((1, len(past.assets)))
    moves[0, place] = past.assets[place].last_close * (then[1] / then[0] - 1.0)
    other = [one.instrument for one in past.assets].index("YIELD_10Y")
    moves[0, other] = CLOSE["YIELD_10Y"].iloc[400] - CLOSE["YIELD_10Y"].iloc[100]
    np.testing.assert_allclose(pnl, book.repriced(past.assets)(moves), rtol=1e-12)


def test_what_is_published_later_enters_as_it_was_known():
    book = desk_book.book(desk_book.STOCK, desk_book.BOND)
    late, then = (followed(book, MARKET, as_known=known) for known in (True, False))
    place = [one.instrument for one in then.assets].index("YIELD_10Y")
    np.testing.assert_array_equal(late.close[1:, place], then.close[:-1, place])
    np.testing.assert_array_equal(late.close[:, 0], then.close[:, 0])


def test_a_crisis_is_the_last_of_its_sessions_and_its_parts_add_up():
    told = {one["crisis"]: one for one in crisis_revaluations(MARKET, desk_book.book())}
    covid = told["covid_2020"]
    assert covid["status"] == "covered"
    inside = CLOSE.loc["2020-02-20":"2020-04-30"]
    assert covid["sessions"] == len(inside)
    for parts, name in ((covid["parts"], "position"), (covid["classes"], "asset_class")):
        assert sum(one["pnl"] for one in parts) == pytest.approx(covid["pnl"])
        assert len({one[name] for one in parts}) == len(parts)
    stock = next(one["pnl"] for one in covid["parts"] if one["position"] == "ACME")
    before = CLOSE["ACME"].loc[:"2020-02-19"].iloc[-1]
    assert stock == pytest.approx(10_000.0 * (inside["ACME"].iloc[-1] / before - 1.0))
    assert covid["worst_ten_sessions"] <= covid["worst_session"] + 1e-9 or covid["pnl"] > 0
    assert "lies after the as-of" in told["yen_2024"]["status"]


def test_the_worst_session_is_the_largest_fall_between_two_closes():
    told = crisis_revaluations(MARKET, desk_book.book(desk_book.STOCK))[0]
    inside = CLOSE["ACME"].loc["2020-02-19":"2020-04-30"].to_numpy()
    value = 10_000.0 * inside / inside[0]
    assert told["worst_session"] == pytest.approx(np.diff(value).min())
    assert told["worst_ten_sessions"] == pytest.approx((value[10:] - value[:-10]).min())


def test_what_began_later_is_named():
    close = CLOSE.copy()
    close.loc[:"2020-06-01", "HY_OAS"] = np.nan
    young = replace(MARKET, close=close)
    told = crisis_revaluations(young, desk_book.book())
    assert told[0]["status"] == "HY_OAS had no price before 2020-02-20"
    assert told[1]["status"] == "covered"
