"""Holdings' shares add up, and a series that holds nothing says so."""

from __future__ import annotations

from dataclasses import replace

import pytest

from flows.explaining.holdings import contributions, holdings_of, inverted_correlations
from flows.explaining.ready import Ready


def test_contributions_add_up_to_the_book(book: Ready):
    told = contributions(book.market, holdings_of(book.market, "all", seed=0), alpha=0.975)
    assert told["status"] == "ok"
    assert sum(one["es"] for one in told["holdings"]) == pytest.approx(told["es"])
    assert sum(one["var"] for one in told["holdings"]) == pytest.approx(told["var"])
    assert sum(one["es_share"] for one in told["holdings"]) == pytest.approx(1.0)
    shares = [one["es"] for one in told["holdings"]]
    assert shares == sorted(shares, reverse=True)


def test_an_instrument_has_no_holdings(book: Ready):
    parts = holdings_of(book.market, "STOCK1", seed=0)
    told = contributions(book.market, parts, alpha=0.975)
    assert (told["status"], told["es"]) == ("not_applicable: STOCK1 is no book of holdings", None)
    turned = inverted_correlations(book.market, parts, alpha=0.975, seed=0)
    assert (turned["status"], turned["ratio"]) == (told["status"], None)


def test_stocks_that_moved_together_lose_less_with_one_turned(book: Ready):
    """All are of one class, so that the largest are turned one by one."""
    parts = holdings_of(book.market, "all", seed=0)
    told = inverted_correlations(book.market, parts, alpha=0.975, seed=0)
    assert (told["status"], told["blocks"], told["distance"]) == ("ok", 5, 0.0)
    assert 0.5 < told["ratio"] < 1.0
    assert told["change"] > 0.5


def test_a_hedge_that_turns_is_the_worst_block(book: Ready):
    hedged = {"long_short": {"STOCK0": 1.0, "STOCK1": 1.0, "STOCK2": -1.0, "STOCK3": -0.5}}
    rates = replace(book.market.instruments["STOCK2"], asset_class="rates")
    market = replace(
        book.market,
        portfolios=hedged,
        instruments={**book.market.instruments, "STOCK2": rates},
    )
    parts = holdings_of(market, "long_short", seed=0)
    told = inverted_correlations(market, parts, alpha=0.975, seed=0)
    assert told["blocks"] == 2
    assert told["ratio"] > 1.1


def test_a_holding_that_is_too_young_is_named(book: Ready):
    market = replace(book.market, close=book.market.close.iloc[-300:])
    parts = holdings_of(market, "all", seed=0)
    assert isinstance(parts, str)
    assert parts.startswith("not_computable: instruments: STOCK0 has 299 moves")
