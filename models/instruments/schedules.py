"""When an instrument pays: schedules, calendars and day counts, all QuantLib's."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
import QuantLib as ql

_DAY_COUNTS: Mapping[str, ql.DayCounter] = {
    "ACT/360": ql.Actual360(),
    "ACT/365": ql.Actual365Fixed(),
    "ACT/ACT": ql.ActualActual(ql.ActualActual.ISMA),
    "30/360": ql.Thirty360(ql.Thirty360.BondBasis),
}
_CALENDARS: Mapping[str, ql.Calendar] = {
    "AUD": ql.Australia(),
    "CAD": ql.Canada(),
    "CHF": ql.Switzerland(),
    "EUR": ql.TARGET(),
    "GBP": ql.UnitedKingdom(),
    "JPY": ql.Japan(),
    "NOK": ql.Norway(),
    "SEK": ql.Sweden(),
    "USD": ql.UnitedStates(ql.UnitedStates.Settlement),
}
"""Of the other currencies only weekends are closed."""


@dataclass(frozen=True, slots=True)
class Period:
    """One interest period that still pays.

    Attributes
    ----------
    start, end, pay : pandas.Timestamp
        ``pay`` lies after the as-of; the first ``start`` may lie before it.
    accrual : float
        Length in years by the day count.
    """

    start: pd.Timestamp
    end: pd.Timestamp
    pay: pd.Timestamp
    accrual: float


def periods(
    maturity: pd.Timestamp,
    *,
    frequency: int,
    day_count: str,
    currency: str,
    as_of: pd.Timestamp,
    adjusted: bool = False,
) -> list[Period]:
    """Interest periods that pay after an as-of, counted back from maturity.

    No issue date is needed: periods are regular, and the first is the one running.

    Parameters
    ----------
    maturity : pandas.Timestamp
    frequency : int
        Payments a year.
    day_count : str
        "ACT/360", "ACT/365", "ACT/ACT" (each full period is one of its frequency) or "30/360".
    currency : str
        Whose holidays move a payment to the following business day.
    as_of : pandas.Timestamp
    adjusted : bool
        Whether the periods end on the payment days (swaps) or on the days of the month (bonds).

    Raises
    ------
    ValueError
        If nothing is left to pay.
    """
    if maturity <= as_of:
        raise ValueError(
            f"maturity must lie after the as-of {as_of:%Y-%m-%d}, got {maturity:%Y-%m-%d}. "
            "Remove what has matured."
        )
    months = 12 // frequency
    calendar = _CALENDARS.get(currency, ql.WeekendsOnly())
    last, today = _ql(maturity), _ql(as_of)
    count = 1
    while last - ql.Period(count * months, ql.Months) > today:
        count += 1
    convention = ql.ModifiedFollowing if adjusted else ql.Unadjusted
    schedule = ql.Schedule(
        last - ql.Period((count + 1) * months, ql.Months),
        last,
        ql.Period(months, ql.Months),
        calendar,
        convention,
        convention,
        ql.DateGeneration.Backward,
        False,
    )
    dates = list(schedule)
    found: list[Period] = []
    for start, end in itertools.pairwise(dates):
        pay = calendar.adjust(end, ql.Following)
        if pay > today:
            found.append(Period(_pd(start), _pd(end), _pd(pay), accrual(day_count, start, end)))
    return found


def accrued(day_count: str, period: Period, at: pd.Timestamp) -> float:
    """Years of a period that have passed at a date within it."""
    share = (at - period.start).days / (period.end - period.start).days
    if day_count == "ACT/ACT":
        return period.accrual * share
    return accrual(day_count, _ql(period.start), _ql(at))


def year_fraction(day_count: str, start: pd.Timestamp, end: pd.Timestamp) -> float:
    """Years from one date to another."""
    return accrual(day_count, _ql(start), _ql(end))


def quarters(as_of: pd.Timestamp, tenors: list[float]) -> list[pd.Timestamp]:
    """Days three months apart from an as-of to the longest tenor, and the day of each tenor."""
    months = {round(12 * tenor) for tenor in tenors} | set(range(3, int(12 * max(tenors)) + 1, 3))
    return [_pd(_ql(as_of) + ql.Period(each, ql.Months)) for each in sorted(months)]


def after(as_of: pd.Timestamp, tenor: float) -> pd.Timestamp:
    """The day a tenor ends, in whole months."""
    return _pd(_ql(as_of) + ql.Period(round(12 * tenor), ql.Months))


def accrual(day_count: str, start: ql.Date, end: ql.Date) -> float:
    """Years from one QuantLib date to another."""
    if day_count == "ACT/ACT":
        return float(_DAY_COUNTS[day_count].yearFraction(start, end, start, end))
    return float(_DAY_COUNTS[day_count].yearFraction(start, end))


def _ql(date: pd.Timestamp) -> ql.Date:
    return ql.Date(date.day, date.month, date.year)


def _pd(date: ql.Date) -> pd.Timestamp:
    return pd.Timestamp(date.year(), date.month(), date.dayOfMonth())
