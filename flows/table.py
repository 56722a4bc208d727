"""The forecast table: one row per (origin, portfolio, model, alpha, horizon)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from features.returns import History
from models.base import TailForecast

_FLOATS = ("var", "es", "pnl", "pit", "sigma")
SCHEMA = pa.schema(
    [
        ("origin", pa.timestamp("ns")),
        ("target", pa.timestamp("ns")),
        ("portfolio", pa.string()),
        ("model", pa.string()),
        ("alpha", pa.float64()),
        ("horizon", pa.int32()),
        *((name, pa.float64()) for name in _FLOATS),
    ]
)


def series_rows(
    history: History,
    forecasts: Mapping[str, TailForecast],
    *,
    start: pd.Timestamp,
    end: pd.Timestamp,
    upcoming: pd.Timestamp | None,
) -> pd.DataFrame:
    """Forecasts of one series as rows, ordered by model, alpha and origin.

    Parameters
    ----------
    history : History
    forecasts : mapping of model name to TailForecast
        Each with one row per date of the history.
    start, end : Timestamp
        First and last origin.
    upcoming : Timestamp or None
        Next expected session after the last date, the target of the last origin; None where the
        series has ended, and then its last origin has no row.
    """
    realised = np.where(history.clean, history.returns, np.nan)[1:]
    targets = history.dates[1:]
    if upcoming is not None:
        realised = np.append(realised, np.nan)
        targets = targets.append(pd.DatetimeIndex([upcoming]))
    origins = history.dates[: len(targets)]
    wanted = np.asarray((origins >= start) & (origins <= end))
    blocks = [
        _block(name, forecast, np.flatnonzero(wanted), origins, targets, realised)
        for name, forecast in forecasts.items()
    ]
    rows = pd.concat(blocks, ignore_index=True)
    rows.insert(2, "portfolio", history.name)
    return rows


def _block(
    model: str,
    forecast: TailForecast,
    wanted: np.ndarray,
    origins: pd.DatetimeIndex,
    targets: pd.DatetimeIndex,
    realised: np.ndarray,
) -> pd.DataFrame:
    made = wanted[np.isfinite(forecast.sigma[wanted])]
    levels = len(forecast.alphas)
    pnl = realised[made]
    # A P&L that cannot be realised has no place in the forecast distribution either.
    pit = np.where(np.isfinite(pnl), forecast.pit[made], np.nan)
    return pd.DataFrame(
        {
            "origin": np.tile(origins[made].to_numpy(), levels),
            "target": np.tile(targets[made].to_numpy(), levels),
            "model": model,
            "alpha": np.repeat(forecast.alphas, len(made)),
            "horizon": np.int32(1),
            "var": forecast.var[made].T.ravel(),
            "es": forecast.es[made].T.ravel(),
            "pnl": np.tile(pnl, levels),
            "pit": np.tile(pit, levels),
            "sigma": np.tile(forecast.sigma[made], levels),
        }
    )


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write the table as Parquet; equal tables give equal bytes.

    Nothing but the rows goes into the file: no index, no pandas metadata, no time of writing.
    """
    columns = [
        pa.array(table[field.name], type=field.type, from_pandas=True)
        if field.type != pa.string()
        else _strings(table[field.name])
        for field in SCHEMA
    ]
    pq.write_table(
        pa.Table.from_arrays(columns, schema=SCHEMA),
        path,
        version="2.6",
        compression="zstd",
        row_group_size=1 << 20,
        use_dictionary=["origin", "target", "portfolio", "model", "alpha", "horizon"],
        store_schema=False,
    )


def _strings(column: pd.Series) -> pa.Array:
    codes, names = pd.factorize(column)
    return pa.DictionaryArray.from_arrays(codes, pa.array(names, pa.string())).dictionary_decode()
