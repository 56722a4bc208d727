"""From the moves of a scenario set to those of every factor of a book, and by which stand-ins."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from features.instruments import Move
from models.instruments.risk_factors import Factor, FactorScenarios

_HELD = ("volatility", "credit", "rate", "default")
"""Groups that may stay where they are if nothing stands in for them; it is said of each."""


@dataclass(frozen=True, slots=True)
class Source:
    """One series of a scenario set.

    Attributes
    ----------
    name : str
    move : {"log", "diff"}
    last : float
        Level that a move starts from.
    """

    name: str
    move: Move
    last: float = float("nan")


@dataclass(frozen=True, slots=True)
class Proxy:
    """What moves a factor that no series of the scenario set is named like.

    Attributes
    ----------
    source : str
        A series of the set.
    beta : float
        Move of the factor for a move of 1 of the source. A zero rate is in decimals, a ``rate``
        series of a market directory in percent: between them lies 0.01. To a factor that moves
        by logarithm a ``diff`` series hands on the logarithm of its ratio to its last level.
    reason : str
        Why, where somebody said so.
    """

    source: str
    beta: float = 1.0
    reason: str = ""


def factor_scenarios(
    factors: Sequence[Factor],
    sources: Sequence[Source],
    moves: Float[np.ndarray, "path step asset"],
    *,
    proxies: Mapping[str, Proxy] | None = None,
) -> FactorScenarios:
    """Scenarios of a book's factors, over all steps of a scenario set.

    A factor takes the proxy that is said for its very name; else the series of that name; else the
    proxy of its owner or kind; else the node of the same curve, issuer or surface nearest in tenor
    (then in strike) that has one of these. What is left of volatilities, spreads, rates and
    defaults is held where it is today, and said so.

    Parameters
    ----------
    factors : sequence of Factor
    sources : sequence of Source
        In the order of the axis ``asset``.
    moves : array of shape (path, step, asset)
        Of each step, in each series' own move.
    proxies : mapping of factor, or of the beginning of its name, to Proxy, optional
        ``credit:ACME:5`` for one factor, ``credit:ACME`` for all tenors of an issuer, ``credit``
        for all issuers; the longest that fits counts. So do ``curve:USD`` and ``vol:ACME``.

    Returns
    -------
    FactorScenarios
        Its notes name every factor that was not moved by a series of its own name.

    Raises
    ------
    ValueError
        If a price or exchange rate has neither a series nor a proxy, or a proxy no source.
    """
    total = moves.sum(axis=1)
    index = {source.name: column for column, source in enumerate(sources)}
    found = np.zeros((len(factors), len(moves))).T  # a factor at a time is written, and read
    named: dict[str, int] = {}
    left: list[int] = []
    notes: list[str] = []
    said = proxies or {}
    for row, factor in enumerate(factors):
        own = Proxy(factor.name) if factor.name in index else _proxy(factor, said)
        proxy = said.get(factor.name, own)
        if proxy is None:
            left.append(row)
            continue
        if proxy.source not in index:
            raise ValueError(
                f"proxies: {factor.name} is to follow {proxy.source!r}, which is no series of the "
                f"scenario set ({', '.join(sorted(index)[:10])}). Name one of them."
            )
        column = index[proxy.source]
        found[:, row] = _taken(total[:, column], sources[column], factor, proxy.beta)
        named[factor.name] = row
        if proxy.source != factor.name:
            why = f" ({proxy.reason})" if proxy.reason else ""
            notes.append(f"{factor.name} moves by {proxy.beta:g} times {proxy.source}{why}")
    notes += list(_from_neighbours(factors, left, named, found))
    return FactorScenarios(tuple(factors), found, tuple(notes))


def held(factors: Iterable[Factor], paths: int) -> FactorScenarios:
    """Scenarios in which nothing moves yet: to be shocked factor by factor."""
    rows = tuple(factors)
    return FactorScenarios(rows, np.zeros((paths, len(rows))))


def _proxy(factor: Factor, proxies: Mapping[str, Proxy]) -> Proxy | None:
    """The proxy said for a factor, its owner or its group, the closest first."""
    parts = factor.name.split(":")
    for size in range(len(parts), 0, -1):
        if (name := ":".join(parts[:size])) in proxies:
            return proxies[name]
    return None


def _taken(
    move: Float[np.ndarray, " path"], source: Source, factor: Factor, beta: float
) -> Float[np.ndarray, " path"]:
    if source.move == "log" or factor.move == "diff":
        return beta * move
    ratio = (source.last + move) / source.last
    if not (np.isfinite(ratio).all() and (ratio > 0.0).all()):
        raise ValueError(
            f"{factor.name} moves by logarithm and follows {source.name}, which goes from "
            f"{source.last:g} to {source.last + move[~(ratio > 0.0)][0]:g} in a scenario: there "
            "is no logarithm of that. Give it another proxy."
        )
    return beta * np.log(ratio)


def _from_neighbours(
    factors: Sequence[Factor],
    left: Sequence[int],
    named: Mapping[str, int],
    found: Float[np.ndarray, "path factor"],
) -> Iterator[str]:
    """Fill the factors that are left from their own kind, and say how."""
    stuck: dict[str, list[str]] = {}
    families: dict[tuple[str, str], list[Factor]] = {}
    for at in named.values():
        if factors[at].group != "default":
            families.setdefault((factors[at].group, factors[at].owner), []).append(factors[at])
    for row in left:
        factor = factors[row]
        if kin := families.get((factor.group, factor.owner)):
            near = min(kin, key=lambda other: _distance(other, factor))
            found[:, row] = found[:, named[near.name]]
            yield f"{factor.name} moves like {near.name}"
        elif factor.group in _HELD:
            stuck.setdefault(factor.group, []).append(factor.name)
        else:
            raise ValueError(
                f"{factor.name} is held by the book and moves in no scenario. Add its series to "
                f"the scenario set, or a proxy for it: it is never taken as riskless."
            )
    for group, names in stuck.items():
        if group != "default":  # nobody defaults unless a scenario says so
            shown = ", ".join(names[:3]) + (" and others" if len(names) > 3 else "")
            yield f"{len(names)} {group} factors stay where they are ({shown})"


def _distance(one: Factor, other: Factor) -> tuple[float, float]:
    return abs(one.tenor - other.tenor), abs(one.strike - other.strike)
