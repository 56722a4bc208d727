"""The state of the market in words, for whoever reads a session."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from flows.wording import percent

SHOWN = 3
"""Books of which the chance of a fall is told, the likeliest first; the others are in the JSON."""


def market_sentences(regime: str | None, market: Mapping[str, Any]) -> Iterator[str]:
    """One sentence each on the regime, the day's anomaly, and the chance of a fall.

    Parameters
    ----------
    regime : str or None
    market : mapping
        As `flows.market_state.told_figures` gives it; empty in a session that kept none.
    """
    if regime is None or not market:
        return
    chances = ", ".join(f"{name} {percent(p, 0)}" for name, p in market["probabilities"].items())
    jump = "stressed" if market["stressed"] else "calm"
    yield (
        f"regime {regime} since {market['since']}: {chances}; the jump model says {jump} since "
        f"{market['stressed_since']}"
    )
    if (found := market["anomaly"]) is not None:
        yield _anomaly(found)
    if (fall := market["drawdown"]) is not None:
        yield f"market  {_fall(fall)}"
    books = sorted(market["books"].items(), key=lambda item: -item[1]["probability"])
    for book, fall in books[:SHOWN]:
        yield f"{book}  {_fall(fall)}"


def _anomaly(found: Mapping[str, Any]) -> str:
    made = ", ".join(f"{name} {percent(share, 0)}" for name, share in found["made_by"])
    alarm = (
        f"an alarm, of which {found['rate']:g} a year are false" if found["alarm"] else "no alarm"
    )
    rarity = f"as far from the usual as {percent(found['rarity'], 1)} of sessions"
    return f"anomaly  {rarity}, {alarm}: {made or 'nothing moved'}"


def _fall(fall: Mapping[str, Any]) -> str:
    """What is told of a fall, and what came of it when like chances were told."""
    like = fall["like"]
    came = (
        f"; told {percent(like['low'], 0)} to {percent(like['high'], 0)} on {like['n']} sessions "
        f"before, it came on {percent(like['frequency'], 0)}"
        if like["n"]
        else ""
    )
    return (
        f"falls by more than {percent(fall['threshold'], 1)} within {fall['horizon']} sessions "
        f"with probability {percent(fall['probability'], 0)}, usually "
        f"{percent(fall['base_rate'], 0)}{came}"
    )
