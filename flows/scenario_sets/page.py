"""The report of a scenario set: verdict, gates and pictures on one page that prints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float

from features.market import MarketData
from flows.document_page import figure
from flows.scenario_sets.files import ScenarioSet
from flows.scenario_sets.pictures import (
    SHOWN,
    correlation_picture,
    fan_picture,
    most_telling,
    scenario_picture,
    spread_picture,
    tail_picture,
)
from flows.templates import template

PAST = 30
"""Closes before the as-of that lead into a fan."""


def page_of(
    told: ScenarioSet,
    market: MarketData,
    model: str,
    certificate: dict[str, Any],
    *,
    stress: Sequence[str] = (),
    before: Float[np.ndarray, "other asset"] | None = None,
) -> str:
    """One self-contained page, without scripts or outside resources.

    Parameters
    ----------
    told : ScenarioSet
    market : MarketData
        Whose history the set is drawn beside.
    model : str
    certificate : dict
        Of the set.
    stress : sequence of str
        What it stands under, in sentences.
    before : array of shape (path, asset), optional
        Total moves before the stress.
    """
    horizon = told.moves.shape[1]
    names = [asset.instrument for asset in told.assets]
    close = common_closes(market, names)
    log = [asset.move == "log" for asset in told.assets]
    level = close.to_numpy(copy=True)
    level[:, log] = np.log(level[:, log])
    history = level[horizon:] - level[:-horizon]
    order = most_telling(told)
    shown = order[:SHOWN]
    total = told.moves.sum(axis=1, dtype=np.float64)
    spread = np.where(total.std(axis=0) > 0, total.std(axis=0), 1.0)
    held = [k for k, asset in enumerate(told.assets) if asset.move == "log"] or [0]
    worst = int(np.argmin((total / spread)[:, held].mean(axis=1)))
    quoted = [] if told.spread is None else [k for k in order if np.isfinite(told.spread[0, 0, k])]
    texts = {
        "Where it may go": (
            f"The last {PAST} closes, then the median and the middle 50, 90 and 99% of the paths."
        ),
        "Tails against history": (
            f"Share of moves over {horizon} sessions beyond a size, falls to the left. The set "
            f"starts from today's volatility, history from every day's."
        ),
        "Who moves with whom": f"Correlation of moves over {horizon} sessions, like beside like.",
        "One scenario across the market": (
            f"Path {worst}, on which prices fall most together. A bar is measured in the set's "
            f"standard deviations; beside it stands the move itself."
        ),
        "What a round trip costs": (
            "Bid-ask spread along the paths: median and the middle 50, 90 and 99%."
        ),
    }
    drawings = [
        fan_picture(told, shown, close.to_numpy()[-PAST:]),
        tail_picture(told, history, shown, before),
        correlation_picture(told, history, before),
        scenario_picture(told, worst),
        *([spread_picture(told, quoted[:SHOWN])] if quoted else []),
    ]
    return template("scenarios.html.j2", filters={"figure": figure}).render(
        model=model,
        as_of=f"{market.as_of:%Y-%m-%d}",
        paths=len(told.moves),
        horizon=horizon,
        assets=names,
        certificate=certificate,
        stress=stress,
        pictures=[
            (title, text, drawing)
            for (title, text), drawing in zip(texts.items(), drawings, strict=False)
        ],
    )


def common_closes(market: MarketData, names: list[str]) -> pd.DataFrame:
    """Closes on the dates on which half of what was then listed has one, short gaps bridged."""
    close = market.close.loc[: market.as_of, names]
    close = close.mask(market.imputed.loc[close.index, names])
    seen = close.notna()
    common = 2 * seen.sum(axis=1) >= np.maximum(seen.cummax().sum(axis=1), 1)
    return close.loc[common].ffill(limit=5)
