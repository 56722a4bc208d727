"""What the right to exercise early is worth: solved on a grid once, looked up in each scenario.

The premium over the European price is small and smooth in the price of the underlying, its
volatility and the rates, so that it can be interpolated where the price itself could not. It
comes from the Black-Scholes equation with constant volatility and rates: those to expiry.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float

from models.instruments.exercise import EDGE, NODES, early_exercise

VOLS = np.geomspace(1 / 3, 6.0, 13)
"""Volatilities of the grid, in units of today's. Beyond them the premium is that of the last."""
WIDTH = 0.015
"""Between the rates of the grid; a quadratic goes through three of them."""
REACH = 2.0
"""Widths from today's rate at which the premium stops following it."""


@dataclass(frozen=True, slots=True)
class Contract:
    """One American option as its grid is solved.

    Attributes
    ----------
    years, strike : float
    sign : int
        1 for a call, -1 for a put.
    vol, rate, yield_rate : float
        Today's; continuous, a year. ``yield_rate`` is what the underlying earns.
    carried : {"rate", "yield", "none"}
        Which rates move: of a share the rate, of a currency both, of a future both as one.
    dividends : tuple of (years, amount)
        Cash paid before expiry.
    """

    years: float
    strike: float
    sign: int
    vol: float
    rate: float
    yield_rate: float
    carried: str
    dividends: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Premiums:
    """Early-exercise premiums of several options, in units of their strikes.

    Attributes
    ----------
    table : tensor of shape (option * vol * moneyness, term)
        Coefficients of 1, r, r^2, q, q^2 and rq, with r and q the distances of the two rates from
        today's in units of `WIDTH`.
    vols, rates, yields, years, strikes : tensor of shape (option, 1)
    """

    table: torch.Tensor
    vols: torch.Tensor
    rates: torch.Tensor
    yields: torch.Tensor
    years: torch.Tensor
    strikes: torch.Tensor

    def values(
        self,
        spot: torch.Tensor,
        discount: torch.Tensor,
        yields: torch.Tensor,
        variance: torch.Tensor,
    ) -> torch.Tensor:
        """Premiums of shape (option, path).

        Parameters
        ----------
        spot : tensor of shape (option, path)
            Price net of dividends to come.
        discount, yields : tensor of shape (option, path)
            Logarithms of the discount factor and of what the underlying shrinks to.
        variance : tensor of shape (option, path)
            Total variance to expiry.
        """
        deviation = torch.sqrt(variance)
        ratio = torch.clamp(spot, min=1e-300) / self.strikes
        moneyness = torch.clamp(torch.log(ratio) / deviation, min=-EDGE, max=EDGE)
        relative = deviation / (self.vols * torch.sqrt(self.years))
        low, step = float(np.log(VOLS[0])), float(np.log(VOLS[1] / VOLS[0]))
        across = torch.clamp((torch.log(relative) - low) / step, min=0.0, max=len(VOLS) - 1.0)
        along = (moneyness + EDGE) * ((NODES - 1) / (2.0 * EDGE))
        by_vol, vol_weights = _cubic(across, len(VOLS))
        by_money, money_weights = _cubic(along, NODES)
        r = torch.clamp((-discount / self.years - self.rates) / WIDTH, min=-REACH, max=REACH)
        q = torch.clamp((-yields / self.years - self.yields) / WIDTH, min=-REACH, max=REACH)
        terms = torch.stack([torch.ones_like(r), r, r * r, q, q * q, r * q][: self.table.shape[1]])
        option = torch.arange(len(self.vols))[:, None] * len(VOLS)
        premium = torch.zeros_like(spot)
        for i, vol_weight in enumerate(vol_weights):
            first = (option + by_vol + i) * NODES + by_money
            for j, money_weight in enumerate(money_weights):
                looked_up = self.table[first + j]  # (option, path, term)
                found = (looked_up * terms.movedim(0, -1)).sum(-1)
                premium = premium + vol_weight * money_weight * found
        return self.strikes * torch.clamp(premium, min=0.0)


def premiums(contracts: Sequence[Contract]) -> Premiums:
    """Solve the grids of some American options."""
    tables = [_table(each) for each in contracts]
    width = max(table.shape[-1] for table in tables)
    padded = [np.pad(table, ((0, 0), (0, 0), (0, width - table.shape[-1]))) for table in tables]

    def column(values: Sequence[float]) -> torch.Tensor:
        return torch.tensor(values, dtype=torch.float64)[:, None]

    return Premiums(
        table=torch.from_numpy(np.stack(padded).reshape(-1, width)),
        vols=column([each.vol for each in contracts]),
        rates=column([each.rate for each in contracts]),
        yields=column([each.yield_rate for each in contracts]),
        years=column([each.years for each in contracts]),
        strikes=column([each.strike for each in contracts]),
    )


def _table(contract: Contract) -> Float[np.ndarray, "vol moneyness term"]:
    """Coefficients of the premium in the rates, at each volatility and moneyness."""
    both = contract.carried == "yield"
    places = [(0, 0), (1, 0), (-1, 0)] + ([(0, 1), (0, -1), (1, 1)] if both else [])
    r, q = WIDTH * np.array(places, dtype=np.float64).T
    shape = len(places), len(VOLS)
    solved = early_exercise(
        np.array([each for each, _ in contract.dividends]),
        np.array([amount / contract.strike for _, amount in contract.dividends]),
        contract.sign,
        contract.years,
        vols=np.broadcast_to(contract.vol * VOLS, shape).ravel(),
        rates=contract.rate + np.repeat(r, len(VOLS)),
        yields=contract.yield_rate + np.repeat(r if contract.carried == "none" else q, len(VOLS)),
    )
    powers = np.array([[1, r, r * r, q, q * q, r * q][: len(places)] for r, q in places], float)
    return np.einsum("pvm,tp->vmt", solved.reshape(*shape, -1), np.linalg.inv(powers))


def _cubic(at: torch.Tensor, nodes: int) -> tuple[torch.Tensor, list[torch.Tensor]]:
    """First of the four nodes around a place, and the Lagrange weight of each."""
    first = torch.clamp(at.detach().floor().long() - 1, min=0, max=nodes - 4)
    t = at - first
    a, b, c, d = t, t - 1.0, t - 2.0, t - 3.0
    return first, [-b * c * d / 6.0, a * c * d / 2.0, -a * b * d / 2.0, a * b * c / 6.0]
