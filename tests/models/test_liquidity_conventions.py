"""Every type of position has a convention, or is listed."""

from __future__ import annotations

import pytest

from features.positions import REQUIRED, Position
from models.liquidity_conventions import CONVENTIONS, convention_of


@pytest.mark.parametrize("type_", sorted(REQUIRED))
def test_every_type_is_sold_by_a_stated_number_or_its_own_bars(type_: str):
    found = convention_of(Position("X", 1.0, type_, "USD"), bars=False)
    assert (found is None) == (type_ == "equity")


@pytest.mark.parametrize("kind", sorted(CONVENTIONS))
def test_a_number_names_where_its_order_of_magnitude_is_from(kind: str):
    one = CONVENTIONS[kind]
    assert one.source
    assert one.volume > 0.0
    assert 0.0 <= one.spread < 0.1


def test_issuers_and_coupons_decide():
    def kind(**terms: object) -> str:
        found = convention_of(Position("X", 1.0, currency="USD", **terms), bars=True)  # pyright: ignore[reportArgumentType] - terms of a position
        assert found is not None
        return found[0]

    assert kind(type="bond") == "government bond"
    assert kind(type="frn", issuer="FIRM") == "corporate bond"
    assert kind(type="future", coupon=0.06) == "bond future"
    assert kind(type="future") == "future with bars"
