"""The catalogue of crisis windows, and the windows of a backtest: all of it, years and crises."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

ALL = "all"
"""Name of the window that holds every target date."""


@dataclass(frozen=True, slots=True)
class CrisisWindow:
    """A named, dated and sourced interval of target dates.

    Attributes
    ----------
    name : str
        Stable id used in evidence, e.g. ``covid_2020``.
    title : str
        For people.
    first, last : date
        Both inclusive.
    source : str
        Public document that dates the event, and whether it was read for this catalogue.
    note : str
        What a reader should know about the dates; often empty.
    """

    name: str
    title: str
    first: date
    last: date
    source: str
    note: str = ""


CATALOGUE: tuple[CrisisWindow, ...] = (
    CrisisWindow(
        "covid_2020",
        "COVID-19 crash",
        date(2020, 2, 20),
        date(2020, 4, 30),
        "Federal Reserve, FOMC statement of 3 March 2020 (unscheduled cut). Not read.",
        "Begins with the session after the S&P 500's closing high of 2020-02-19.",
    ),
    CrisisWindow(
        "rates_2022",
        "Inflation and rates",
        date(2022, 1, 3),
        date(2022, 10, 31),
        "Federal Reserve, FOMC statement of 16 March 2022 (first of the rises). Not read.",
        "Ten months of one direction rather than a shock; it contains gilts_2022.",
    ),
    CrisisWindow(
        "gilts_2022",
        "UK gilts and pension funds",
        date(2022, 9, 21),
        date(2022, 10, 14),
        "Bank of England, Market Notice of 23 November 2022, which dates the purchases "
        "28 September to 14 October 2022. Abstract read.",
    ),
    CrisisWindow(
        "banks_2023",
        "US regional banks",
        date(2023, 3, 8),
        date(2023, 3, 31),
        "FDIC, PR-16-2023 of 10 March 2023 (receivership of Silicon Valley Bank). Read.",
    ),
    CrisisWindow(
        "yen_2024",
        "Yen carry unwind",
        date(2024, 7, 31),
        date(2024, 8, 30),
        "BIS Bulletin No 90, The market turbulence and carry trade unwind of August 2024, "
        "27 August 2024. Key takeaways read.",
        "Sometimes dated 2025; the event was in August 2024.",
    ),
    CrisisWindow(
        "tariffs_2025",
        "US tariffs",
        date(2025, 4, 2),
        date(2025, 5, 15),
        "Executive Order 14257 of 2 April 2025 (reciprocal tariffs). Not read.",
    ),
)


def windows(dates: pd.DatetimeIndex) -> dict[str, slice]:
    """Positions of each window in ascending target dates: ``all``, each year, each crisis.

    Parameters
    ----------
    dates : DatetimeIndex of shape (date,)
        Ascending; repeats are allowed. Target dates, not origins: a forecast belongs to the
        window in which it came true.

    Returns
    -------
    dict of str to slice
        Windows that hold at least one date; a year is named by its four digits.

    Raises
    ------
    ValueError
        If the dates are not ascending.
    """
    if not dates.is_monotonic_increasing:
        raise ValueError("dates must ascend, and a later one comes before an earlier one. Sort.")
    if not len(dates):
        return {}
    days = dates.to_numpy().astype("datetime64[D]")
    years = days.astype("datetime64[Y]").astype(np.int64) + 1970
    found = {ALL: slice(0, len(dates))}
    found |= {str(year): _between(years, year, year) for year in np.unique(years)}
    for crisis in CATALOGUE:
        held = _between(days, np.datetime64(crisis.first, "D"), np.datetime64(crisis.last, "D"))
        if held.stop > held.start:
            found[crisis.name] = held
    return found


def not_covered(dates: pd.DatetimeIndex) -> list[str]:
    """Crises of the catalogue in which no target date falls, in order of time."""
    reached = windows(dates.sort_values())
    return [crisis.name for crisis in CATALOGUE if crisis.name not in reached]


def is_crisis(window: str) -> bool:
    """Whether a window's name is one of the catalogue's."""
    return any(crisis.name == window for crisis in CATALOGUE)


def block_year(window: str) -> str:
    """Calendar year a year or crisis window begins in; windows of one year share their dates."""
    starts = {crisis.name: str(crisis.first.year) for crisis in CATALOGUE}
    return starts.get(window, window)


def _between(values: NDArray[np.generic], first: ArrayLike, last: ArrayLike) -> slice:
    return slice(
        int(np.searchsorted(values, first, side="left")),
        int(np.searchsorted(values, last, side="right")),
    )
