"""The feed gate: judges a raw market directory, and says what survives and why not the rest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import PurePath
from typing import Any

import pandas as pd

from features.findings import Answer, Finding
from features.instruments import Instrument, instruments_from
from features.positions import positions_from
from features.pricing_market import pricing_market
from features.sources.directory import RawMarket
from features.sources.lobster import FOLDER
from validation.feed_rules.books import BOOK_RULES, book
from validation.feed_rules.event_table import EVENT_RULES, examine_events
from validation.feed_rules.expectations import judged, summary
from validation.feed_rules.pricing import quotes
from validation.feed_rules.proxies import owners, proxies
from validation.feed_rules.rules import Breach, Rule
from validation.feed_rules.table import (
    RULES,
    Examined,
    examine_prices,
    examine_releases,
    last_origin,
)
from validation.positions import PositionVerdict, judge_positions
from validation.verdicts import Verdicts, worst

_RULES: Mapping[str, tuple[Rule, ...]] = {**RULES, **EVENT_RULES}
SUITES: Mapping[str, tuple[Rule, ...]] = {**_RULES, "portfolios": BOOK_RULES}
_RELEASES = ("macro", "news")
_COLUMNS = (
    *("table", "series", "answer", "excluded", "expected", "missing", "missing_share", "imputed"),
    *("quarantined", "first", "last", "reason"),
    *("missing_dates", "quarantined_dates", "break_dates"),
)
_KEYS = {
    "prices": ("instrument", "close"),
    "macro": ("series", "value"),
    "news": ("series", "value"),
    "headlines": ("source", ""),
}
"""Column that names the series of a table, and the one whose value a quarantine takes away."""
_NOTHING = pd.DatetimeIndex([])
BASE = "USD"
"""Currency that books of quantities have to be convertible to; another is the risk command's."""


def judge(raw: RawMarket, *, as_of: pd.Timestamp) -> Verdicts:
    """Judge every series, table and book of a market directory at one as-of.

    Each series is reindexed to its expected sessions first, so that what is absent counts; then
    every rule counts what it finds, and one Great Expectations suite a table decides on the
    counts. Nothing dated, or published, after the as-of is looked at: a print that later
    reverts is held back only from then on.

    Parameters
    ----------
    raw : RawMarket
        A directory as it was read.
    as_of : pandas.Timestamp
        Tz-naive midnight.

    Returns
    -------
    Verdicts
    """
    instruments = instruments_from(raw.tables["instruments"])
    refused = _refused_by_reader(raw)
    present = {name: each for name, each in instruments.items() if ("prices", name) not in refused}
    examined = {"prices": examine_prices(raw.tables["prices"], present, as_of=as_of)}
    known_by = last_origin(instruments, as_of) if instruments else as_of.tz_localize("UTC")
    for table in _RELEASES:
        if table in raw.tables:
            examined[table] = examine_releases(raw.tables[table], as_of=as_of, known_by=known_by)
    for table in EVENT_RULES:
        if table in raw.tables:
            rows, sessions = raw.tables[table], examined["prices"].sessions
            examined[table] = examine_events(
                table, rows, present, sessions=sessions, known_by=known_by
            )

    summaries = {
        table: summary(
            found.feeds[["series", "expected", "missing"]], _RULES[table], found.breaches
        )
        for table, found in examined.items()
        if len(found.feeds)
    }
    broken = judged(summaries, SUITES)
    breaches = {
        table: [b for b in found.breaches if (table, b.series, b.rule.name) in broken]
        for table, found in examined.items()
    }
    closes = last_closes(examined["prices"].rows)
    files = {table: identity.file for table, identity in raw.identity.items()}
    for table, breach in quotes(raw.tables, as_of=as_of, closes=closes):
        refused.setdefault((table, breach.series), breach.finding(files[table]))
    if "proxies" in raw.tables:
        for breach in proxies(raw.tables["proxies"], instruments, owners(raw.tables)):
            refused.setdefault(("proxies", breach.series), breach.finding(files["proxies"]))
    feeds = _feeds(examined, breaches, refused)
    books, book_breaches, book_summary = _judge_books(raw, instruments, feeds)
    gone = set(feeds.loc[feeds["excluded"], ["table", "series"]].itertuples(index=False, name=None))
    market = pricing_market(
        raw.tables,
        instruments=instruments,
        closes={name: close for name, close in closes.items() if ("prices", name) not in gone},
        as_of=as_of,
        excluded=gone,
    )
    # A book with a cell that could not be read is refused: its rest is another book.
    unread = set(books.loc[books["excluded"], "book"])
    left_out = {table: _told(feeds, table) for table in ("prices", "curves", "credit", "vols")}
    held = {
        name: judge_positions(
            name, positions_from(frame), market, base_currency=BASE, left_out=left_out
        )
        for name, frame in raw.positions.items()
        if name not in unread
    }
    books = _with_positions(books, held)
    if len(book_summary):
        summaries["portfolios"] = book_summary
    findings = [
        *raw.findings,
        *(refused[key] for key in refused if refused[key] not in raw.findings),
        *(each for verdict in held.values() for each in verdict.findings),
        *(b.finding(files.get(table, FOLDER)) for table, found in breaches.items() for b in found),
        *(b.finding(files[f"portfolios/{b.series}"]) for b in book_breaches),
    ]
    rows = {table: _surviving(examined, breaches, table, gone) for table in ("prices", *_RELEASES)}
    prices = breaches["prices"]
    return Verdicts(
        as_of=as_of,
        snapshot=raw.snapshot,
        tables={name: asdict(identity) for name, identity in raw.identity.items()},
        findings=tuple(findings),
        feeds=feeds,
        books=books,
        rejected_tables=_rejected_tables(raw),
        prices=rows["prices"],
        macro=rows["macro"],
        news=rows["news"],
        events={
            table: _surviving(examined, breaches, table, gone)
            for table in EVENT_RULES
            if table in examined
        },
        sessions={
            name: dates
            for name, dates in examined["prices"].sessions.items()
            if ("prices", name) not in gone
        },
        quarantined=_dates(prices, "cells"),
        breaks=_dates(prices, "moves"),
        summaries=summaries,
        positions={name: verdict.kept for name, verdict in held.items() if not verdict.rejected},
        set_aside={name: verdict.quarantined for name, verdict in held.items()},
        pricing=market,
    )


