"""Discount factors of zero curves in every scenario.

Between two tenors the zero rate is linear in time; outside them it is that of the nearest. So the
exponent of a discount factor, or of a product or ratio of several, is linear in the nodes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float

from features.pricing_market import PricingMarket, ZeroCurve
from models.instruments.risk_factors import FactorIndex

Product = Mapping[tuple[str, float], float]
"""Discount factors multiplied: the power of each, by curve and time in years."""


@dataclass(frozen=True, slots=True)
class Discounts:
    """Products of discount factors, one a line.

    Attributes
    ----------
    rows : int tensor of shape (node,)
        Rows of the curve nodes among the factors.
    exponents : tensor of shape (line, node)
        A line is ``exp(exponents @ nodes)``.
    """

    rows: torch.Tensor
    exponents: torch.Tensor

    def log(self, levels: torch.Tensor) -> torch.Tensor:
        """Logarithms of shape (line, path), from levels of shape (factor, path)."""
        return self.exponents @ levels[self.rows]


def discounts(products: Sequence[Product], index: FactorIndex) -> Discounts:
    """Products of discount factors, and the factors they need.

    Raises
    ------
    ValueError
        If a curve is not in the market.
    """
    names = sorted({name for product in products for name, _ in product})
    rows: list[int] = []
    blocks: list[Float[np.ndarray, "line node"]] = []
    for name in names:
        curve, nodes = index.curve(name)
        block = np.zeros((len(products), len(nodes)))
        for line, product in enumerate(products):
            for (owner, years), power in product.items():
                if owner == name:
                    block[line] -= power * years * node_weights(curve.tenors, years)
        rows += nodes
        blocks.append(block)
    exponents = np.hstack(blocks) if blocks else np.zeros((len(products), 0))
    return Discounts(torch.tensor(rows, dtype=torch.int64), torch.from_numpy(exponents))


def node_weights(tenors: Float[np.ndarray, " node"], years: float) -> Float[np.ndarray, " node"]:
    """How much each node counts in the rate at one time."""
    weights = np.zeros(len(tenors))
    at = float(np.clip(years, tenors[0], tenors[-1]))
    right = int(np.searchsorted(tenors, at))
    if tenors[right] == at:
        weights[right] = 1.0
        return weights
    share = (at - tenors[right - 1]) / (tenors[right] - tenors[right - 1])
    weights[right - 1 : right + 1] = 1.0 - share, share
    return weights


def discount_today(curve: ZeroCurve, years: float) -> float:
    """Discount factor of a curve as it is quoted."""
    return float(np.exp(-years * (node_weights(curve.tenors, years) @ curve.rates)))


def curve_of(currency: str, market: PricingMarket, *, named: str = "") -> str:
    """The curve that discounts a currency: the named one, else the only one it can be.

    Raises
    ------
    ValueError
        If the named curve is not in the market; or none, or more than one, begins with the
        currency's letters and none has just those for a name.
    """
    known = ", ".join(sorted(market.curves)) or "none"
    if named and named not in market.curves:
        raise ValueError(
            f"curve {named!r} is not in curves at the as-of (there are: {known}). Add it to "
            "curves, or leave the position's column curve empty for that of its currency."
        )
    if named or currency in market.curves:
        return named or currency
    found = [name for name in sorted(market.curves) if name.startswith(currency)]
    if len(found) != 1:
        what = "several begin with it" if found else "none begins with it"
        raise ValueError(
            f"currency {currency} has no curve to discount with: {what} (there are: {known}). "
            f"Name one in the position's column curve, or call one of them {currency}."
        )
    return found[0]
