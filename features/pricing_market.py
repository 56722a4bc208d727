"""What positions are valued with at one as-of: closes, curves, spreads, volatilities, dividends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from jaxtyping import Float

from features.instruments import Instrument

DAYS = 365.0
"""A time in years is calendar days over this: that of every curve, spread and volatility."""

Dividends = tuple[tuple[pd.Timestamp, float], ...]


@dataclass(frozen=True, slots=True)
class ZeroCurve:
    """Continuously compounded zero rates of one curve.

    Attributes
    ----------
    tenors : array of shape (node,)
        Years, ascending.
    rates : array of shape (node,)
        Decimal.
    date : pandas.Timestamp
        Of the quotes; at most the as-of.
    """

    tenors: Float[np.ndarray, " node"]
    rates: Float[np.ndarray, " node"]
    date: pd.Timestamp


@dataclass(frozen=True, slots=True)
class CreditCurve:
    """Par spreads of one issuer's credit default swaps, of one seniority.

    Attributes
    ----------
    seniority : str
    tenors, spreads : array of shape (node,)
        Years, ascending; decimal.
    recovery : float
        Fraction of face paid at default, in [0, 1).
    date : pandas.Timestamp
    """

    seniority: str
    tenors: Float[np.ndarray, " node"]
    spreads: Float[np.ndarray, " node"]
    recovery: float
    date: pd.Timestamp


@dataclass(frozen=True, slots=True)
class VolSurface:
    """Black volatilities of one underlying on a grid.

    Attributes
    ----------
    expiries : DatetimeIndex of shape (expiry,)
        Ascending, after the as-of.
    strikes : array of shape (strike,)
        Ascending.
    vols : array of shape (expiry, strike)
        Decimal, a year.
    date : pandas.Timestamp
    """

    expiries: pd.DatetimeIndex
    strikes: Float[np.ndarray, " strike"]
    vols: Float[np.ndarray, "expiry strike"]
    date: pd.Timestamp


@dataclass(frozen=True, slots=True)
class Issuer:
    """Who can default: where it belongs."""

    name: str
    sector: str = ""
    country: str = ""
    counterparty_group: str = ""


@dataclass(frozen=True, slots=True)
class StatedProxy:
    """What the user says that a factor without a series of its own follows.

    Attributes
    ----------
    source : str
        An instrument of the market.
    beta : float
        Move of the factor for a move of 1 of the source.
    reason : str
    """

    source: str
    beta: float
    reason: str


@dataclass(frozen=True, slots=True)
class PricingMarket:
    """Everything a book of quantities is valued with, as known at one as-of.

    Attributes
    ----------
    as_of : pandas.Timestamp
        Tz-naive midnight; no quote is younger.
    instruments : mapping of name to Instrument
    closes : mapping of name to float
        Last close of each instrument at or before the as-of.
    curves : mapping of curve to ZeroCurve
        The currency of a curve is the first three letters of its name: ``USD``, ``EUR_SWAP``.
    credit : mapping of issuer to CreditCurve
        Senior, where there are several seniorities.
    surfaces : mapping of underlying to VolSurface
    dividends : mapping of underlying to sequence of (ex-date, amount)
        Cash paid after the as-of, in order.
    issuers : mapping of issuer to Issuer
    proxies : mapping of factor, or of the beginning of its name, to StatedProxy
    """

    as_of: pd.Timestamp
    instruments: Mapping[str, Instrument]
    closes: Mapping[str, float]
    curves: Mapping[str, ZeroCurve] = field(default_factory=dict[str, ZeroCurve])
    credit: Mapping[str, CreditCurve] = field(default_factory=dict[str, CreditCurve])
    surfaces: Mapping[str, VolSurface] = field(default_factory=dict[str, VolSurface])
    dividends: Mapping[str, Dividends] = field(default_factory=dict[str, Dividends])
    issuers: Mapping[str, Issuer] = field(default_factory=dict[str, Issuer])
    proxies: Mapping[str, StatedProxy] = field(default_factory=dict[str, StatedProxy])

    def years(self, date: pd.Timestamp) -> float:
        """Time from the as-of to a date."""
        return (date - self.as_of).days / DAYS


def pricing_market(
    tables: Mapping[str, pd.DataFrame],
    *,
    instruments: Mapping[str, Instrument],
    closes: Mapping[str, float],
    as_of: pd.Timestamp,
    excluded: Iterable[tuple[str, str]] = (),
) -> PricingMarket:
    """The last quotes at or before an as-of.

    Parameters
    ----------
    tables : mapping of {"curves", "credit", "vols", "dividends", "issuers", "proxies"} to DataFrame
        As they were read; absent ones hold nothing.
    instruments : mapping of name to Instrument
    closes : mapping of name to float
        Last close of each at or before the as-of.
    as_of : pandas.Timestamp
    excluded : iterable of (table, series)
        What the gate left out, e.g. ``("vols", "ACME")``.
    """
    gone = set(excluded)

    def latest(table: str, series: str) -> Iterable[tuple[str, pd.DataFrame]]:
        frame = tables.get(table)
        if frame is None:
            return
        known = frame[frame["date"] <= as_of]
        for name, rows in known.groupby(known[series].astype(str), sort=True):
            if (table, str(name)) not in gone:
                yield str(name), rows[rows["date"] == rows["date"].max()]

    return PricingMarket(
        as_of=as_of,
        instruments=instruments,
        closes=closes,
        curves={name: _curve(rows) for name, rows in latest("curves", "curve")},
        credit={name: _credit(rows) for name, rows in latest("credit", "issuer")},
        surfaces={
            name: _surface(rows[rows["expiry"] > as_of])
            for name, rows in latest("vols", "underlying")
            if (rows["expiry"] > as_of).any()
        },
        dividends=_dividends(tables.get("dividends"), as_of, gone),
        issuers=_issuers(tables.get("issuers")),
        proxies=stated_proxies(tables.get("proxies"), gone),
    )


def stated_proxies(
    frame: pd.DataFrame | None, gone: Iterable[tuple[str, str]] = ()
) -> dict[str, StatedProxy]:
    """The table of proxies, without the factors that the gate left out."""
    if frame is None:
        return {}
    out = {name for table, name in gone if table == "proxies"}
    rows = frame[["factor", "proxy", "beta", "reason"]].itertuples(index=False, name=None)
    return {
        str(factor): StatedProxy(str(source), float(beta), str(reason))
        for factor, source, beta, reason in rows
        if str(factor) not in out
    }


def _curve(rows: pd.DataFrame) -> ZeroCurve:
    ordered = rows.sort_values("tenor_years")
    return ZeroCurve(
        ordered["tenor_years"].to_numpy(dtype=np.float64),
        ordered["zero_rate"].to_numpy(dtype=np.float64),
        ordered["date"].iloc[0],
    )


def _credit(rows: pd.DataFrame) -> CreditCurve:
    """Quotes of the senior debt, else of the seniority that comes first by name."""
    names = sorted(
        rows["seniority"].astype(str).unique(), key=lambda name: (name != "senior", name)
    )
    ordered = rows[rows["seniority"].astype(str) == names[0]].sort_values("tenor_years")
    return CreditCurve(
        names[0],
        ordered["tenor_years"].to_numpy(dtype=np.float64),
        ordered["spread"].to_numpy(dtype=np.float64),
        float(ordered["recovery"].iloc[0]),
        ordered["date"].iloc[0],
    )


def _surface(rows: pd.DataFrame) -> VolSurface:
    grid = rows.pivot(index="expiry", columns="strike", values="vol").sort_index()
    grid = grid.sort_index(axis="columns")
    return VolSurface(
        pd.DatetimeIndex(grid.index),
        grid.columns.to_numpy(dtype=np.float64),
        grid.to_numpy(dtype=np.float64),
        rows["date"].iloc[0],
    )


def _dividends(
    frame: pd.DataFrame | None, as_of: pd.Timestamp, gone: set[tuple[str, str]]
) -> dict[str, Dividends]:
    if frame is None:
        return {}
    ahead = frame[frame["ex_date"] > as_of].sort_values("ex_date")
    return {
        str(name): tuple(zip(rows["ex_date"], rows["amount"].astype(float), strict=True))
        for name, rows in ahead.groupby(ahead["underlying"].astype(str), sort=True)
        if ("dividends", str(name)) not in gone
    }


def _issuers(frame: pd.DataFrame | None) -> dict[str, Issuer]:
    if frame is None:
        return {}
    columns = ["issuer", "sector", "country", "counterparty_group"]
    return {row[0]: Issuer(*row) for row in frame[columns].astype(str).itertuples(index=False)}
