"""The small book of quantities as risk sees it, and scenarios of what it follows."""

from __future__ import annotations

import numpy as np

from features.positions import Position
from flows.risk.revalued import Quantities
from flows.scenario_sets.files import ScenarioSet
from models.base import Asset
from models.instruments.book import priced_book
from tests.models.quantity_book import (
    AS_OF,
    BOND,
    BOOK,
    CORPORATE,
    DATES,
    EURO,
    EXPIRY,
    INSTRUMENTS,
    PUT,
    STOCK,
    closes,
    market,
    pricing,
)

__all__ = [
    "AS_OF",
    "BOND",
    "BOOK",
    "CORPORATE",
    "DATES",
    "EURO",
    "EXPIRY",
    "INSTRUMENTS",
    "PUT",
    "STOCK",
    "book",
    "closes",
    "market",
    "pricing",
    "scenarios",
]


def book(*positions: Position, base: str = "USD") -> Quantities:
    held, on = positions or BOOK, pricing()
    return Quantities(held, on, base, priced_book(held, on, base_currency=base))


def scenarios(paths: int = 5000, steps: int = 10) -> ScenarioSet:
    rng = np.random.default_rng(3)
    common = rng.standard_t(5, (paths, steps))
    own = rng.normal(size=(paths, steps, 4))
    sizes = np.array([0.008, 0.003, 0.03, 0.05])
    loads = np.array([1.2, 0.2, 0.5, -1.0])
    moves = (sizes * (loads * common[..., None] + own)).astype(np.float32)
    last = closes().iloc[-1]
    return ScenarioSet(
        moves,
        tuple(
            Asset(name, one.kind, one.move, "USD", float(last[name]))
            for name, one in INSTRUMENTS.items()
        ),
    )
