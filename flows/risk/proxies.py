"""What moves curves, spreads and volatilities that no series of a set is named like."""

from __future__ import annotations

from collections.abc import Sequence

from features.roles import ALIASES
from models.base import Asset
from models.instruments.proxies import Proxy

PERCENT = 0.01
"""Series of rates are in percent, curves in decimals."""
_NODES = {"yield_2y": (0.0, 5.0), "yield_10y": (5.0, 100.0)}


def default_proxies(assets: Sequence[Asset], factors: Sequence[str]) -> dict[str, Proxy]:
    """Stand-ins by role, as far as the set has a series that plays it.

    A curve's node follows the government yield nearest to its tenor, one for one; an issuer's
    spread the high-yield spread, and a volatility the equity volatility index, both in
    proportion. The answer of `factor_scenarios` names every stand-in that was used.

    Parameters
    ----------
    assets : sequence of Asset
        Of the scenario set.
    factors : sequence of str
        Names of the book's factors.
    """
    names = {asset.instrument.upper().lstrip("^"): asset.instrument for asset in assets}
    playing = {
        role: names[alias]
        for role in ("yield_2y", "yield_10y", "high_yield_spread", "equity_volatility")
        for alias in ALIASES[role]
        if alias in names
    }
    found: dict[str, Proxy] = {}
    nodes = [factor for factor in factors if factor.startswith("curve:")]
    for role, (first, last) in _NODES.items():
        for factor in nodes if role in playing else ():
            if first <= float(factor.rpartition(":")[2]) < last:
                found[factor] = Proxy(playing[role], PERCENT)
    yields = [playing[role] for role in _NODES if role in playing]
    if len(yields) == 1:
        found["curve"] = Proxy(yields[0], PERCENT)
    if "high_yield_spread" in playing:
        found["credit"] = Proxy(playing["high_yield_spread"])
    if "equity_volatility" in playing:
        found["vol"] = Proxy(playing["equity_volatility"])
    return found
