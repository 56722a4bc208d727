"""Walk-forward windows: which returns a fit may see and which origins it serves."""

from __future__ import annotations

from dataclasses import dataclass

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
    """One yearly refit of a net pooled over series: dates, so that each series can be cut by them.

    An example belongs to a set by the date of its *target*; a forecast by that of its origin.

    Attributes
    ----------
    year : int
        Origins of this calendar year are forecast.
    train_until : Timestamp
        Last target the weights may learn from; the first is the earliest there is.
    validate_from, validate_until : Timestamp
        First and last target that decides when to stop, ``gap`` sessions after the training ones.
    first_origin, last_origin : Timestamp
        Served origins, the first of them ``gap`` sessions after ``validate_until``.
    """

    year: int
    train_until: pd.Timestamp
    validate_from: pd.Timestamp
    validate_until: pd.Timestamp
    first_origin: pd.Timestamp
    last_origin: pd.Timestamp


def pooled_windows(
    dates: pd.DatetimeIndex, *, first_year: int, horizon: int = 1, validation: float = 0.2
) -> tuple[PooledWindow, ...]:
    """Expanding yearly refits, each with a validation block at the end of its past.

    Between training, validation and forecasts lies a gap of ``horizon + 5`` sessions, so that no
    target of one is known from, or overlaps, the next.

    Parameters
    ----------
    dates : DatetimeIndex
        Sessions of the pool, ascending and different.
    first_year : int
        First calendar year to forecast.
    horizon : int
        Sessions from origin to target.
    validation : float
        Share of the past, by time, that validates.

    Raises
    ------
    ValueError
        If the past of ``first_year`` is shorter than ten gaps, or no date lies in or after it.
    """
    gap = horizon + 5
    sessions: list[pd.Timestamp] = list(dates)
    windows: list[PooledWindow] = []
    for year in sorted({session.year for session in sessions if session.year >= first_year}):
        origins = [row for row, session in enumerate(sessions) if session.year == year]
        past = max(origins[0] - gap + 1, 0)  # targets up to a gap before the first origin
        if past < 10 * gap:
            raise ValueError(
                f"first_year {year} has {past} sessions to learn from and needs {10 * gap}. "
                "Forecast from a later year or give a longer history."
            )
        validated = round(validation * past)
        windows.append(
            PooledWindow(
                year=year,
                train_until=sessions[past - validated - gap],
                validate_from=sessions[past - validated],
                validate_until=sessions[past - 1],
                first_origin=sessions[origins[0]],
                last_origin=sessions[origins[-1]],
            )
        )
    if not windows:
        raise ValueError(
            f"first_year is {first_year} and the last session {dates[-1]:%Y-%m-%d}. "
            "Forecast from an earlier year."
        )
    return tuple(windows)
