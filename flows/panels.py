"""The panel that models read: features of the market, and what models say of it at each origin."""

from __future__ import annotations

from collections.abc import Sequence

from features.market import MarketData
from features.panel import Panel, build_panel
from features.returns import History


def panel_of(market: MarketData, histories: Sequence[History]) -> Panel:
    """Every feature of every history, as known at that history's own origins.

    Parameters
    ----------
    market : MarketData
    histories : sequence of History
        Instruments and books; names must differ.

    Raises
    ------
    ValueError
        If two histories share a name.
    """
    return build_panel(market, histories)
