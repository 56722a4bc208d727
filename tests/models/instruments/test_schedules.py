"""When an instrument pays: hand counts of periods, holidays and days."""

import pandas as pd
import pytest

from models.instruments.schedules import accrued, after, periods, quarters, year_fraction

AS_OF = pd.Timestamp("2024-06-28")


def coming(maturity, day_count="30/360", currency="USD", as_of=AS_OF, adjusted=False):
    return periods(
        pd.Timestamp(maturity),
        frequency=2,
        day_count=day_count,
        currency=currency,
        as_of=as_of,
        adjusted=adjusted,
    )


def test_periods_are_counted_back_from_maturity():
    found = coming("2025-08-15")
    assert [f"{each.end:%Y-%m-%d}" for each in found] == ["2024-08-15", "2025-02-15", "2025-08-15"]
    assert found[0].start == pd.Timestamp("2024-02-15")  # it began before the as-of
    assert [each.accrual for each in found] == [0.5, 0.5, 0.5]


def test_a_payment_on_a_holiday_moves_and_a_bonds_period_does_not():
    """2025-02-15 is a Saturday, and the Monday is Presidents' Day."""
    bond, swap = coming("2025-08-15")[1], coming("2025-08-15", adjusted=True)[1]
    assert bond.pay == swap.pay == swap.end == pd.Timestamp("2025-02-18")
    assert bond.end == pd.Timestamp("2025-02-15")


def test_a_currency_without_a_calendar_closes_at_weekends():
    assert coming("2025-02-15", currency="ZZZ")[1].pay == pd.Timestamp("2025-02-17")


def test_a_coupon_that_waits_for_a_business_day_is_still_to_come():
    """Its period ended on Saturday the 22nd; the as-of is that Sunday."""
    found = coming("2025-06-22", as_of=pd.Timestamp("2024-06-23"))
    assert found[0].end == pd.Timestamp("2024-06-22")
    assert found[0].pay == pd.Timestamp("2024-06-24")


@pytest.mark.parametrize(
    ("day_count", "years"),
    [("ACT/360", 182 / 360), ("ACT/365", 182 / 365), ("30/360", 0.5), ("ACT/ACT", 0.5)],
)
def test_day_counts(day_count, years):
    """From 15 February to 15 August 2024: 182 days, half a year."""
    start, end = pd.Timestamp("2024-02-15"), pd.Timestamp("2024-08-15")
    assert year_fraction(day_count, start, end) == pytest.approx(years)
    (first, *_) = coming("2025-08-15", day_count=day_count)
    half = start + pd.Timedelta(days=91)
    assert accrued(day_count, first, half) == pytest.approx(years / 2, abs=4e-3)


def test_quarters_hold_every_tenor():
    days = quarters(AS_OF, [0.5, 1.0])
    assert [f"{each:%Y-%m-%d}" for each in days] == [
        "2024-09-28",
        "2024-12-28",
        "2025-03-28",
        "2025-06-28",
    ]
    assert after(AS_OF, 0.5) in days


def test_what_has_matured_pays_nothing():
    with pytest.raises(ValueError, match="maturity must lie after the as-of 2024-06-28"):
        coming("2024-06-28")
