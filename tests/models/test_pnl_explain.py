"""P&L by cause: parts that sum, accrual by hand, and nothing where nothing happened."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from features.positions import Position
from models.instruments.book import priced_book
from models.pnl_explain import carry, pnl_explain
from tests.models import quantity_book as desk_book

BEFORE, AFTER = desk_book.DATES[-6], desk_book.DATES[-1]
FUTURE = Position(
    "FUTURE",
    2.0,
    "future",
    "USD",
    underlying="ACME",
    expiry=desk_book.EXPIRY,
    multiplier=50.0,
    curve="USD",
)


def explained(*positions: Position):
    return pnl_explain(
        positions,
        desk_book.pricing(BEFORE),
        desk_book.pricing(AFTER, rise=0.002),
        base_currency="USD",
    )


def test_the_parts_sum_to_what_the_book_made():
    found = explained(*desk_book.BOOK, FUTURE)
    np.testing.assert_allclose(np.sum(list(found.parts.values()), axis=0), found.total, rtol=1e-12)
    before, after = (
        priced_book(desk_book.BOOK, one, base_currency="USD").today()
        for one in (desk_book.pricing(BEFORE), desk_book.pricing(AFTER, rise=0.002))
    )
    coupons = np.array([0.0, 0.0, 20 * 15.0, 10 * 25.0, 0.0])  # due on the last day
    np.testing.assert_allclose(found.total[: len(before)], after - before + coupons, rtol=1e-3)


def test_each_cause_touches_what_depends_on_it():
    found = explained(*desk_book.BOOK)
    names = [one.instrument for one in found.positions]
    touched = {
        cause: {name for name, pnl in zip(names, parts, strict=True) if abs(pnl) > 1e-9}
        for cause, parts in found.parts.items()
    }
    assert touched["equity"] == {"ACME", "ACME_PUT"}
    assert touched["fx"] == {"EURUSD"}
    assert touched["credit"] == {"CORPORATE"}
    assert touched["volatility"] == {"ACME_PUT"}
    assert touched["rate"] == {"ACME_PUT", "GOVERNMENT", "CORPORATE"}
    # Quotes stand on the same nodes on both days, but options age between their expiries.
    assert np.abs(found.parts["unexplained"]).max() < 1e-3 * np.abs(found.total).max()


def test_a_share_and_a_currency_earn_nothing_by_waiting():
    found = carry(
        (desk_book.STOCK, desk_book.EURO),
        desk_book.pricing(),
        to=AFTER + pd.Timedelta(days=14),
        base_currency="USD",
    )
    np.testing.assert_array_equal(found.pnl, [0.0, 0.0])


def test_a_government_bond_earns_the_zero_rate():
    # On a flat curve the value of all payments grows by the rate, paid or not.
    to = desk_book.AS_OF + pd.Timedelta(days=14)
    found = carry((desk_book.BOND,), desk_book.pricing(), to=to, base_currency="USD")
    value = priced_book((desk_book.BOND,), desk_book.pricing(), base_currency="USD").today()
    np.testing.assert_allclose(found.pnl, value * np.expm1(0.03 * 14 / 365))


def test_a_coupon_that_is_paid_is_no_loss():
    date = pd.Timestamp("2030-12-23")
    bond = replace(desk_book.BOND, maturity=pd.Timestamp("2032-12-31"))
    on = replace(desk_book.pricing(), as_of=date)
    value = priced_book((bond,), on, base_currency="USD").today()
    to = date + pd.Timedelta(days=14)
    found = carry((bond,), on, to=to, base_currency="USD")
    later = priced_book((bond,), replace(on, as_of=to), base_currency="USD").today()
    assert later[0] < value[0]  # 15 a bond were paid
    # What was paid is told at its worth on the first day, so a week's interest on it is missing.
    np.testing.assert_allclose(found.pnl, value * np.expm1(0.03 * 14 / 365), rtol=0.02)


def test_a_future_converges_and_a_sold_put_decays_in_our_favour():
    on = desk_book.pricing()
    to = desk_book.AS_OF + pd.Timedelta(days=14)
    found = carry((FUTURE, desk_book.PUT), on, to=to, base_currency="USD")
    years = on.years(desk_book.EXPIRY)
    drift = 100.0 * (np.exp(0.03 * (years - 14 / 365)) - np.exp(0.03 * years))
    assert found.pnl[0] == pytest.approx(2.0 * 50.0 * drift)
    assert found.pnl[1] > 0.0


def test_what_ends_by_then_is_named():
    to = desk_book.EXPIRY + pd.Timedelta(days=1)
    found = carry(desk_book.BOOK, desk_book.pricing(), to=to, base_currency="USD")
    assert found.ended == ("ACME_PUT",)
    assert len(found.pnl) == len(desk_book.BOOK) - 1
    with pytest.raises(ValueError, match="must not lie before"):
        carry(desk_book.BOOK, desk_book.pricing(), to=BEFORE, base_currency="USD")


def test_two_alike_days_explain_nothing_but_time():
    same = desk_book.pricing()
    found = pnl_explain(desk_book.BOOK, same, same, base_currency="USD")
    for pnl in found.parts.values():
        np.testing.assert_allclose(pnl, 0.0, atol=1e-9)
