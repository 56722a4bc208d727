"""Fills gaps in closes from the other series, with nothing but what was known at the gap."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from jaxtyping import Float

from features.calendars import close_instants
from features.instruments import Instrument

WINDOW = 500
"""Sessions before a gap on which its model is fitted."""
FEWEST_MOVES = 60
"""Moves a model needs; with fewer the last close stands in."""
PEERS = 10
"""Series a model may use, the most correlated ones over its window."""
LONGEST_RUN = 5
"""Consecutive sessions that are filled; what follows in a longer gap stays missing."""
LARGEST_MOVE = 5.0
"""Robust standard deviations of the window's own moves beyond which no imputed move goes."""


@dataclass(frozen=True, slots=True)
class Imputed:
    """Closes without their shorter gaps.

    Attributes
    ----------
    close : DataFrame (date, instrument)
    imputed : DataFrame of bool (date, instrument)
        True where the close was filled.
    """

    close: pd.DataFrame
    imputed: pd.DataFrame


def impute(
    close: pd.DataFrame,
    *,
    instruments: Mapping[str, Instrument],
    sessions: Mapping[str, pd.DatetimeIndex],
    breaks: pd.DataFrame,
) -> Imputed:
    """Fill expected sessions that have no close.

    The move into a missing session is the prediction of a Bayesian ridge regression of the
    series' moves on those of the series it moves most with, fitted on the ``WINDOW`` sessions
    before the gap. A peer's move enters only where its closes are known by the instant the missing
    one would have been: on one date Tokyo may speak for New York, not New York for Tokyo.
    Consecutive gaps are chained. Where the past or the peers are too few, the last close stands in.

    No more than ``LONGEST_RUN`` sessions in a row are filled, and never more than 5% of the
    sessions so far. A cell depends on earlier cells and same-session peers only, so that cutting
    the future leaves every filled close as it was.

    Parameters
    ----------
    close : DataFrame (date, instrument)
        Usable closes; NaN elsewhere.
    instruments : mapping of name to Instrument
    sessions : mapping of name to DatetimeIndex
        Expected sessions; every one is a date of ``close``.
    breaks : DataFrame of bool (date, instrument)
        Moves that are no returns; no model is fitted on them.

    Returns
    -------
    Imputed
        Every filled close is flagged; a gap that is left stays NaN.
    """
    filled = close.copy()
    imputed = pd.DataFrame(False, index=close.index, columns=close.columns)
    clocks = _clocks(instruments, sessions)
    levels = _levels(close, instruments)
    for clock in clocks:
        gapped = [name for name in clock.members if close.loc[sessions[name], name].isna().any()]
        if not gapped:
            continue
        moves = _moves_seen_from(clock, clocks, levels, breaks)
        for name in gapped:
            rows = clock.sessions.get_indexer(sessions[name])
            level = levels[name].reindex(clock.sessions).to_numpy()[rows]
            new = _filled(level, moves.to_numpy()[rows], list(moves.columns).index(name))
            where = np.isnan(level) & ~np.isnan(new)
            dates = sessions[name][where]
            log = instruments[name].move == "log"
            filled.loc[dates, name] = np.exp(new[where]) if log else new[where]
            imputed.loc[dates, name] = True
    return Imputed(close=filled, imputed=imputed)


@dataclass(frozen=True, slots=True)
class _Clock:
    """Series that close, and become known, at the same instants."""

    members: tuple[str, ...]
    sessions: pd.DatetimeIndex
    closing: pd.DatetimeIndex
    known: pd.DatetimeIndex


def _clocks(
    instruments: Mapping[str, Instrument], sessions: Mapping[str, pd.DatetimeIndex]
) -> list[_Clock]:
    groups: dict[tuple[object, ...], list[str]] = {}
    for name, each in instruments.items():
        time = (each.calendar, each.close_time, each.timezone, each.lag_sessions)
        groups.setdefault(time, []).append(name)
    found: list[_Clock] = []
    for members in groups.values():
        dates = pd.DatetimeIndex(np.unique(np.concatenate([sessions[name] for name in members])))
        first = instruments[members[0]]
        closing = close_instants(replace(first, lag_sessions=0), dates)
        found.append(_Clock(tuple(members), dates, closing, close_instants(first, dates)))
    return found


