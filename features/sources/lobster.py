"""Order books as LOBSTER writes them: a file of messages beside a file of the book after each.

``lobster/AAPL_2012-06-21_34200000_57600000_message_10.csv`` and its ``orderbook`` become rows of
``orders`` and of ``quotes``. Neither file has a header; times are seconds after midnight in New
York, prices ten-thousandths of a dollar.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pcsv
from numpy.typing import NDArray
from pandas.api.types import union_categoricals

from features.findings import Finding, UnreadableError
from features.sources.files import RawFile, check_shape, first_line, no_data, open_inside, refusal

FOLDER = "lobster"
TICK = 10_000.0
"""Units of a price in a dollar."""
NOBODY = 9_999_999_999.0
"""Price, above or below zero, of a level at which nobody rests."""
_NAME = re.compile(
    r"(?:.*_)?(?P<ticker>[^_]+)_(?P<date>\d{4}-\d{2}-\d{2})(?:_\d+_\d+)?_message_\d+\.csv"
)
_MESSAGE = ("time", "kind", "order", "size", "price", "direction")
_KINDS = {1: "limit", 2: "cancel", 3: "cancel", 4: "trade", 5: "trade", 6: "trade"}
_CROSS, _HALT = 6, 7
_SECONDS_A_DAY = 86_400


class LobsterFiles(NamedTuple):
    """What the pairs of a market directory hold.

    Attributes
    ----------
    quotes, orders : list of DataFrame
        One a pair, with the columns of the tables of that name; depths are over all levels.
    read : list of (file, sha256, rows)
        Every file that was opened.
    findings : list of Finding
        A pair that cannot be read is left out, and is a rejection.
    """

    quotes: list[pd.DataFrame]
    orders: list[pd.DataFrame]
    read: list[tuple[str, str, int]]
    findings: list[Finding]


def lobster_files(root: Path, *, latest: pd.Timestamp) -> LobsterFiles:
    """Every pair of the folder ``lobster`` of a market directory.

    Parameters
    ----------
    root : Path
    latest : pandas.Timestamp
        Last date that is not in the future.

    Returns
    -------
    LobsterFiles
        Empty where there is no such folder. The number of levels is that of the book's columns.

    References
    ----------
    Huang and Polak (2011), *LOBSTER: limit order book reconstruction system*.
    """
    found = LobsterFiles([], [], [], [])
    for path in _messages(root):
        try:
            file = open_inside(root, path)
            book = _partner(root, path)
            found.read.extend((each.name, each.sha256(), 0) for each in (file, book))
            quotes, orders = _pair(file, book, latest)
        except UnreadableError as error:
            found.findings.append(error.finding)
            continue
        found.read[-2:] = [(name, content, len(quotes)) for name, content, _ in found.read[-2:]]
        found.quotes.append(quotes)
        found.orders.append(orders)
    return found


def stacked(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """Frames of one table below each other, absent columns empty, texts still categorical."""
    names = dict.fromkeys(name for frame in frames for name in frame.columns)
    columns: dict[str, object] = {}
    for name in names:
        of = next(frame[name] for frame in frames if name in frame)
        if isinstance(of.dtype, pd.CategoricalDtype):
            parts = [
                frame[name] if name in frame else pd.Categorical([""] * len(frame))
                for frame in frames
            ]
            columns[name] = union_categoricals(parts, sort_categories=True)
        else:
            absent = [pd.Series(np.nan, frame.index) for frame in frames]
            parts = [frame.get(name, nan) for frame, nan in zip(frames, absent, strict=True)]
            columns[name] = pd.concat(parts, ignore_index=True)
    return pd.DataFrame(columns)


def _messages(root: Path) -> Iterator[Path]:
    folder = root / FOLDER
    if folder.is_dir():
        yield from sorted(path for path in folder.iterdir() if _NAME.fullmatch(path.name))


def _partner(root: Path, path: Path) -> RawFile:
    book = path.with_name("_orderbook_".join(path.name.rsplit("_message_", 1)))
    if not book.exists():
        raise refusal(
            path.relative_to(root).as_posix(),
            "missing_book",
            f"has no {book.name} beside it.",
            "LOBSTER delivers both: put the book beside its messages.",
        )
    return open_inside(root, book)


def _pair(file: RawFile, book: RawFile, latest: pd.Timestamp) -> tuple[pd.DataFrame, pd.DataFrame]:
    name = _NAME.fullmatch(Path(file.name).name)
    if name is None:
        raise ValueError(f"file is not named like LOBSTER's messages: {file.name!r}.")
    messages, levels = _numbers(file), _numbers(book)
    _check(file, book, messages, levels)
    message = dict(zip(_MESSAGE, messages.T, strict=True))
    instants = _instants(file.name, name["date"], message["time"], latest)
    about = {
        "time": instants,
        "instrument": pd.Categorical.from_codes(
            np.zeros(len(instants), dtype=np.int8), categories=[name["ticker"]]
        ),
    }
    rows = np.arange(1, len(instants) + 1)
    quotes = pd.DataFrame({**about, **_best(levels), "row": rows})
    kind = message["kind"].astype(np.int64)
    # The direction is that of the order at rest: who hits it trades the other way.
    side = np.where(message["direction"] > 0, "buy", "sell")
    other = np.where(message["direction"] > 0, "sell", "buy")
    traded = np.isin(kind, [code for code, word in _KINDS.items() if word == "trade"])
    orders = pd.DataFrame(
        {
            **about,
            "side": pd.Categorical(np.where(kind == _CROSS, "", np.where(traded, other, side))),
            "size": message["size"],
            "price": message["price"] / TICK,
            "kind": pd.Categorical(pd.Series(kind).map(_KINDS).fillna("")),
            "row": rows,
        }
    )
    return quotes, orders[kind != _HALT].reset_index(drop=True)


def _numbers(file: RawFile) -> NDArray[np.float64]:
    """All cells of a file without a header, as an array of shape (row, column)."""
    columns = file.data[: file.data.find(b"\n")].count(b",") + 1
    check_shape(file.name, [str(number) for number in range(columns)], file.data.count(b"\n"))
    options = pcsv.ReadOptions(autogenerate_column_names=True)
    types = {f"f{number}": pa.float64() for number in range(columns)}
    try:
        table = pcsv.read_csv(
            pa.BufferReader(file.data),
            read_options=options,
            convert_options=pcsv.ConvertOptions(column_types=types, null_values=[]),
        )
    except pa.ArrowInvalid as error:
        raise refusal(
            file.name,
            "not_lobster",
            f"does not hold numbers in rows of one length ({first_line(error)}).",
            "Deliver the file as LOBSTER wrote it, without a header.",
        ) from error
    if not table.num_rows:
        raise no_data(file.name)
    cells = np.column_stack([column.to_numpy() for column in table.columns])
    if not np.isfinite(cells).all():
        row = int(np.flatnonzero(~np.isfinite(cells).all(axis=1))[0]) + 1
        message = f"has a cell that is not finite in row {row}."
        raise refusal(file.name, "not_finite", message, "Correct the source.", f"row {row}")
    return cells


def _check(
    file: RawFile, book: RawFile, messages: NDArray[np.float64], levels: NDArray[np.float64]
) -> None:
    """Refuse files that are not two halves of one book."""
    remedy = "Deliver both files as LOBSTER wrote them."
    if messages.shape[1] != len(_MESSAGE):
        found = f"has {messages.shape[1]} columns where messages have {len(_MESSAGE)}."
        raise refusal(file.name, "not_lobster", found, remedy)
    if levels.shape[1] % 4:
        found = f"has {levels.shape[1]} columns; each level has four (ask, size, bid, size)."
        raise refusal(book.name, "not_lobster", found, remedy)
    if len(messages) != len(levels):
        found = f"has {len(levels):,} rows beside {len(messages):,} messages."
        raise refusal(book.name, "unpaired_book", found, remedy)
    unknown = sorted(set(messages[:, 1]) - {*_KINDS, _HALT})
    if unknown:
        found = f"has messages of type {unknown[0]:g}, which LOBSTER does not document."
        raise refusal(file.name, "unknown_kind", found, remedy)


def _instants(
    name: str, date: str, seconds: NDArray[np.float64], latest: pd.Timestamp
) -> pd.DatetimeIndex:
    if not ((seconds >= 0) & (seconds < _SECONDS_A_DAY)).all():
        message = "has times that are no seconds after midnight."
        remedy = "Check the unit: LOBSTER counts seconds, with decimals."
        raise refusal(name, "epoch_unit", message, remedy)
    day = pd.to_datetime(date, errors="coerce")
    if day is pd.NaT or day > latest:
        message = f"is dated {date}, which is no date up to today ({latest:%Y-%m-%d})."
        raise refusal(name, "future_date", message, "Correct the date in its name.")
    midnight = pd.Timestamp(day).tz_localize("America/New_York").tz_convert("UTC")
    return midnight.as_unit("ns") + pd.to_timedelta(np.rint(seconds * 1e9).astype(np.int64), "ns")


def _best(levels: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """Best quotes, and depth over all levels; NaN where nobody rests on a side."""
    ask, ask_size, bid, bid_size = (levels[:, side::4] for side in range(4))
    there = {"bid": np.abs(bid) < NOBODY, "ask": np.abs(ask) < NOBODY}
    sizes = {"bid": bid_size, "ask": ask_size}
    return {
        "bid": np.where(there["bid"][:, 0], bid[:, 0] / TICK, np.nan),
        "ask": np.where(there["ask"][:, 0], ask[:, 0] / TICK, np.nan),
        **{f"{side}_size": np.where(there[side], sizes[side], 0.0)[:, 0] for side in there},
        **{f"{side}_depth": np.where(there[side], sizes[side], 0.0).sum(axis=1) for side in there},
    }