def _told(feeds: pd.DataFrame, table: str) -> list[str]:
    """What was left out of one table, and why."""
    gone = feeds[(feeds["table"] == table) & feeds["excluded"]]
    return [
        f"{series}, which {str(reason).removesuffix('.')}"
        for series, reason in zip(gone["series"], gone["reason"], strict=True)
    ]


def _refused_by_reader(raw: RawMarket) -> dict[tuple[str, str], Finding]:
    """Series that could not be read, by table; a refused description costs the prices."""
    found: dict[tuple[str, str], Finding] = {}
    for finding in raw.findings:
        table = PurePath(finding.table).stem
        if finding.answer is Answer.REJECT and finding.series and "/" not in finding.table:
            found.setdefault(
                ("prices" if table == "instruments" else table, finding.series), finding
            )
    return found


def _feeds(
    examined: Mapping[str, Examined],
    breaches: Mapping[str, Sequence[Breach]],
    refused: Mapping[tuple[str, str], Finding],
) -> pd.DataFrame:
    """One row a series, in the order of the tables; those the reader refused last."""
    lines: list[dict[str, Any]] = []
    for table, found in examined.items():
        for line in found.feeds.to_dict(orient="records"):
            against = [b for b in breaches[table] if b.series == line["series"]]
            lines.append({"table": table, **line, **_answer(against)})
    lines += [
        {
            "table": table,
            "series": series,
            "answer": Answer.REJECT,
            "excluded": True,
            "reason": finding.message,
            "missing_dates": [],
            "quarantined_dates": [],
            "break_dates": [],
        }
        for (table, series), finding in refused.items()
    ]
    frame = pd.DataFrame(lines)
    for column in ("expected", "missing", "imputed", "quarantined"):
        frame[column] = frame[column].fillna(0).astype(int)
    share = frame["missing"] / frame["expected"].where(frame["expected"] > 0)
    frame["missing_share"] = share.fillna(0.0)
    return frame[list(_COLUMNS)]


def _answer(against: Sequence[Breach]) -> dict[str, Any]:
    """The worst answer to one feed. A model that is refused does not make its feed so."""

    def answer(breach: Breach) -> Answer:
        own = breach.rule.answer
        return Answer.WARN if own is Answer.REJECT and not breach.rule.excludes else own

    answers = [answer(breach) for breach in against]
    level = worst(answers)
    decisive = [b for b, each in zip(against, answers, strict=True) if each is level]
    decisive.sort(key=lambda breach: not breach.rule.excludes)
    quarantined = _merged(breach.cells for breach in against)
    return {
        "answer": level,
        "excluded": any(breach.rule.excludes for breach in against),
        "imputed": 0,
        "quarantined": len(quarantined),
        "reason": decisive[0].found if decisive else "",
        "quarantined_dates": list(quarantined),
        "break_dates": list(_merged(breach.moves for breach in against)),
    }


