"""Tables of what happened at an instant: bars within the day, quotes, orders and headlines."""

from __future__ import annotations

from features.sources.tables import Table

SIDES = ("buy", "sell", "")
"""Of a trade, the side that started it; of a limit order or a cancellation, the side it rests on.

Empty is unknown: trades are then signed by the quotes before them.
"""
ORDER_KINDS = ("trade", "limit", "cancel", "")
"""Empty is a trade."""

INTRADAY = Table(
    "intraday",
    series="instrument",
    required={
        "time": "moment",
        "instrument": "text",
        **dict.fromkeys(("open", "high", "low", "close", "volume"), "number"),
    },
    optional={},
)
QUOTES = Table(
    "quotes",
    series="instrument",
    required={
        "time": "moment",
        "instrument": "text",
        **dict.fromkeys(("bid", "ask", "bid_size", "ask_size"), "number"),
    },
    optional={"exchange": "text", "bid_depth": "number", "ask_depth": "number"},
)
ORDERS = Table(
    "orders",
    series="instrument",
    required={"time": "moment", "instrument": "text", "side": "text", "size": "number"},
    optional={"price": "number", "kind": "text"},
    blank=("side",),
)
HEADLINES = Table(
    "headlines",
    series="source",
    required={"available_at": "moment", "text": "text"},
    optional={"source": "text", "instrument": "text", "label": "number"},
    blank=("text",),
    explained={"time": "Name it available_at: the UTC instant at which a headline could be read."},
)

EVENTS = (INTRADAY, QUOTES, ORDERS, HEADLINES)
