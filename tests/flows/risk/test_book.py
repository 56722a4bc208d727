"""Which book is asked about: one of weights, one of quantities, or one that is not there."""

from __future__ import annotations

import pytest

from flows.ingest import Ingested, ingest
from flows.refusal import RefusedError
from flows.risk.book import book_of
from flows.risk.linear import Weights
from flows.risk.request import risk_request
from flows.risk.revalued import Quantities
from flows.settings import checkout

DIRECTORY = checkout() / "infra" / "examples" / "market"


@pytest.fixture(scope="module")
def found() -> Ingested:
    return ingest(DIRECTORY)


def test_both_kinds_of_books_are_found_by_name(found: Ingested):
    weights = book_of(found, risk_request(portfolio="sixty_forty"))
    assert isinstance(weights, Weights)
    assert sum(weights.holdings.values()) == pytest.approx(1.0)
    held = book_of(found, risk_request(portfolio="desk", base="EUR"))
    assert isinstance(held, Quantities)
    assert held.unit == "EUR"
    assert held.holdings["STOCK"] == 1500


def test_what_is_not_there_is_refused_with_what_is(found: Ingested):
    with pytest.raises(RefusedError, match=r"There are desk, long_short, sixty_forty\."):
        book_of(found, risk_request(portfolio="none"))