def _judge_books(
    raw: RawMarket, instruments: Mapping[str, Instrument], feeds: pd.DataFrame
) -> tuple[pd.DataFrame, list[Breach], pd.DataFrame]:
    """Every book, what is against it, and the summary that was judged."""
    of_prices = feeds[(feeds["table"] == "prices") & feeds["excluded"]]
    reasons = zip(of_prices["answer"], of_prices["reason"], strict=True)
    excluded = dict(zip(of_prices["series"], reasons, strict=True))
    found = [
        breach
        for name, positions in raw.portfolios.items()
        for breach in book(name, positions, instruments=instruments, excluded=excluded)
    ]
    listed = pd.DataFrame({"series": list(raw.portfolios)}, dtype=object)
    counted = summary(listed, BOOK_RULES, found)
    broken = judged({"portfolios": counted}, SUITES) if len(counted) else frozenset()
    kept = [b for b in found if ("portfolios", b.series, b.rule.name) in broken]
    unread = {
        PurePath(finding.table).stem: finding
        for finding in raw.findings
        if finding.answer is Answer.REJECT and finding.table.startswith("portfolios/")
    }
    lines: list[dict[str, Any]] = []
    for name in sorted({*raw.portfolios, *unread}):
        against = [breach for breach in kept if breach.series == name]
        answer = _answer(against)
        if name in unread:
            answer |= {"answer": Answer.REJECT, "excluded": True, "reason": unread[name].message}
        zero = any(breach.rule.name == "zero_risk" for breach in against)
        lines.append({"book": name, "zero_risk": zero and not answer["excluded"], **answer})
    columns = ["book", "answer", "excluded", "zero_risk", "reason"]
    return pd.DataFrame(lines, columns=columns), kept, counted


def last_closes(prices: pd.DataFrame) -> dict[str, float]:
    """Last finite close of each instrument, from rows up to the as-of."""
    known = prices[prices["close"].notna()].sort_values("date", kind="stable")
    last = known.groupby(known["instrument"].astype(str))["close"].last()
    return {str(name): float(close) for name, close in last.items()}


def _with_positions(books: pd.DataFrame, held: Mapping[str, PositionVerdict]) -> pd.DataFrame:
    """The books with those of quantities; one the reader refused stays refused."""
    lines = [
        {
            "book": name,
            "answer": worst([each.answer for each in verdict.findings]),
            "excluded": verdict.rejected,
            "zero_risk": any(each.rule == "zero_risk" for each in verdict.findings),
            "reason": verdict.findings[0].message if verdict.findings else "",
        }
        for name, verdict in held.items()
        if name not in set(books["book"])
    ]
    if not lines:
        return books
    whole = pd.concat([books, pd.DataFrame(lines)]) if len(books) else pd.DataFrame(lines)
    return whole.sort_values("book", ignore_index=True)


def _surviving(
    examined: Mapping[str, Examined],
    breaches: Mapping[str, Sequence[Breach]],
    table: str,
    gone: set[tuple[str, str]],
) -> pd.DataFrame:
    """Rows of the series that were not left out, quarantined values NaN."""
    if table not in examined:
        return pd.DataFrame()
    series, value = _KEYS.get(table, ("instrument", ""))
    rows = examined[table].rows
    out = rows[series].isin([name for where, name in gone if where == table])
    kept = rows[~out] if out.any() else rows
    if not value:  # of what happened at an instant, quarantined rows are gone already
        return kept.reset_index(drop=True)
    kept = kept.copy()
    held_back = [
        (name, date) for name, dates in _dates(breaches[table], "cells").items() for date in dates
    ]
    if held_back:
        keys = pd.MultiIndex.from_arrays([kept[series].astype(str), kept["date"]])
        kept.loc[keys.isin(held_back), value] = float("nan")
    return kept


def _rejected_tables(raw: RawMarket) -> tuple[str, ...]:
    return tuple(
        dict.fromkeys(
            finding.table
            for finding in raw.findings
            if finding.answer is Answer.REJECT
            and not finding.series
            and not finding.table.startswith("portfolios/")
        )
    )


def _dates(breaches: Iterable[Breach], which: str) -> dict[str, pd.DatetimeIndex]:
    """Quarantined cells, or broken moves, of each series."""
    found: dict[str, pd.DatetimeIndex] = {}
    for breach in breaches:
        dates = getattr(breach, which)
        if len(dates):
            found[breach.series] = found.get(breach.series, _NOTHING).union(dates)
    return found


def _merged(many: Iterable[pd.DatetimeIndex]) -> pd.DatetimeIndex:
    merged = _NOTHING
    for dates in many:
        merged = merged.union(dates)
    return merged
