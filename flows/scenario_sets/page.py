"""The report of a scenario set: verdict, gates and pictures on one page that prints."""

from __future__ import annotations

from typing import Any

import numpy as np

from features.market import MarketData
from flows.document_page import figure
from flows.scenario_sets.evidence import real_windows
from flows.scenario_sets.files import ScenarioSet
from flows.scenario_sets.pictures import (
    correlation_picture,
    fan_picture,
    most_telling,
    scenario_picture,
    tail_picture,
)
from flows.templates import template


def page_of(told: ScenarioSet, market: MarketData, model: str, certificate: dict[str, Any]) -> str:
    """One self-contained page, without scripts or outside resources.

    Parameters
    ----------
    told : ScenarioSet
    market : MarketData
        Whose history the set is drawn beside.
    model : str
    certificate : dict
        Of the set.
    """
    horizon = told.moves.shape[1]
    _, real = real_windows(market, told.assets, horizon=horizon, as_of=market.as_of)
    history = real.summed()
    shown = most_telling(told)
    total = told.moves.sum(axis=1, dtype=np.float64)
    spread = np.where(total.std(axis=0) > 0, total.std(axis=0), 1.0)
    held = [k for k, asset in enumerate(told.assets) if asset.move == "log"] or [0]
    worst = int(np.argmin((total / spread)[:, held].mean(axis=1)))
    return template("scenarios.html.j2", filters={"figure": figure}).render(
        model=model,
        as_of=f"{market.as_of:%Y-%m-%d}",
        paths=len(told.moves),
        horizon=horizon,
        assets=[asset.instrument for asset in told.assets],
        certificate=certificate,
        pictures=[
            (
                "Where it may go",
                "Median and the middle 50, 90 and 99% of the paths.",
                fan_picture(told, shown),
            ),
            (
                "Tails against history",
                f"Share of moves over {horizon} sessions beyond a size. The set starts from today.",
                tail_picture(told, history, shown),
            ),
            (
                "Who moves with whom",
                f"Correlation of moves over {horizon} sessions.",
                correlation_picture(told, history),
            ),
            (
                "One scenario across the market",
                f"Path {worst}, on which prices fall most together.",
                scenario_picture(told, worst),
            ),
        ],
    )
