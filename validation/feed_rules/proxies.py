"""Proxies that the user states: of what, by what, and how far."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import numpy as np
import pandas as pd

from features.findings import Answer
from validation.feed_rules.rules import Breach, Rule

_SERIES = {
    "curve": ("curves", "curve"),
    "credit": ("credit", "issuer"),
    "vol": ("vols", "underlying"),
}
"""Table and column that name the owners of each kind of factor."""


def _rejects(name: str, expectation: str, remedy: str) -> Rule:
    return Rule(name, Answer.REJECT, expectation, remedy, excludes=True)


UNKNOWN_FACTOR = _rejects(
    "unknown_factor",
    "a proxy stands in for a factor that there is",
    "Name an instrument, or curve:NAME, credit:ISSUER, vol:UNDERLYING with or without tenor, or "
    "one of these words alone for all of its kind.",
)
UNKNOWN_PROXY = _rejects(
    "unknown_proxy",
    "what stands in is an instrument of the market",
    "Describe it in instruments and prices, or name one that is there.",
)
ITSELF = _rejects(
    "its_own_proxy", "nothing stands in for itself", "Remove the row: a series moves by itself."
)
CHAINED = _rejects(
    "chained_proxy",
    "what stands in has no proxy of its own",
    "Name the last of the chain, with the product of the betas.",
)
BAD_BETA = _rejects(
    "bad_beta",
    "a beta is finite and not zero",
    "Give the move of the factor for a move of 1 of the proxy; a factor never stands still in "
    "silence.",
)
TWICE = _rejects("duplicate_proxy", "a factor has one proxy", "Keep one of the rows.")


def proxies(
    frame: pd.DataFrame, instruments: Collection[str], known: Mapping[str, Collection[str]]
) -> Iterator[Breach]:
    """Every rule of every stated proxy; a factor that breaks one has none.

    Parameters
    ----------
    frame : DataFrame
        Columns factor, proxy, beta, reason.
    instruments : collection of str
        Those that are described.
    known : mapping of {"curve", "credit", "vol"} to collection of str
        Curves, issuers and underlyings that have quotes.
    """
    factors = frame["factor"].astype(str).tolist()
    sources, betas = frame["proxy"].astype(str).tolist(), frame["beta"].to_numpy(dtype=np.float64)
    for factor, source, beta in zip(factors, sources, betas, strict=True):
        if factors.count(factor) > 1:
            yield Breach(TWICE, factor, factors.count(factor), (), "is given more than one proxy.")
        if not _is_factor(factor, instruments, known):
            found = "is no instrument, and no curve, issuer or surface of the market."
            yield Breach(UNKNOWN_FACTOR, factor, 1, (factor,), found)
        if source == factor:
            yield Breach(ITSELF, factor, 1, (source,), "is said to follow itself.")
        elif source not in instruments:
            found = f"is said to follow {source}, which instruments does not describe."
            yield Breach(UNKNOWN_PROXY, factor, 1, (source,), found)
        elif source in factors:
            found = f"is said to follow {source}, which follows something itself."
            yield Breach(CHAINED, factor, 1, (source,), found)
        if not (np.isfinite(beta) and beta != 0.0):
            shown = "nothing" if np.isnan(beta) else f"{beta:g}"
            yield Breach(BAD_BETA, factor, 1, (shown,), f"has a beta of {shown}.")


def owners(tables: Mapping[str, pd.DataFrame]) -> dict[str, set[str]]:
    """Curves, issuers and underlyings that the tables quote."""
    return {
        kind: set(tables[table][column].astype(str)) if table in tables else set[str]()
        for kind, (table, column) in _SERIES.items()
    }


def _is_factor(
    name: str, instruments: Collection[str], known: Mapping[str, Collection[str]]
) -> bool:
    """Whether a name, or the beginning of one, is that of a factor."""
    if name in instruments:
        return True
    kind, _, rest = name.partition(":")
    return kind in known and (not rest or rest.partition(":")[0] in known[kind])
