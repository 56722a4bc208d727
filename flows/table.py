"""The forecast table: one row per (origin, portfolio, model, alpha, horizon)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from features.returns import History, compounded
from flows.settings import MODELS
from models.base import TailForecast

_STRINGS = ("portfolio", "model")
SCHEMA = pa.schema(
    [
        ("origin", pa.timestamp("ns")),
        ("target", pa.timestamp("ns")),
        *((name, pa.dictionary(pa.int32(), pa.string())) for name in _STRINGS),
        ("alpha", pa.float64()),
        ("horizon", pa.int32()),
        *((name, pa.float64()) for name in ("var", "es", "pnl", "pit", "sigma")),
    ]
)


@dataclass(frozen=True, slots=True)
class Block:
    """Forecasts of one portfolio by one model; one entry per origin.

    Attributes
    ----------
    horizon : int
        Sessions from origin to target.
    origin, target : DatetimeIndex of shape (origin,)
    var, es : array of shape (origin, level)
    pnl, pit, sigma : array of shape (origin,)
    """

    portfolio: str
    model: str
    horizon: int
    origin: pd.DatetimeIndex
    target: pd.DatetimeIndex
    var: NDArray[np.float64]
    es: NDArray[np.float64]
    pnl: NDArray[np.float64]
    pit: NDArray[np.float64]
    sigma: NDArray[np.float64]


def block(
    history: History,
    model: str,
    forecast: TailForecast,
    *,
    alphas: Sequence[float],
    start: pd.Timestamp,
    end: pd.Timestamp,
    upcoming: pd.DatetimeIndex | None,
) -> Block:
    """What one model says of one series, at the levels and origins that are wanted.

    Parameters
    ----------
    history : History
    forecast : TailForecast
        One row per date of the history; rows without a forecast are left out. It is judged by the
        compounded return over its horizon, which is no P&L where any session in it is unclean.
    alphas : sequence of float
        Among the forecast's levels.
    start, end : Timestamp
        First and last origin.
    upcoming : DatetimeIndex or None
        Next expected sessions after the last date, the targets of the last origins; None where the
        series has ended. Origins whose target is not among the dates and these are left out.
    """
    horizon = forecast.horizon
    dates = history.dates.to_numpy()
    sessions = dates if upcoming is None else np.concatenate([dates, upcoming.to_numpy()])
    following = np.full(len(dates), np.datetime64("NaT", "ns"))
    ahead = sessions[horizon : horizon + len(dates)]
    following[: len(ahead)] = ahead
    clean = np.where(history.clean, history.returns, np.nan)
    realised = compounded(clean, horizon=horizon)
    wanted = np.flatnonzero(
        (dates >= start.to_datetime64())
        & (dates <= end.to_datetime64())
        & ~np.isnat(following)
        & np.isfinite(forecast.sigma)
    )
    levels = np.array([forecast.alphas.index(alpha) for alpha in alphas], dtype=np.intp)
    pnl = realised[wanted]
    return Block(
        portfolio=history.name,
        model=model,
        horizon=horizon,
        origin=pd.DatetimeIndex(dates[wanted]),
        target=pd.DatetimeIndex(following[wanted]),
        var=forecast.var[np.ix_(wanted, levels)],
        es=forecast.es[np.ix_(wanted, levels)],
        pnl=pnl,
        # A return that is no P&L has no place in the forecast distribution either.
        pit=np.where(np.isfinite(pnl), forecast.pit[wanted], np.nan),
        sigma=forecast.sigma[wanted],
    )


def assemble(blocks: Iterable[Block], *, alphas: Sequence[float]) -> pd.DataFrame:
    """The table of many blocks, ordered by portfolio, model, alpha and origin.

    Portfolios are in alphabetical order and models in that of `flows.settings.MODELS`, whatever
    the order of the blocks. Names are categories.
    """
    ordered = sorted(blocks, key=lambda one: (one.portfolio, MODELS.index(one.model)))
    portfolios = sorted({one.portfolio for one in ordered})
    models = [name for name in MODELS if any(one.model == name for one in ordered)]
    count = len(alphas)

    def per_row(values: Callable[[Block], NDArray[Any]]) -> NDArray[Any]:
        return np.concatenate([values(one) for one in ordered])

    def names(of: Callable[[Block], str], known: list[str]) -> pd.Categorical:
        codes = [np.full(one.var.size, known.index(of(one)), dtype=np.int16) for one in ordered]
        return pd.Categorical.from_codes(np.concatenate(codes), categories=known)

    return pd.DataFrame(
        {
            "origin": per_row(lambda one: np.tile(one.origin, count)),
            "target": per_row(lambda one: np.tile(one.target, count)),
            "portfolio": names(lambda one: one.portfolio, portfolios),
            "model": names(lambda one: one.model, models),
            "alpha": per_row(lambda one: np.repeat(np.asarray(alphas), len(one.origin))),
            "horizon": per_row(lambda one: np.full(one.var.size, one.horizon, dtype=np.int32)),
            "var": per_row(lambda one: one.var.T.ravel()),
            "es": per_row(lambda one: one.es.T.ravel()),
            "pnl": per_row(lambda one: np.tile(one.pnl, count)),
            "pit": per_row(lambda one: np.tile(one.pit, count)),
            "sigma": per_row(lambda one: np.tile(one.sigma, count)),
        },
        copy=False,
    )


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write a table as Parquet; equal tables give equal bytes.

    Nothing but the rows goes into the file: no index, no pandas metadata, no time of writing.
    Names are read back as text.
    """
    columns = [
        pa.array(table[field.name], from_pandas=True).cast(field.type)  # NaN becomes null
        for field in SCHEMA
    ]
    pq.write_table(
        pa.Table.from_arrays(columns, schema=SCHEMA),
        path,
        version="2.6",
        compression="zstd",
        row_group_size=1 << 20,
        store_schema=False,
    )