def _levels(close: pd.DataFrame, instruments: Mapping[str, Instrument]) -> pd.DataFrame:
    """Closes on the scale on which moves are differences."""
    log = [name for name in close.columns if instruments[name].move == "log"]
    levels = close.astype(np.float64)
    levels[log] = np.log(levels[log])
    return levels


def _moves_seen_from(
    clock: _Clock, clocks: list[_Clock], levels: pd.DataFrame, breaks: pd.DataFrame
) -> pd.DataFrame:
    """Moves of every series between consecutive sessions of one clock, as far as then known.

    NaN where a series had no new close since the session before, or one of the two is missing.
    """
    seen: list[pd.DataFrame] = []
    for other in clocks:
        closed = other.closing.searchsorted(clock.closing, side="right")
        known = other.known.searchsorted(clock.known, side="right")
        last = np.minimum(closed, known) - 1
        members = list(other.members)
        of_other = levels[members].reindex(other.sessions).to_numpy()
        broken = np.cumsum(
            breaks.reindex(index=other.sessions, columns=members, fill_value=False).to_numpy(bool),
            axis=0,
        )
        moves = np.full((len(clock.sessions), len(members)), np.nan)
        fresh = (last[1:] > last[:-1]) & (last[:-1] >= 0)
        now, before = last[1:][fresh], last[:-1][fresh]
        change = of_other[now] - of_other[before]
        moves[1:][fresh] = np.where(broken[now] > broken[before], np.nan, change)
        seen.append(pd.DataFrame(moves, clock.sessions, members))
    return pd.concat(seen, axis=1)


def _filled(
    level: Float[np.ndarray, " session"], moves: Float[np.ndarray, "session series"], own: int
) -> Float[np.ndarray, " session"]:
    """Levels with their gaps chained through predicted moves."""
    new = level.copy()
    missing = np.isnan(level)
    in_a_row, so_far = 0, 0
    for t in np.flatnonzero(missing):
        in_a_row = in_a_row + 1 if t and missing[t - 1] else 1
        if t == 0 or np.isnan(new[t - 1]) or in_a_row > LONGEST_RUN or 20 * (so_far + 1) > t + 1:
            continue
        start = t - in_a_row + 1
        new[t] = new[t - 1] + _predicted(moves[max(start - WINDOW, 0) : start], moves[t], own)
        so_far += 1
    return new


def _predicted(
    past: Float[np.ndarray, "session series"], now: Float[np.ndarray, " series"], own: int
) -> float:
    """Move of a series given those of the others on the same session; 0 where nothing is known."""
    past = past[np.isfinite(past[:, own])]
    target = past[:, own]
    if len(past) < FEWEST_MOVES:
        return 0.0
    limit = LARGEST_MOVE * float(np.median(np.abs(target))) / 0.6745
    usable = np.isfinite(now) & (np.isfinite(past).sum(axis=0) >= FEWEST_MOVES)
    usable[own] = False
    centre, scale = np.nanmean(past[:, usable], axis=0), np.nanstd(past[:, usable], axis=0)
    usable[usable], centre, scale = scale > 0, centre[scale > 0], scale[scale > 0]
    if not usable.any() or target.std() == 0:
        return 0.0
    design = np.nan_to_num((past[:, usable] - centre) / scale)
    point = (now[usable] - centre) / scale
    shape = (target - target.mean()) / target.std()
    peers = np.argsort(-np.abs(shape @ design), kind="stable")[:PEERS]
    from sklearn.linear_model import BayesianRidge  # a second of import, only where there are gaps

    model = BayesianRidge().fit(design[:, peers], shape)
    predicted = float(point[peers] @ model.coef_ + model.intercept_)
    return float(np.clip(target.mean() + target.std() * predicted, -limit, limit))
