"""One table of instants taken apart into feeds, with all that its rules found."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import pandas as pd

from features.instruments import Instrument
from validation.feed_rules.events import (
    HEADLINE_RULES,
    ORDER_RULES,
    QUOTE_RULES,
    EventRows,
    examine_headlines,
    examine_orders,
    examine_quotes,
)
from validation.feed_rules.intraday import BAR_RULES, BarCoverage, examine_bars
from validation.feed_rules.rules import Rule
from validation.feed_rules.table import LINE, Examined, described

EVENT_RULES: Mapping[str, tuple[Rule, ...]] = MappingProxyType(
    {
        "intraday": BAR_RULES,
        "quotes": QUOTE_RULES,
        "orders": ORDER_RULES,
        "headlines": HEADLINE_RULES,
    }
)


def examine_events(
    table: str,
    rows: pd.DataFrame,
    instruments: Mapping[str, Instrument],
    *,
    sessions: Mapping[str, pd.DatetimeIndex],
    known_by: pd.Timestamp,
) -> Examined:
    """Every rule of every series of ``intraday``, ``quotes``, ``orders`` or ``headlines``.

    Parameters
    ----------
    table : str
    rows : DataFrame
        As read, the series categorical.
    instruments : mapping of name to Instrument
        Those that are described.
    sessions : mapping of instrument to DatetimeIndex
        Expected sessions up to the as-of; only bars are held to them.
    known_by : pandas.Timestamp
        UTC; nothing later is looked at.

    Returns
    -------
    Examined
        ``rows`` are in order of time, and without those that are quarantined.
    """
    about_market = table == "headlines"
    series, instant = ("source", "available_at") if about_market else ("instrument", "time")
    events = EventRows(rows, series=series, instant=instant, known_by=known_by)
    coverage: dict[str, BarCoverage] = {}
    if table == "intraday":
        coverage = examine_bars(events, instruments, sessions)
    elif table == "quotes":
        examine_quotes(events, instruments)
    elif table == "orders":
        examine_orders(events, instruments)
    else:
        examine_headlines(events, instruments)
    nothing = pd.DatetimeIndex([])
    lines: list[dict[str, object]] = []
    for name, dates in events.spans():
        held = coverage.get(name, BarCoverage(nothing, nothing))
        lines.append(described(name, held.expected, held.missing, dates))
    feeds = pd.DataFrame(lines, columns=list(LINE))
    return Examined(feeds, tuple(events.breaches), events.rows, {})
