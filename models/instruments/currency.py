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
    rows : int tensor of shape (position, 2)
        Rows of the exchange rates that are multiplied.
    powers : tensor of shape (position, 2, 1)
        1 or -1 of each; 0 where the currencies are the same.
    """

    rows: torch.Tensor
    powers: torch.Tensor

    def rates(self, levels: torch.Tensor) -> torch.Tensor:
        """Rates of shape (position, path), from levels of shape (factor, path)."""
        if not self.powers.any():
            return levels.new_ones((len(self.rows), 1))
        rates = levels.new_ones((len(self.rows), levels.shape[1]))
        for leg in range(2):
            powers = self.powers[:, leg]
            rate = levels[self.rows[:, leg]]
            rates = torch.where(powers > 0.0, rates * rate, rates)
            rates = torch.where(powers < 0.0, rates / rate, rates)
        return rates


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
    paths = {currency: _path(currency, base, pairs) for currency in dict.fromkeys(currencies)}
    rows: list[list[int]] = []
    powers: list[list[float]] = []
    for currency in currencies:
        path = paths[currency]
        rows.append([index.spot(name) for name, _ in path] + [0] * (2 - len(path)))
        powers.append([power for _, power in path] + [0.0] * (2 - len(path)))
    return Conversion(
        torch.tensor(rows, dtype=torch.int64).reshape(-1, 2),
        torch.tensor(powers, dtype=torch.float64).reshape(-1, 2, 1),
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
