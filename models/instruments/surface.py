"""Total variance of options, from volatilities on a grid of expiries and strikes.

Total variance is linear in the strike and in the time to expiry, from zero today; beyond the
strikes quoted it is that of the last, before the first expiry and after the last the volatility
is. A node belongs to its strike, whatever the price of the underlying does (sticky strike).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch

from features.pricing_market import PricingMarket, VolSurface
from models.instruments.risk_factors import FactorIndex


@dataclass(frozen=True, slots=True)
class Variances:
    """Total variances, one a line.

    Attributes
    ----------
    rows : int tensor of shape (node,)
        Rows of the volatilities among the factors.
    weights : tensor of shape (line, node)
        A total variance is ``weights @ volatilities**2``.
    """

    rows: torch.Tensor
    weights: torch.Tensor

    def total(self, levels: torch.Tensor) -> torch.Tensor:
        """Total variances of shape (line, path), from levels of shape (factor, path)."""
        return self.weights @ levels[self.rows].square()


def variances(points: Sequence[tuple[str, pd.Timestamp, float]], index: FactorIndex) -> Variances:
    """Total variances at (underlying, expiry, strike), and the factors they need.

    Raises
    ------
    ValueError
        If an underlying has no surface, or a node that is needed has no volatility.
    """
    columns: dict[int, int] = {}
    entries: list[tuple[int, int, float]] = []
    for line, (underlying, expiry, strike) in enumerate(points):
        surface, _ = index.surface(underlying, [])
        weights = grid_weights(surface, index.market, expiry, strike)
        _, rows = index.surface(underlying, list(weights))
        for row, ((i, j), weight) in zip(rows, weights.items(), strict=True):
            if not surface.vols[i, j] > 0.0:
                raise ValueError(
                    f"vols: {underlying} has no volatility at {surface.expiries[i]:%Y-%m-%d}, "
                    f"strike {surface.strikes[j]:g}, which an option needs. Fill it in."
                )
            entries.append((line, columns.setdefault(row, len(columns)), weight))
    table = torch.zeros((len(points), len(columns)), dtype=torch.float64)
    for line, column, weight in entries:
        table[line, column] = weight
    return Variances(torch.tensor(list(columns), dtype=torch.int64), table)


def grid_weights(
    surface: VolSurface, market: PricingMarket, expiry: pd.Timestamp, strike: float
) -> dict[tuple[int, int], float]:
    """Weights of the squared volatilities of (expiry, strike) nodes in one total variance."""
    times = np.array([market.years(each) for each in surface.expiries])
    years = market.years(expiry)
    if years <= times[0]:
        in_time = [(0, years)]
    elif years >= times[-1]:
        in_time = [(len(times) - 1, years)]
    else:
        right = int(np.searchsorted(times, years))
        share = (years - times[right - 1]) / (times[right] - times[right - 1])
        in_time = [(right - 1, (1.0 - share) * times[right - 1]), (right, share * times[right])]
    strikes = surface.strikes
    at = float(np.clip(strike, strikes[0], strikes[-1]))
    above = int(np.searchsorted(strikes, at))
    if strikes[above] == at:
        in_strike = [(above, 1.0)]
    else:
        share = (at - strikes[above - 1]) / (strikes[above] - strikes[above - 1])
        in_strike = [(above - 1, 1.0 - share), (above, share)]
    return {
        (i, j): first * second
        for i, first in in_time
        for j, second in in_strike
        if first * second > 0.0
    }
