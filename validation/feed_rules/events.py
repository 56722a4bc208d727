"""Quotes, orders and headlines: what is true of every row of a table of instants."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.asof import ticks
from features.findings import Answer
from features.instruments import Instrument
from validation.feed_rules.keys import UNSORTED
from validation.feed_rules.rules import Breach, Rule, first_five, several
from validation.feed_rules.sessions import over_limit

UNDESCRIBED = Rule(
    "unlisted",
    Answer.REJECT,
    "every instrument is described in instruments",
    "Describe it in instruments, or remove its rows.",
    excludes=True,
)
NOTHING = Rule(
    "nothing_usable",
    Answer.REJECT,
    "a series has at least one usable row by the as-of",
    "Fill the series in, or remove it: no data is not no risk.",
    excludes=True,
)
MOSTLY_BAD = Rule(
    "too_much_quarantined",
    Answer.REJECT,
    "at most 5% of the rows of a series are quarantined",
    "Repair the rows at the source; until then none of them is used.",
    excludes=True,
)
CROSSED = Rule(
    "crossed_quotes",
    Answer.QUARANTINE,
    "no bid lies above the ask beside it",
    "These quotes are not used; check whether bid and ask are swapped.",
)
LOCKED = Rule(
    "locked_quotes",
    Answer.WARN,
    "no bid equals the ask beside it",
    "Nothing to do: they count as a spread of zero nowhere.",
)
BAD_QUOTE = Rule(
    "bad_quotes",
    Answer.QUARANTINE,
    "prices that are quoted lie above zero, and sizes not below it",
    "These quotes are not used; leave price and size of an absent side empty.",
)
BAD_ORDER = Rule(
    "bad_orders",
    Answer.QUARANTINE,
    "sizes and prices lie above zero",
    "These rows are not used; correct them at the source.",
)
BLANK = Rule(
    "blank_headlines",
    Answer.WARN,
    "every headline has words",
    "They were left out; nothing to do if that is meant.",
)
REPEATED = Rule(
    "repeated_headlines",
    Answer.WARN,
    "no headline is given twice at one instant for one instrument",
    "They were read once; remove them at the source.",
)
STRANGERS = Rule(
    "unlisted_instruments",
    Answer.WARN,
    "headlines speak of instruments that are described",
    "They are read as news of the whole market; describe the instruments if that is not meant.",
)

_SHARED = (NOTHING, UNSORTED)
QUOTE_RULES = (UNDESCRIBED, *_SHARED, MOSTLY_BAD, CROSSED, LOCKED, BAD_QUOTE)
ORDER_RULES = (UNDESCRIBED, *_SHARED, MOSTLY_BAD, BAD_ORDER)
HEADLINE_RULES = (*_SHARED, BLANK, REPEATED, STRANGERS)


class EventRows:
    """Rows of one event table, in order of time, and what was found against them.

    Attributes
    ----------
    rows : DataFrame
        Those that are left, sorted by instant; rows of one instant in the order of the file.
    breaches : list of Breach
    """

    def __init__(
        self, rows: pd.DataFrame, *, series: str, instant: str, known_by: pd.Timestamp
    ) -> None:
        """Sort the rows known by an instant, and remember which series were not sorted."""
        self._series, self._instant = series, instant
        self._names = rows[series].cat.categories
        self.breaches: list[Breach] = []
        known = (rows[instant] <= known_by).to_numpy()
        seen = rows if known.all() else rows[known]
        time, codes = ticks(pd.DatetimeIndex(seen[instant])), seen[series].cat.codes.to_numpy()
        by_series = np.argsort(codes, kind="stable")
        back = (np.diff(codes[by_series]) == 0) & (np.diff(time[by_series]) < 0)
        late = np.zeros(len(seen), dtype=np.bool_)
        late[by_series[1:][back]] = True
        self.rows = seen
        self.warn(UNSORTED, late, "before the row above")
        if (np.diff(time) < 0).any():
            self.rows = seen.iloc[np.argsort(time, kind="stable")]
        self.given = self._count(np.ones(len(seen), dtype=np.bool_))
        self.quarantined = np.zeros(len(self._names), dtype=np.int64)

    def warn(self, rule: Rule, wrong: NDArray[np.bool_], what: str) -> None:
        """Say which rows of each series break a rule; they stay."""
        for code in np.flatnonzero(self._count(wrong)):
            mine = self.rows[wrong & (self.rows[self._series].cat.codes == code).to_numpy()]
            shown = first_five(
                f"row {row} at {time:%Y-%m-%dT%H:%M:%S.%fZ}"
                for row, time in zip(mine["row"].head(), mine[self._instant].head(), strict=True)
            )
            found = f"has {several(len(mine), 'row')} {what}, first {shown[0]}."
            cells = pd.DatetimeIndex([])
            if rule.answer is Answer.QUARANTINE:
                cells = pd.DatetimeIndex(_dates(mine[self._instant]).unique())
            name = str(self._names[code])
            self.breaches.append(Breach(rule, name, len(mine), shown, found, cells=cells))

    def drop(self, rule: Rule, wrong: NDArray[np.bool_], what: str) -> None:
        """The same, and take them out."""
        if wrong.any():
            self.warn(rule, wrong, what)
            if rule.answer is Answer.QUARANTINE:
                self.quarantined += self._count(wrong)
            self.rows = self.rows[~wrong]

    def reject(self, known: Collection[str] | None) -> None:
        """Series that are nobody's, that have nothing left, or that are mostly bad.

        Parameters
        ----------
        known : collection of str, optional
            Instruments that are described; None where series are no instruments.
        """
        left = self._count(np.ones(len(self.rows), dtype=np.bool_))
        for code in np.flatnonzero(self.given):
            name, bad, given = str(self._names[code]), int(self.quarantined[code]), self.given[code]
            if known is not None and name not in known:
                found = "has rows but is not described in instruments."
                self.breaches.append(Breach(UNDESCRIBED, name, int(given), (), found))
            elif not left[code]:
                found = f"has no usable row by the as-of; {several(int(given), 'row')} are none."
                self.breaches.append(Breach(NOTHING, name, int(given), (), found))
            elif over_limit(bad, int(given)):
                rows = several(int(given), "row")
                found = f"has {bad} of {rows} in quarantine (limit 5%). Rejected."
                self.breaches.append(Breach(MOSTLY_BAD, name, bad, (), found))

    def spans(self) -> Iterator[tuple[str, pd.DatetimeIndex]]:
        """Dates, in UTC, on which each series that was given has a row that is left."""
        codes, dates = (
            self.rows[self._series].cat.codes.to_numpy(),
            _dates(self.rows[self._instant]),
        )
        for code in np.flatnonzero(self.given):
            yield str(self._names[code]), pd.DatetimeIndex(dates[codes == code].unique())

    def _count(self, which: NDArray[np.bool_]) -> NDArray[np.int64]:
        codes = self.rows[self._series].cat.codes.to_numpy()
        return np.bincount(codes[which], minlength=len(self._names))


def examine_quotes(events: EventRows, instruments: Mapping[str, Instrument]) -> None:
    """Every rule of quotes, row by row. A side without a price is no fault: nobody stands there."""
    rows = events.rows
    bid, ask = (rows[side].to_numpy(dtype=np.float64) for side in ("bid", "ask"))
    wrong = np.zeros(len(rows), dtype=np.bool_)
    positive = _positive(rows, instruments)
    for price, size in ((bid, "bid_size"), (ask, "ask_size")):
        shown = rows[size].to_numpy(dtype=np.float64)
        wrong |= (shown < 0.0) | (positive & (price <= 0.0) & (shown != 0.0))
    events.drop(BAD_QUOTE, wrong, "with a price not above zero or a size below it")
    bid, ask = bid[~wrong], ask[~wrong]
    stand = (bid != 0.0) & (ask != 0.0)
    events.warn(LOCKED, stand & (bid == ask), "whose bid equals the ask")
    events.drop(CROSSED, stand & (bid > ask), "whose bid lies above the ask")
    events.reject(instruments)


def examine_orders(events: EventRows, instruments: Mapping[str, Instrument]) -> None:
    """Every rule of orders and trades, row by row."""
    rows = events.rows
    size = rows["size"].to_numpy(dtype=np.float64)
    wrong = ~(size > 0.0)
    if "price" in rows:
        wrong |= _positive(rows, instruments) & (rows["price"].to_numpy(dtype=np.float64) <= 0.0)
    events.drop(BAD_ORDER, wrong, "with a size or price not above zero")
    events.reject(instruments)


def examine_headlines(events: EventRows, instruments: Mapping[str, Instrument]) -> None:
    """Every rule of headlines. Their words are data: they are shown nowhere in a finding."""
    events.drop(
        BLANK, (events.rows["text"].astype(str).str.strip() == "").to_numpy(), "without words"
    )
    whole = [name for name in ("available_at", "text", "instrument") if name in events.rows]
    events.drop(REPEATED, events.rows.duplicated(whole).to_numpy(), "that repeat another")
    if "instrument" in events.rows:
        strange = ~events.rows["instrument"].isin(["", *instruments]).to_numpy()
        events.warn(STRANGERS, strange, "about instruments that are not described")
    events.reject(None)


def _positive(rows: pd.DataFrame, instruments: Mapping[str, Instrument]) -> NDArray[np.bool_]:
    """Rows of instruments whose prices cannot fall to zero: those that move by their logarithm."""
    by_log = [name for name, instrument in instruments.items() if instrument.move == "log"]
    return rows["instrument"].isin(by_log).to_numpy()


def _dates(instants: pd.Series) -> pd.Series:
    return instants.dt.tz_localize(None).dt.normalize()
