"""Small market directories for the gate: written as a user would write them, and read back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from features.sources.directory import RawMarket, read_market

Written = Callable[..., Path]
Read = Callable[..., RawMarket]


@pytest.fixture(scope="session")
def write_market(tmp_path_factory: pytest.TempPathFactory) -> Written:
    """Writes a directory from frames: prices by series, what describes them, and the rest."""

    def write(
        prices: Any,
        *,
        about: Mapping[str, Mapping[str, object] | None] | None = None,
        books: Mapping[str, Mapping[str, object] | str] | None = None,
        **tables: pd.DataFrame,
    ) -> Path:
        directory = tmp_path_factory.mktemp("market")
        table: pd.DataFrame = prices if isinstance(prices, pd.DataFrame) else long(prices)
        about = about or {}
        names = list(dict.fromkeys([*table["instrument"], *about]))
        names = [name for name in names if about.get(name, {}) is not None]
        described = {
            "asset_class": "equity", "currency": "USD", "kind": "price", "move": "log",
            "calendar": "XNYS", "close_time": "16:00", "timezone": "America/New_York",
        }  # fmt: skip
        rows = [{"instrument": name, **described, **(about.get(name) or {})} for name in names]
        pd.DataFrame(rows).to_csv(directory / "instruments.csv", index=False)
        table.to_csv(directory / "prices.csv", index=False)
        for other, frame in tables.items():
            frame.to_csv(directory / f"{other}.csv", index=False)
        (directory / "portfolios").mkdir()
        for name, held in (books or {}).items():
            text = (
                held
                if isinstance(held, str)
                else "".join(f"{instrument},{weight}\n" for instrument, weight in held.items())
            )
            (directory / "portfolios" / f"{name}.csv").write_text("instrument,weight\n" + text)
        return directory

    return write


@pytest.fixture(scope="session")
def raw_market(write_market: Written) -> Read:
    """Like ``write_market``, and read back."""
    return lambda prices, **others: read_market(write_market(prices, **others))


@pytest.fixture(scope="session")
def walk() -> Callable[..., pd.Series]:
    """Healthy closes on given dates: a random walk of 1% a session around 100."""

    def closes(dates: pd.DatetimeIndex, seed: int = 0, step: float = 0.01) -> pd.Series:
        moves = np.random.default_rng(seed).normal(0.0, step, len(dates))
        return pd.Series(100.0 * np.exp(np.cumsum(moves)), dates).round(6)

    return closes


def long(prices: Mapping[str, pd.Series]) -> pd.DataFrame:
    """Rows of date, instrument, close."""
    return pd.concat(
        [
            pd.DataFrame({"date": closes.index, "instrument": name, "close": closes.to_numpy()})
            for name, closes in prices.items()
        ]
    )
