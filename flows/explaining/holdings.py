"""Where a book's risk comes from, holding by holding, and what inverted correlations would do."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.market import MarketData

LARGEST = 5
"""Holdings that are turned one by one where all are of one class."""

Parts = tuple[tuple[str, ...], NDArray[np.float64], NDArray[np.float64]]


def holdings_of(market: MarketData, book: str, *, seed: int) -> Parts | str:
    """Holdings of a book, their weights, and their filtered returns; or why there are none."""
    from models.explanations.holdings import filtered_returns

    weights = {name: weight for name, weight in market.portfolios.get(book, {}).items() if weight}
    if not weights:
        return f"not_applicable: {book} is no book of holdings"
    names = tuple(weights)
    try:
        returns = filtered_returns(market, names, seed=seed)
    except ValueError as error:
        return f"not_computable: {error}"
    return names, np.array(list(weights.values())), returns


def contributions(market: MarketData, parts: Parts | str, *, alpha: float) -> dict[str, Any]:
    """Euler contributions of each holding to ES and VaR, the largest first.

    Returns
    -------
    dict
        ``status``, ``sessions``, ``es`` and ``var`` of the book on them, and ``holdings``:
        ``holding, asset_class, weight, es, es_share, var, var_share``. They sum to the book's.
    """
    from models.attribution import es_contributions, var_contributions
    from models.measures import expected_shortfall, value_at_risk

    nothing: dict[str, Any] = {"sessions": 0, "es": None, "var": None, "holdings": []}
    if isinstance(parts, str):
        return {"status": parts, **nothing}
    names, weights, returns = parts
    components = returns * weights
    book = components.sum(axis=1)
    of_es = es_contributions(components, alpha=alpha)
    try:
        of_var = var_contributions(components, alpha=alpha)
    except ValueError as error:
        return {"status": f"not_computable: {error}", **nothing}
    es, var = expected_shortfall(book, alpha=alpha), value_at_risk(book, alpha=alpha)
    return {
        "status": "ok",
        "sessions": len(book),
        "es": es,
        "var": var,
        "holdings": [
            {
                "holding": names[k],
                "asset_class": market.instruments[names[k]].asset_class,
                "weight": float(weights[k]),
                "es": float(of_es[k]),
                "es_share": float(of_es[k] / es) if es > 0.0 else None,
                "var": float(of_var[k]),
                "var_share": float(of_var[k] / var) if var > 0.0 else None,
            }
            for k in np.argsort(-of_es, kind="stable")
        ],
    }


def inverted_correlations(
    market: MarketData, parts: Parts | str, *, alpha: float, seed: int
) -> dict[str, Any]:
    """ES of the book had one block moved against the rest as it moved with it, the worst block.

    Blocks are asset classes; of a book of one class, its largest holdings one by one.

    Returns
    -------
    dict
        ``status``, ``block``, ``blocks`` tried, ``ratio`` of ES, ``distance`` of the projection
        onto matrices that can be, and ``change`` of the correlations.
    """
    from models.explanations.holdings import with_inverted_correlations

    nothing = dict.fromkeys(("block", "blocks", "ratio", "distance", "change"))
    if isinstance(parts, str):
        return {"status": parts, **nothing}
    names, weights, returns = parts
    classes = np.array([market.instruments[name].asset_class for name in names])
    blocks = {str(one): classes == one for one in dict.fromkeys(classes)}
    if len(blocks) == 1:
        large = np.argsort(-np.abs(weights), kind="stable")[:LARGEST]
        blocks = {names[k]: np.arange(len(names)) == k for k in large}
    found = with_inverted_correlations(returns, weights, blocks, alpha=alpha, seed=seed)
    if not found or found[0].before <= 0.0:
        return {"status": "not_applicable: the book has one holding, or no loss", **nothing}
    worst = found[0]
    return {
        "status": "ok",
        "block": worst.block,
        "blocks": len(found),
        "ratio": worst.ratio,
        "distance": worst.distance,
        "change": worst.change,
    }
