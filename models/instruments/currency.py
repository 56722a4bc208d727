"""From the currency of a position to the base currency, by exchange rates that are factors too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import torch

from models.instruments.risk_factors import FactorIndex


@dataclass(frozen=True, slots=True)
class Conversion:
    """Units of the base currency for one unit of each position's own.

    Attributes
    ----------
    paths : tuple of tuple of (row, power)
        For each currency the exchange rates that are multiplied, each with the power 1 or -1.
    which : int tensor of shape (position,)
        Currency of each position.
    """

    paths: tuple[tuple[tuple[int, float], ...], ...]
    which: torch.Tensor

    def rates(self, levels: torch.Tensor) -> torch.Tensor:
        """Rates of shape (position, path), from levels of shape (factor, path)."""
        found: list[torch.Tensor] = []
        for path in self.paths:
            rate = torch.ones_like(levels[0])
            for row, power in path:
                rate = rate * levels[row] if power > 0.0 else rate / levels[row]
            found.append(rate)
        none = levels.new_zeros((0, *levels.shape[1:]))  # of a book that holds nothing
        return torch.stack(found)[self.which] if found else none


def conversion(currencies: Sequence[str], base: str, index: FactorIndex) -> Conversion:
    """How each position's currency becomes the base currency.

    A rate is an instrument of kind fx, named by its two currencies (EURUSD: dollars for a euro).
    Where none joins the two, the first third currency by name that has a rate to both does.

    Raises
    ------
    ValueError
        If no rate, and no two rates, join a currency with the base.
    """
    pairs = {
        (name[:3], name[3:]): name
        for name, each in index.market.instruments.items()
        if each.kind == "fx" and len(name) == 6 and name in index.market.closes
    }
    distinct = list(dict.fromkeys(currencies))
    return Conversion(
        paths=tuple(
            tuple((index.spot(name), power) for name, power in _path(currency, base, pairs))
            for currency in distinct
        ),
        which=torch.tensor([distinct.index(each) for each in currencies], dtype=torch.int64),
    )


def _path(currency: str, base: str, pairs: dict[tuple[str, str], str]) -> list[tuple[str, float]]:
    def step(first: str, second: str) -> list[tuple[str, float]]:
        if (first, second) in pairs:
            return [(pairs[first, second], 1.0)]
        return [(pairs[second, first], -1.0)] if (second, first) in pairs else []

    if currency == base:
        return []
    if direct := step(currency, base):
        return direct
    others = sorted({each for pair in pairs for each in pair})
    for first, second in product([currency], others):
        if (one := step(first, second)) and (two := step(second, base)):
            return [*one, *two]
    raise ValueError(
        f"currency {currency} cannot be converted to {base}: no exchange rate joins them, directly "
        f"or through a third. Add {currency}{base} to instruments and prices with kind fx."
    )
