"""Greeks by differentiation, and the quadratic that stands for full revaluation in a hurry."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float

from models.instruments.book import PricedBook
from models.instruments.risk_factors import Moves, base_levels

PAIRS_AT_ONCE = 2048
"""Second derivatives taken together; each costs what a few scenarios do."""
PATHS_AT_ONCE = 1024

Values = Callable[[torch.Tensor], torch.Tensor]


def sensitivities(book: PricedBook) -> Float[np.ndarray, "position factor"]:
    """Change of each position's value per unit of each factor's own move.

    Of a factor that moves by logarithm, for a move of 1: one hundredth of it is the change for
    one percent. Of a zero rate, for a whole 1.00: a ten-thousandth is that for a basis point.

    Returns
    -------
    array of shape (position, factor)
        In the base currency; exact derivatives at today's levels.
    """
    return _slopes(book.moved, len(book.factors)).numpy()


def level_sensitivities(book: PricedBook) -> Float[np.ndarray, "position factor"]:
    """Change of each position's value per unit of each factor's level: delta, vega, rho."""
    base, _ = base_levels(book.factors)
    return _slopes(lambda bumps: book.values(base + bumps), len(book.factors)).numpy()


@dataclass(frozen=True, slots=True)
class Quadratic:
    """P&L of each position as a quadratic in the moves of its factors.

    Attributes
    ----------
    slopes : array of shape (position, factor)
    curvatures : array of shape (position, pair)
        Second derivatives; for a pair of unlike factors twice, as it stands for both orders.
    pairs : int array of shape (pair, 2)
    """

    slopes: Float[np.ndarray, "position factor"]
    curvatures: Float[np.ndarray, "position pair"]
    pairs: np.ndarray

    def pnl(self, moves: Moves) -> Float[np.ndarray, "path position"]:
        """P&L of shape (path, position), a gain is positive, from moves of (path, factor).

        For every position apart this costs what full revaluation does; `total` is the fast one.
        """
        found = moves @ self.slopes.T
        first, second = self.pairs.T
        for start in range(0, len(moves), PATHS_AT_ONCE):
            some = moves[start : start + PATHS_AT_ONCE]
            products = some[:, first] * some[:, second]
            found[start : start + PATHS_AT_ONCE] += 0.5 * products @ self.curvatures.T
        return found

    def total(self, moves: Moves) -> Float[np.ndarray, " path"]:
        """P&L of the whole book, a gain is positive, from moves of shape (path, factor)."""
        bend = np.zeros((moves.shape[1], moves.shape[1]))
        bend[self.pairs[:, 0], self.pairs[:, 1]] = self.curvatures.sum(axis=0)
        return moves @ self.slopes.sum(axis=0) + 0.5 * np.einsum("pf,pf->p", moves @ bend, moves)


def quadratic(book: PricedBook) -> Quadratic:
    """Delta, gamma, vega and every cross term, in each factor's own move.

    Fast, and wrong where a scenario is far: an option's payoff bends in ways that no parabola
    does, and a default is no small move. How far off it is,
    `models.portfolio.revaluation_gap` measures.
    """
    count = len(book.factors)
    slopes = _slopes(book.moved, count)
    # A position bends only in the factors it depends on.
    touched = (slopes != 0.0).double()
    together = torch.triu(touched.T @ touched)
    pairs = torch.nonzero(together)
    found: list[torch.Tensor] = []
    for some in pairs.split(PAIRS_AT_ONCE):
        zero = torch.zeros((count, len(some)), dtype=torch.float64)
        first, second = zero.clone(), zero.clone()
        columns = torch.arange(len(some))
        first[some[:, 0], columns] = second[some[:, 1], columns] = 1.0

        def slope(at: torch.Tensor, direction: torch.Tensor = first) -> torch.Tensor:
            return _forward(book.moved, at, direction)

        found.append(_forward(slope, zero, second))
    curvatures = torch.cat(found, dim=1) if found else slopes.new_zeros((len(slopes), 0))
    twice = torch.where(pairs[:, 0] == pairs[:, 1], 1.0, 2.0)
    return Quadratic(slopes.numpy(), (curvatures * twice).numpy(), pairs.numpy())


def _slopes(values: Values, count: int) -> torch.Tensor:
    """First derivatives of shape (position, factor): one scenario a factor, one pass for all."""
    zero = torch.zeros((count, count), dtype=torch.float64)
    return _forward(values, zero, torch.eye(count, dtype=torch.float64))


def _forward(values: Values, at: torch.Tensor, direction: torch.Tensor) -> torch.Tensor:
    with warnings.catch_warnings():  # of torch's own, where it first differentiates forwards
        warnings.simplefilter("ignore", DeprecationWarning)
        return torch.func.jvp(values, (at,), (direction,))[1]
