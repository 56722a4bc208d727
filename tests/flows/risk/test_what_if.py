"""Trades tried out: what is doubled is twice, what is sold is gone, what is new is priced."""

from __future__ import annotations

import numpy as np
import pytest

from flows.refusal import RefusedError
from flows.risk.change import ALPHA
from flows.risk.linear import Weights
from flows.risk.what_if import what_if
from models.measures import expected_shortfall
from tests.flows.risk import desk_book

TOLD = desk_book.scenarios(2000)


def test_selling_everything_leaves_no_risk():
    book = desk_book.book()
    far = book.outcomes(TOLD, horizon=10)
    found = what_if(book, TOLD, far, {name: -size for name, size in book.holdings.items()})
    assert found is not None
    assert found["es_after"] == pytest.approx(0.0, abs=1e-6 * found["es_before"])
    assert what_if(book, TOLD, far, {}) is None


def test_a_listed_instrument_is_bought_in_units():
    book = desk_book.book(desk_book.STOCK)
    far = book.outcomes(TOLD, horizon=10)
    found = what_if(book, TOLD, far, {"ACME": 50.0, "EURUSD": 1000.0})
    total = TOLD.moves.sum(axis=1, dtype=np.float64)
    after = 150.0 * 100.0 * np.expm1(total[:, 0]) + 1000.0 * 1.1 * np.expm1(total[:, 1])
    assert found is not None
    assert found["es_after"] == pytest.approx(expected_shortfall(after, alpha=ALPHA), rel=1e-6)


def test_what_nobody_can_hold_is_refused():
    book = desk_book.book(desk_book.STOCK)
    far = book.outcomes(TOLD, horizon=10)
    for name in ("GME", "YIELD_10Y"):
        with pytest.raises(RefusedError, match=f"--add: {name}"):
            what_if(book, TOLD, far, {name: 1.0})


def test_weights_are_rebalanced_together():
    book = Weights({"ACME": 0.5}, desk_book.INSTRUMENTS)
    both = Weights({"ACME": 0.4, "EURUSD": 0.3}, desk_book.INSTRUMENTS)
    far = book.outcomes(TOLD, horizon=10)
    found = what_if(book, TOLD, far, {"ACME": -0.1, "EURUSD": 0.3})
    assert found is not None
    after = both.outcomes(TOLD, horizon=10).total
    assert found["es_after"] == pytest.approx(expected_shortfall(after, alpha=ALPHA), rel=1e-12)
