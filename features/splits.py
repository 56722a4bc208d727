"""Walk-forward windows: which returns a fit may see and which origins it serves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True, slots=True)
class Window:
    """One refit of one series: fitted on rows before ``fit_end``, used from ``start`` to ``stop``.

    Rows are positions in the series; row ``t`` as an origin knows the returns up to and
    including ``t``.

    Attributes
    ----------
    fit_end : int
        The fit sees rows ``[0, fit_end)``.
    start, stop : int
        It serves the origins ``[start, stop)``; ``start`` is ``fit_end - 1``, the first row at
        which the last fitted return is known.
    """

    fit_end: int
    start: int
    stop: int


def refit_windows(n: int, *, first: int = 1000, every: int = 63) -> tuple[Window, ...]:
    """Expanding refits that together serve every origin with enough past exactly once.

    Appending rows lengthens the last window or adds new ones; no fit changes.

    Parameters
    ----------
    n : int
        Observations in the series.
    first : int
        Observations the first fit needs.
    every : int
        Origins between refits, in sessions.

    Raises
    ------
    ValueError
        If ``n`` is below ``first``, or either option below one.
    """
    if first < 1 or every < 1:
        raise ValueError(f"first and every must be at least 1, got {first} and {every}.")
    if n < first:
        raise ValueError(
            f"n is {n} observations and the first fit needs {first}. "
            "Give a longer history or leave the series out."
        )
    return tuple(
        Window(fit_end=start + 1, start=start, stop=min(start + every, n))
        for start in range(first - 1, n, every)
    )


@dataclass(frozen=True, slots=True)
class PooledWindow:
    """One yearly refit of a net pooled over series.

    An example belongs to the training set by the date of its *target*; a forecast to a year by
    that of its origin.

    Attributes
    ----------
    year : int or None
        Origins of this calendar year are forecast; None where they all lie after the data.
    train_until : Timestamp
        Last target the weights may learn from; the first is the earliest there is.
    """

    year: int | None
    train_until: pd.Timestamp


def pooled_windows(
    dates: pd.DatetimeIndex, *, first_year: int, horizon: int = 1
) -> tuple[PooledWindow, ...]:
    """Expanding yearly refits of a net pooled over series.

    Between the last training target and the first origin of the year lie ``horizon + 5``
    sessions, so that no target of one is known from, or overlaps, the other.

    Parameters
    ----------
    dates : DatetimeIndex
        Sessions of the pool, ascending and different.
    first_year : int
        First calendar year to forecast.
    horizon : int
        Sessions from origin to target.

    Raises
    ------
    ValueError
        If the past of ``first_year`` is shorter than ten gaps, or no date lies in or after it.
    """
    gap = horizon + 5
    years = dates.year.to_numpy()
    windows: list[PooledWindow] = []
    for year in sorted({int(year) for year in years[years >= first_year]}):
        first_origin = int(np.argmax(years == year))
        if first_origin < 10 * gap:
            raise ValueError(
                f"first_year {year} has {first_origin} sessions to learn from and needs "
                f"{10 * gap}. Forecast from a later year or give a longer history."
            )
        windows.append(PooledWindow(year, train_until=dates[first_origin - gap]))
    if not windows:
        raise ValueError(
            f"first_year is {first_year} and the last session {dates[-1]:%Y-%m-%d}. "
            "Forecast from an earlier year."
        )
    return tuple(windows)


def serving_window(dates: pd.DatetimeIndex, *, horizon: int = 1) -> PooledWindow:
    """The refit that serves from the last session on: trained as late as any may be.

    Parameters
    ----------
    dates : DatetimeIndex
        Sessions of the pool, ascending and different; the last is the first origin it serves.
    horizon : int
        Sessions from origin to target.

    Raises
    ------
    ValueError
        If there are too few sessions to learn from.
    """
    gap = horizon + 5
    if len(dates) < 10 * gap:
        raise ValueError(
            f"dates has {len(dates)} sessions and needs {10 * gap}. Give a longer history."
        )
    return PooledWindow(None, train_until=dates[-1 - gap])
