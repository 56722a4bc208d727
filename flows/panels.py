"""The panel that models read: features of the market, and what models say of it at each origin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from features.market import MarketData
from features.panel import Panel, SeriesFeatures, build_panel
from features.returns import History
from flows.market_state import MODALITY, MarketState, market_state
from models.baselines import UnitStore


def panel_of(
    market: MarketData,
    histories: Sequence[History],
    *,
    state: MarketState | None = None,
    store: UnitStore | None = None,
) -> Panel:
    """Every feature of every history, as known at that history's own origins.

    The columns of the modality `MODALITY` are what models say of the whole market: features may
    not know of models, so that they join here.

    Parameters
    ----------
    market : MarketData
    histories : sequence of History
        Instruments and books; names must differ.
    state : MarketState, optional
        Of the market, where it is known already.
    store : UnitStore, optional
        For the fits of the state.

    Raises
    ------
    ValueError
        If two histories share a name.
    """
    panel = build_panel(market, histories)
    told = (state or market_state(market, histories, store=store)).timelines()
    names = tuple(name for timeline in told for name in timeline.names)
    # Most series of one exchange have the same origins, and so see the same market.
    views: dict[bytes, NDArray[np.float64]] = {}
    values: dict[str, SeriesFeatures] = {}
    for history in histories:
        features = panel.values[history.name]
        clock = history.origins.asi8.tobytes()
        if clock not in views:
            seen = [timeline.at(history.origins) for timeline in told]
            views[clock] = np.hstack([features.shared, *seen])
        values[history.name] = replace(features, shared=views[clock])
    return replace(
        panel,
        shared=(*panel.shared, *names),
        values=values,
        modalities={**panel.modalities, MODALITY: names},
    )
