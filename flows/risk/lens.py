"""Both kinds of books as a supervisor's rule looks at them: factors by class, and P&L of some."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from flows.risk.factor_classes import class_of_factor, class_of_instrument
from flows.risk.linear import Weights
from flows.risk.revalued import BLOCK, Quantities
from models.base import Asset
from validation.internal_models import InternalModelRule


@dataclass(frozen=True, slots=True)
class WeightsLens:
    """A book of weights: each holding is a factor."""

    book: Weights
    assets: Sequence[Asset]
    classes: Mapping[str, str]

    def pnl(
        self, moves: Float[np.ndarray, "path asset"], moving: frozenset[str]
    ) -> Float[np.ndarray, " path"]:
        """Return of the holdings that move."""
        held = [k for k, name in enumerate(self.book.positions) if name in moving]
        return self.book.repriced(self.assets)(moves)[:, held].sum(axis=1)


@dataclass(frozen=True, slots=True)
class QuantitiesLens:
    """A book of quantities: everything that its prices depend on is a factor, defaults excepted."""

    book: Quantities
    assets: Sequence[Asset]
    classes: Mapping[str, str]

    def pnl(
        self, moves: Float[np.ndarray, "path asset"], moving: frozenset[str]
    ) -> Float[np.ndarray, " path"]:
        """Full revaluation with the factors that move."""
        held = np.array([one.name in moving for one in self.book.priced.factors])
        found = [np.zeros(0)]
        for start in range(0, len(moves), BLOCK):
            told = self.book.factor_moves(self.assets, moves[start : start + BLOCK])
            some = replace(told, moves=np.where(held, told.moves, 0.0))
            found.append(self.book.revalued(some).sum(axis=1))
        return np.concatenate(found)


def lens_of(
    book: Weights | Quantities, assets: Sequence[Asset], rule: InternalModelRule
) -> WeightsLens | QuantitiesLens:
    """The lens of a book on the assets of a set.

    Parameters
    ----------
    book : Weights or Quantities
    assets : sequence of Asset
    rule : InternalModelRule
        Whose classes.
    """
    if isinstance(book, Weights):
        classes = {
            name: class_of_instrument(book.instruments[name], rule, base="")
            for name in book.positions
        }
        return WeightsLens(book, assets, classes)
    pricing = book.pricing
    of_factor = {
        one.name: class_of_factor(one, pricing.instruments, pricing.issuers, rule, base=book.base)
        for one in book.priced.factors
        if one.group != "default"
    }
    return QuantitiesLens(book, assets, of_factor)
