"""Bars within the day: whether each is one, and where a feed was silent while its market traded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.calendars import close_instants
from features.findings import Answer
from features.instruments import Instrument
from validation.feed_rules.events import MOSTLY_BAD, NOTHING, UNDESCRIBED, EventRows
from validation.feed_rules.keys import UNSORTED
from validation.feed_rules.rules import Breach, Rule, first_five, several
from validation.feed_rules.sessions import MISSING, over_limit

LONGEST_SILENCE = pd.Timedelta(hours=1)

REPEATED = Rule(
    "repeated_bars",
    Answer.WARN,
    "no bar of an instrument is given twice with the same values",
    "They were read once; remove them at the source.",
)
CONFLICTING = Rule(
    "conflicting_bars",
    Answer.QUARANTINE,
    "no bar of an instrument is given twice with different values",
    "Keep the right bar; until then neither is used.",
)
BAD_BAR = Rule(
    "bad_bars",
    Answer.QUARANTINE,
    "open and close of a bar lie between its low and its high, above zero, with a volume of at "
    "least zero",
    "These bars are not used; correct them at the source.",
)
SILENT = Rule(
    "silent_in_market_hours",
    Answer.WARN,
    "no session has more than an hour of trading without a bar",
    "Deliver the bars; a session that has few of its usual bars gives no volatility.",
)
STALE = Rule(
    "stale",
    Answer.WARN,
    "the last bar lies within an hour of the latest close",
    "Figures made of it are marked STALE: deliver the bars.",
)
STOPPED = Rule(
    "stopped",
    Answer.QUARANTINE,
    "the latest session has a bar",
    "That session has no order flow: deliver its bars.",
)
BAR_RULES = (
    *(UNDESCRIBED, NOTHING, UNSORTED, MISSING, MOSTLY_BAD),
    *(REPEATED, CONFLICTING, BAD_BAR, SILENT, STALE, STOPPED),
)
_PRICES = ("open", "high", "low", "close")


@dataclass(frozen=True, slots=True)
class BarCoverage:
    """Sessions, from the first bar of an instrument to its last, and those without a bar."""

    expected: pd.DatetimeIndex
    missing: pd.DatetimeIndex


def examine_bars(
    events: EventRows,
    instruments: Mapping[str, Instrument],
    sessions: Mapping[str, pd.DatetimeIndex],
) -> dict[str, BarCoverage]:
    """Every rule of bars within the day.

    Parameters
    ----------
    events : EventRows
    instruments : mapping of name to Instrument
    sessions : mapping of name to DatetimeIndex
        Expected sessions up to the as-of.

    Returns
    -------
    dict of instrument to BarCoverage
    """
    key = ["instrument", "time"]
    rows = events.rows
    events.drop(REPEATED, rows.duplicated([*key, *_PRICES, "volume"]).to_numpy(), "given twice")
    events.drop(
        CONFLICTING,
        events.rows.duplicated(key, keep=False).to_numpy(),
        "given twice with different values",
    )
    events.drop(BAD_BAR, _bad(events.rows, instruments), "whose prices or volume are no bar's")
    events.reject(instruments)
    found: dict[str, BarCoverage] = {}
    for name, mine in events.rows.groupby("instrument", observed=True):
        expected = sessions.get(str(name), pd.DatetimeIndex([]))
        if str(name) in instruments and len(expected):
            instrument = replace(instruments[str(name)], lag_sessions=0)
            found[str(name)] = _coverage(
                events, instrument, pd.DatetimeIndex(mine["time"]), expected
            )
    return found


def _bad(rows: pd.DataFrame, instruments: Mapping[str, Instrument]) -> NDArray[np.bool_]:
    open_, high, low, close = (rows[name].to_numpy(dtype=np.float64) for name in _PRICES)
    by_log = [name for name, instrument in instruments.items() if instrument.move == "log"]
    zero = rows["instrument"].isin(by_log).to_numpy() & (low <= 0.0)
    inside = (open_ >= low) & (open_ <= high) & (close >= low) & (close <= high)
    return ~inside | zero | (rows["volume"].to_numpy(dtype=np.float64) < 0.0)


def _coverage(
    events: EventRows, instrument: Instrument, time: pd.DatetimeIndex, sessions: pd.DatetimeIndex
) -> BarCoverage:
    """What one instrument lacks: sessions, hours within one, and the latest bars."""
    name = instrument.name
    closes = close_instants(instrument, sessions)
    of = closes.searchsorted(time, side="left")  # the session a bar belongs to: the next to close
    inside = np.flatnonzero(of < len(sessions))
    has = np.zeros(len(sessions), dtype=np.bool_)
    has[of[inside]] = True
    held = np.flatnonzero(has)
    if not held.size:
        return BarCoverage(sessions[:0], sessions[:0])
    span = slice(held[0], held[-1] + 1)
    life, lacking = sessions[span], sessions[span][~has[span]]
    if over_limit(len(lacking), len(life)):
        found = (
            f"misses {len(lacking) / len(life):.1%} of the sessions {life[0]:%Y-%m-%d}.."
            f"{life[-1]:%Y-%m-%d} (limit 5%). Rejected; the {len(lacking)} dates are in feeds.json."
        )
        events.breaches.append(Breach(MISSING, name, len(lacking), first_five(lacking), found))
    silent = _silent(time[inside], of[inside], closes)
    if len(silent):
        shown = first_five(sessions[silent])
        count = several(len(silent), "session")
        found = f"has {count} with over an hour of trading without a bar, first {shown[0]}."
        events.breaches.append(Breach(SILENT, name, len(silent), shown, found))
    behind = len(sessions) - 1 - int(held[-1])
    last = f"{time[-1]:%Y-%m-%dT%H:%MZ}"
    if behind:
        gone = sessions[-behind:]
        found = f"has no bar on its latest {several(behind, 'session')}; its last ends at {last}."
        breach = Breach(STOPPED, name, behind, first_five(gone), found, cells=gone)
        events.breaches.append(breach)
    elif closes[-1] - time[inside[-1]] > LONGEST_SILENCE:
        found = f"stopped at {last}, over an hour before the close of {sessions[-1]:%Y-%m-%d}."
        events.breaches.append(Breach(STALE, name, 1, (last,), found))
    return BarCoverage(life, lacking)


def _silent(
    time: pd.DatetimeIndex, of: NDArray[np.intp], closes: pd.DatetimeIndex
) -> NDArray[np.intp]:
    """Sessions with more than an hour between the ends of two bars, or before the first one.

    When trading begins is taken from the bars: where the first of a session usually ends, less
    the usual distance between bars.
    """
    ends, same = time.as_unit("ns").asi8, np.diff(of) == 0
    steps = np.diff(ends)
    usual = int(np.median(steps[same])) if same.any() else LONGEST_SILENCE.value
    most = max(LONGEST_SILENCE.value, usual)
    first = np.flatnonzero(np.append(True, ~same))
    before_close = closes.as_unit("ns").asi8[of[first]] - ends[first]
    opened = int(np.median(before_close)) + usual
    late = opened - before_close > most
    return np.unique(np.concatenate([of[1:][same & (steps > most)], of[first][late]]))
