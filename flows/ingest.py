"""From a market directory to what the flows may use: read, judge, drop, fill."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from features.imputation import impute
from features.instruments import instruments_from
from features.market import MarketData, truncate
from features.sources.directory import RawMarket, read_market
from flows.feed_table import FeedFiles
from flows.outputs import json_bytes, publish, staging, write_whole
from flows.refusal import RefusedError
from flows.settings import state_root
from validation.feed_rules.data_docs import write_data_docs
from validation.feeds import SUITES, judge
from validation.verdicts import Verdicts

BARS = ("open", "high", "low", "volume", "dollar_volume")


@dataclass(frozen=True, slots=True)
class Ingested:
    """A market that passed the gate, and what the gate said.

    Attributes
    ----------
    market : MarketData
    verdicts : Verdicts
    """

    market: MarketData
    verdicts: Verdicts


def ingest(directory: Path, *, as_of: pd.Timestamp | None = None) -> Ingested:
    """Read a market directory, judge it, and go on with what survives.

    Rejected series and series quarantined as a whole are dropped, and so are the books that hold
    them; gaps and quarantined closes of the rest are imputed and flagged. A close that is missing
    at a series' latest session is never filled.

    Parameters
    ----------
    directory : Path
    as_of : pandas.Timestamp, optional
        Tz-naive midnight; by default the last date in prices. Nothing later is used.

    Returns
    -------
    Ingested

    Raises
    ------
    UnreadableError
        If a required table cannot be read.
    RefusedError
        If nothing usable is left, or no price is dated by the as-of.
    """
    raw = read_market(directory)
    return Ingested(*_assembled(raw, judge(raw, as_of=_as_of(raw, as_of))))


def judged(directory: Path, *, as_of: pd.Timestamp | None = None) -> Verdicts:
    """Read a market directory and judge it; see `ingest`."""
    raw = read_market(directory)
    return judge(raw, as_of=_as_of(raw, as_of))


def last_session(directory: Path, *, as_of: pd.Timestamp | None = None) -> pd.Timestamp:
    """As-of that `ingest` would take, read without judging anything."""
    return _as_of(read_market(directory), as_of)


def exit_code(verdicts: Verdicts) -> int:
    """2 if any series, table or book was rejected, else 0."""
    return 2 if verdicts.rejected else 0


def write_feeds(verdicts: Verdicts, out_dir: Path | None = None) -> FeedFiles:
    """Write ``feeds.json`` and the Great Expectations Data Docs.

    Parameters
    ----------
    verdicts : Verdicts
    out_dir : Path, optional
        By default ``feeds/<snapshot>`` under the state root.
    """
    directory = out_dir or state_root() / "feeds" / verdicts.snapshot
    docs = directory / "data_docs"
    with staging(directory) as beside:
        write_data_docs(verdicts.summaries, SUITES, beside / "data_docs")
        shutil.rmtree(docs, ignore_errors=True)
        publish(beside / "data_docs", docs)
    write_whole(directory / "feeds.json", json_bytes(verdicts.to_json()))
    return FeedFiles(json=directory / "feeds.json", docs=docs / "index.html")


def _as_of(raw: RawMarket, as_of: pd.Timestamp | None) -> pd.Timestamp:
    dates = raw.tables["prices"]["date"]
    file = raw.identity["prices"].file
    if dates.empty:
        raise RefusedError(f"{file}: no series could be read. Repair the cells listed above.")
    if as_of is None:
        return pd.Timestamp(dates.max())
    if as_of < dates.min():
        raise RefusedError(
            f"as_of must not lie before the first date of {file}, {dates.min():%Y-%m-%d}, got "
            f"{as_of:%Y-%m-%d}. Choose a later one."
        )
    return as_of


def _assembled(raw: RawMarket, verdicts: Verdicts) -> tuple[MarketData, Verdicts]:
    every = instruments_from(raw.tables["instruments"])
    instruments = {name: every[name] for name in every if name in verdicts.sessions}
    if not instruments:
        raise RefusedError(
            f"{raw.identity['prices'].file}: no series passed the feed gate. "
            f"Run `foreshock validate --data {raw.directory}` and repair what it lists."
        )
    names = list(instruments)
    index = pd.DatetimeIndex(np.unique(np.concatenate(list(verdicts.sessions.values()))))
    rows = verdicts.prices

    def wide(column: str) -> pd.DataFrame:
        found = rows.pivot(index="date", columns="instrument", values=column)
        return found.reindex(index=index, columns=names).rename_axis(index=None, columns=None)

    expected = _flags(verdicts.sessions, index, names)
    close = wide("close").where(expected)
    breaks = _flags(verdicts.breaks, index, names)
    filled = impute(close, instruments=instruments, sessions=verdicts.sessions, breaks=breaks)
    late = expected & close[::-1].notna().cumsum()[::-1].eq(0)  # nothing at or after the date
    market = MarketData(
        instruments=instruments,
        close=filled.close.mask(late),
        imputed=filled.imputed & ~late,
        bars={column: wide(column).where(close.notna()) for column in BARS if column in rows},
        sessions=verdicts.sessions,
        macro=_published(verdicts.macro),
        news=_published(verdicts.news),
        portfolios=_books(raw, verdicts),
        snapshot=verdicts.snapshot,
        as_of=verdicts.as_of,
        breaks=breaks,
        **{table: rows.drop(columns="row") for table, rows in verdicts.events.items()},
    )
    counts = market.imputed.sum()
    of_prices = verdicts.feeds["table"] == "prices"
    imputed = verdicts.feeds["series"].map(counts).where(of_prices).fillna(0).astype(int)
    feeds = verdicts.feeds.assign(imputed=imputed)
    return truncate(market, verdicts.as_of), replace(verdicts, feeds=feeds)


def _flags(
    dates: Mapping[str, pd.DatetimeIndex], index: pd.DatetimeIndex, names: list[str]
) -> pd.DataFrame:
    """True on the dates of each name."""
    flags = np.zeros((len(index), len(names)), dtype=np.bool_)
    for column, name in enumerate(names):
        if name in dates:
            flags[index.get_indexer(dates[name].intersection(index)), column] = True
    return pd.DataFrame(flags, index, names)


def _published(rows: pd.DataFrame) -> pd.DataFrame:
    """Macro or news as MarketData holds it, in the order of publication."""
    columns = ["date", "series", "value", "available_at", "vintage"]
    if rows.empty:
        rows = pd.DataFrame({name: [] for name in columns}).astype(
            {"date": "datetime64[ns]", "value": float, "available_at": "datetime64[ns, UTC]"}
        )
    known = rows[np.isfinite(rows["value"])].assign(series=rows["series"].astype(str))
    known["vintage"] = known["vintage"].astype(str) if "vintage" in known else ""
    ordered = known.sort_values(["available_at", "series", "date"], kind="stable")
    return ordered[columns].reset_index(drop=True)


def _books(raw: RawMarket, verdicts: Verdicts) -> dict[str, dict[str, float]]:
    refused = set(verdicts.books.loc[verdicts.books["excluded"], "book"])
    return {
        name: dict(zip(positions["instrument"].astype(str), positions["weight"], strict=True))
        for name, positions in raw.portfolios.items()
        if name not in refused
    }
