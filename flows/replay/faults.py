"""Planted faults: a feed in the wrong unit, and a champion whose numbers are too small."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path

import pandas as pd

from features.sources.directory import read_market
from flows.daily import SessionInputs

_PRICES = ("open", "high", "low", "close")


def wrong_unit(
    directory: Path, out: Path, *, instrument: str, dates: Collection[pd.Timestamp], factor: float
) -> Path:
    """A copy of a market directory in which a feed came in another unit on some dates.

    Parameters
    ----------
    directory : Path
        Market directory; it stays as it is.
    out : Path
        Directory to make.
    instrument : str
    dates : collection of Timestamp
        Its prices on these dates are multiplied.
    factor : float
        E.g. 100, for cents in place of dollars.
    """
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    raw = read_market(directory)
    for name, identity in raw.identity.items():
        target = out / identity.file
        target.parent.mkdir(parents=True, exist_ok=True)
        if name != "prices":
            shutil.copyfile(directory / identity.file, target)
    prices = raw.tables["prices"].drop(columns="row")
    hit = (prices["instrument"] == instrument) & prices["date"].isin(list(dates))
    for column in _PRICES:
        if column in prices:
            prices.loc[hit, column] *= factor
    prices["instrument"] = prices["instrument"].astype(str)
    prices.to_parquet(out / "prices.parquet", index=False)
    return out


def too_small(inputs: SessionInputs, *, version: int, factor: float) -> SessionInputs:
    """A session in which a version's VaR and ES are multiplied, as by a lost scale.

    Parameters
    ----------
    inputs : SessionInputs
    version : int
        Place of the version in the ledger.
    factor : float
        Below one.
    """
    forecasts = inputs.forecasts.copy()
    hit = forecasts["version"] == version
    forecasts.loc[hit, ["var", "es"]] *= factor
    return replace(inputs, forecasts=forecasts)


def widest_held(portfolios: Mapping[str, Mapping[str, float]]) -> str:
    """Instrument that most books hold, but not all of them; of several the first by name.

    One that every book holds is the answer only where there is no other: without it no book could
    be forecast, and a session that told nothing would be no session.
    """
    held = [name for holdings in portfolios.values() for name in holdings]
    return min(
        set(held),
        key=lambda name: (held.count(name) == len(portfolios), -held.count(name), name),
    )
