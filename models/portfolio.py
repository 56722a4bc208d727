"""Scenarios to P&L: the only place where its sign is made.

P&L is the market value in a scenario less the market value today, in the base currency: a gain is
positive, for long and short positions alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from jaxtyping import Float

from features.positions import Position
from features.pricing_market import PricingMarket
from models.instruments.book import PricedBook
from models.instruments.risk_factors import FactorScenarios
from models.instruments.sensitivities import Quadratic

AT_ONCE = 1024
"""Paths valued together: what they need on the way fits into a processor's cache."""
ASSET_CLASSES: Mapping[str, str] = {
    "equity": "equity",
    "fx_spot": "fx",
    "fx_forward": "fx",
    "bond": "rates",
    "frn": "rates",
    "irs": "rates",
    "cds": "credit",
}

PathPnl = Float[np.ndarray, "path position"]


def position_pnl(book: PricedBook, scenarios: FactorScenarios) -> PathPnl:
    """P&L of every position on every path, by full revaluation.

    Parameters
    ----------
    book : PricedBook
    scenarios : FactorScenarios
        Of the book's factors, in its order.

    Returns
    -------
    array of shape (path, position)
        In the base currency; a gain is positive. Columns add up to the book's P&L.

    Raises
    ------
    ValueError
        If the factors are not the book's, or a value is not finite.
    """
    _check(book, scenarios)
    found = np.empty((len(scenarios.moves), len(book.positions)))
    # Chunks side by side, each on one thread: threads that share small operations wait for one
    # another, and on a busy machine for most of the time. A thread that is new has to be told so.
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        today = torch.from_numpy(book.today())[:, None]

        def value(start: int) -> None:
            some = np.ascontiguousarray(scenarios.moves[start : start + AT_ONCE].T)
            gain = book.moved(torch.from_numpy(some)) - today
            found[start : start + AT_ONCE] = gain.numpy().T

        if len(found) <= AT_ONCE:
            value(0)
        else:
            with ThreadPoolExecutor(
                threads, initializer=torch.set_num_threads, initargs=(1,)
            ) as pool:
                list(pool.map(value, range(0, len(found), AT_ONCE)))
    finally:
        torch.set_num_threads(threads)
    _finite(found, book)
    return found


def grouped_pnl(
    book: PricedBook, chunks: Iterable[FactorScenarios], labels: Sequence[str]
) -> dict[str, Float[np.ndarray, " path"]]:
    """P&L of each group of positions, over scenarios that come a chunk at a time.

    Positions are added up before the next chunk is asked for, so that memory does not grow with
    their number.

    Parameters
    ----------
    book : PricedBook
    chunks : iterable of FactorScenarios
    labels : sequence of str
        Group of each position: its book, its desk, its asset class.

    Returns
    -------
    dict of group to array of shape (path,)
        A gain is positive.

    Raises
    ------
    ValueError
        As `position_pnl`; or if there is not one label a position.
    """
    if len(labels) != len(book.positions):
        raise ValueError(
            f"labels must hold one group a position, got {len(labels)} for "
            f"{len(book.positions)}. Label every position, in the book's order."
        )
    names = list(dict.fromkeys(labels))
    member = np.array([[label == name for name in names] for label in labels], dtype=np.float64)
    member = member.reshape(len(labels), len(names))
    parts = [position_pnl(book, chunk) @ member for chunk in chunks]
    whole = np.concatenate(parts) if parts else np.empty((0, len(names)))
    return {name: whole[:, column] for column, name in enumerate(names)}


def factor_pnl(
    book: PricedBook, scenarios: FactorScenarios
) -> dict[str, Float[np.ndarray, " path"]]:
    """P&L of the whole book when only one group of factors moves, for each group.

    ``joint`` is the rest of the full P&L: what groups do together and none alone. All of them add
    up to the full P&L exactly.
    """
    groups = list(dict.fromkeys(factor.group for factor in book.factors))
    of_factor = np.array([factor.group for factor in book.factors])
    full = position_pnl(book, scenarios).sum(axis=1)
    found: dict[str, Float[np.ndarray, " path"]] = {}
    for group in groups:
        moves = np.where(of_factor == group, scenarios.moves, 0.0)
        alone = FactorScenarios(scenarios.factors, moves)
        found[group] = position_pnl(book, alone).sum(axis=1)
    found["joint"] = full - np.sum(list(found.values()), axis=0) if found else full
    return found


def revaluation_gap(
    book: PricedBook, fast: Quadratic, scenarios: FactorScenarios
) -> Float[np.ndarray, " path"]:
    """How far the fast mode's P&L of the book lies above full revaluation, on each path."""
    return fast.total(scenarios.moves) - position_pnl(book, scenarios).sum(axis=1)


def asset_class(position: Position, market: PricingMarket) -> str:
    """Asset class of a position: of an option or a future that of what it is on."""
    if position.type == "future" and position.coupon is not None:
        return "rates"
    if position.type in ASSET_CLASSES:
        if position.type in ("bond", "frn") and position.issuer:
            return "credit"
        return ASSET_CLASSES[position.type]
    underlying = market.instruments[position.underlying]
    if underlying.kind == "fx":
        return "fx"
    if "commodity" in underlying.asset_class:
        return "commodity"
    return "rates" if "bond" in underlying.asset_class else "equity"


def _check(book: PricedBook, scenarios: FactorScenarios) -> None:
    ours = [factor.name for factor in book.factors]
    theirs = [factor.name for factor in scenarios.factors]
    if ours != theirs or scenarios.moves.shape[1] != len(ours):
        odd = sorted(set(ours) ^ set(theirs))[:5]
        what = f"they differ in {', '.join(odd)}" if odd else "they stand in another order"
        raise ValueError(
            f"scenarios must hold the book's {len(ours)} factors in its order, got {len(theirs)}: "
            f"{what}. Make them by factor_scenarios(book.factors, ...)."
        )


def _finite(pnl: PathPnl, book: PricedBook) -> None:
    if np.isfinite(pnl).all():
        return
    path, place = (int(each[0]) for each in np.nonzero(~np.isfinite(pnl)))
    raise ValueError(
        f"pnl of {book.positions[place].instrument} is {pnl[path, place]} on path {path}. "
        "A factor moved beyond what its price can take; a path is never dropped."
    )
