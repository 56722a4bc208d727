"""What positions are valued with: curves, spreads, volatilities and dividends, series by series."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd
from jaxtyping import Float
from scipy.special import ndtr

from features.findings import Answer
from validation.feed_rules.rules import Breach, Rule, first_five

LARGEST_RATE = 1.0
"""A zero rate or spread of 100% a year: from there on the unit is wrong, or all is lost."""
SLOPE_SLACK = 1e-3
"""Of the price of a call in its strike: forwards are taken to be the last close."""


def _rejects(name: str, expectation: str, remedy: str) -> Rule:
    return Rule(name, Answer.REJECT, expectation, remedy, excludes=True)


MISSING_QUOTE = _rejects(
    "missing_quote", "every quote of the last date has a value", "Fill it in, or drop the node."
)
TWICE = _rejects("duplicate_quote", "no node is quoted twice on one date", "Keep one of them.")
BAD_TENOR = _rejects("bad_tenor", "every tenor is above zero", "Give tenors in years.")
UNIT = _rejects(
    "rate_unit", "rates and spreads are decimals below 1", "Write 5% as 0.05, 120 bp as 0.012."
)
NEGATIVE_SPREAD = _rejects(
    "negative_spread", "no credit spread is below zero", "Check the sign, or leave the issuer out."
)
RECOVERY = _rejects(
    "bad_recovery", "a recovery lies in [0, 1) and is one for an issuer", "Give it as a decimal."
)
VOLATILITY = _rejects("bad_volatility", "every volatility is above zero", "Check the source.")
GRID = _rejects(
    "incomplete_surface", "every expiry quotes the same strikes", "Fill the grid, or drop a strike."
)
CALENDAR = _rejects(
    "calendar_arbitrage",
    "total variance does not fall with the expiry",
    "Take out the node that is stale or mistyped: such a surface can be traded for free money.",
)
BUTTERFLY = _rejects(
    "butterfly_arbitrage",
    "calls fall and are convex in the strike",
    "Take out the node that is stale or mistyped: such a surface can be traded for free money.",
)
NEGATIVE_DIVIDEND = _rejects(
    "negative_dividend", "a dividend is not below zero", "Check its sign, or leave it out."
)


def quotes(
    tables: Mapping[str, pd.DataFrame], *, as_of: pd.Timestamp, closes: Mapping[str, float]
) -> Iterator[tuple[str, Breach]]:
    """Every rule of every series on its last date up to the as-of, with the table of each.

    Parameters
    ----------
    tables : mapping of {"curves", "credit", "vols", "dividends"} to DataFrame
    as_of : pandas.Timestamp
    closes : mapping of instrument to float
        Last closes, to judge volatilities by; an underlying without one has no surface check.
    """
    for name, rows in _latest(tables, "curves", "curve", as_of):
        for breach in _curve(name, rows, "zero_rate"):
            yield "curves", breach
    for name, rows in _latest(tables, "credit", "issuer", as_of):
        for breach in _credit(name, rows):
            yield "credit", breach
    for name, rows in _latest(tables, "vols", "underlying", as_of):
        alive = rows[rows["expiry"] > as_of]
        for breach in _surface(name, alive, as_of, closes.get(name, float("nan"))):
            yield "vols", breach
    if "dividends" in tables:
        frame = tables["dividends"]
        for name, rows in frame.groupby(frame["underlying"].astype(str), sort=True):
            wrong = ~(rows["amount"] >= 0.0)
            if wrong.any():
                dates = pd.DatetimeIndex(rows["ex_date"][wrong])
                found = "pays a dividend that is missing or below zero"
                yield "dividends", _breach(NEGATIVE_DIVIDEND, str(name), list(dates), found)


def _latest(
    tables: Mapping[str, pd.DataFrame], table: str, series: str, as_of: pd.Timestamp
) -> Iterator[tuple[str, pd.DataFrame]]:
    if table not in tables:
        return
    known = tables[table][tables[table]["date"] <= as_of]
    for name, rows in known.groupby(known[series].astype(str), sort=True):
        yield str(name), rows[rows["date"] == rows["date"].max()]


def _curve(name: str, rows: pd.DataFrame, value: str) -> Iterator[Breach]:
    """Rules that zero rates and spreads share."""
    tenors = rows["tenor_years"].to_numpy(dtype=np.float64)
    values = rows[value].to_numpy(dtype=np.float64)
    if (absent := ~np.isfinite(values)).any():
        yield _breach(MISSING_QUOTE, name, _at(tenors, absent), f"has no {value} at some tenors")
    if (bad := ~(tenors > 0.0)).any():
        yield _breach(BAD_TENOR, name, _at(tenors, bad), "has tenors that are not above zero")
    keys = ["tenor_years", "seniority"] if "seniority" in rows else ["tenor_years"]
    if (twice := rows.duplicated(keys).to_numpy(dtype=np.bool_)).any():
        yield _breach(TWICE, name, _at(tenors, twice), "quotes a tenor more than once")
    if (wild := np.abs(values) >= LARGEST_RATE).any():
        yield _breach(UNIT, name, _at(tenors, wild), f"has a {value} of 100% or more")


def _credit(name: str, rows: pd.DataFrame) -> Iterator[Breach]:
    yield from _curve(name, rows, "spread")
    tenors = rows["tenor_years"].to_numpy(dtype=np.float64)
    if (below := (rows["spread"] < 0.0).to_numpy(dtype=np.bool_)).any():
        yield _breach(NEGATIVE_SPREAD, name, _at(tenors, below), "has a spread below zero")
    recovery = rows["recovery"].to_numpy(dtype=np.float64)
    if (wrong := ~((recovery >= 0.0) & (recovery < 1.0))).any():
        found = f"has a recovery of {recovery[wrong][0]:g}"
        yield _breach(RECOVERY, name, _at(tenors, wrong), found)
    elif (rows.groupby(rows["seniority"].astype(str))["recovery"].nunique() > 1).any():
        yield _breach(RECOVERY, name, [], "has more than one recovery for a seniority")


def _surface(name: str, rows: pd.DataFrame, as_of: pd.Timestamp, close: float) -> Iterator[Breach]:
    vols = rows["vol"].to_numpy(dtype=np.float64)
    if (wrong := ~(vols > 0.0)).any():
        nodes = [f"{e:%Y-%m-%d} {k:g}" for e, k in rows[["expiry", "strike"]][wrong].to_numpy()]
        yield _breach(
            VOLATILITY, name, nodes, "has volatilities that are missing or not above zero"
        )
        return
    if rows.duplicated(["expiry", "strike"]).any():
        yield _breach(TWICE, name, [], "quotes a node more than once")
        return
    grid = rows.pivot(index="expiry", columns="strike", values="vol").sort_index()
    grid = grid.sort_index(axis="columns")
    if grid.isna().to_numpy().any():
        yield _breach(GRID, name, [], "quotes some strikes for some expiries only")
        return
    years = (pd.DatetimeIndex(grid.index) - as_of).days.to_numpy() / 365.0
    total = grid.to_numpy(dtype=np.float64) ** 2 * years[:, None]
    falls = (np.diff(total, axis=0) < -1e-12).any(axis=1)
    if falls.any():
        later = list(pd.DatetimeIndex(grid.index)[1:][falls])
        found = "has less total variance at a later expiry"
        yield _breach(CALENDAR, name, later, found)
    if np.isfinite(close) and close > 0.0 and grid.shape[1] > 1:
        bent = _arbitrage(total, grid.columns.to_numpy(dtype=np.float64), close)
        if bent.any():
            at = list(pd.DatetimeIndex(grid.index)[bent])
            yield _breach(BUTTERFLY, name, at, "has calls that rise with the strike, or bend down")


def _arbitrage(
    total: Float[np.ndarray, "expiry strike"], strikes: Float[np.ndarray, " strike"], close: float
) -> np.ndarray:
    """Expiries at which the price of a call is not falling and convex in the strike."""
    deviation = np.sqrt(total)
    upper = np.log(close / strikes) / deviation + deviation / 2.0
    calls = close * ndtr(upper) - strikes * ndtr(upper - deviation)
    slopes = np.diff(calls, axis=1) / np.diff(strikes)
    out = (slopes > SLOPE_SLACK) | (slopes < -1.0 - SLOPE_SLACK)
    bent = np.diff(slopes, axis=1) < -SLOPE_SLACK
    return out.any(axis=1) | bent.any(axis=1)


def _at(tenors: Float[np.ndarray, " quote"], which: np.ndarray) -> list[str]:
    return [f"{tenor:g} years" for tenor in tenors[which]]


def _breach(rule: Rule, name: str, what: list[str] | list[pd.Timestamp], found: str) -> Breach:
    shown = first_five(what)
    where = f": {', '.join(shown)}" if shown else ""
    return Breach(rule, name, max(1, len(what)), shown, f"{found}{where}.")
