"""What moves curves, spreads and volatilities that no series of a set is named like."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from features.findings import Answer, UnreadableError
from features.pricing_market import StatedProxy, stated_proxies
from features.roles import ALIASES
from features.sources.files import open_inside
from features.sources.frames import typed_frame
from features.sources.tables import PROXIES
from flows.ingest import Ingested
from flows.refusal import RefusedError
from models.base import Asset
from models.instruments.proxies import Proxy
from validation.feed_rules.proxies import proxies

PERCENT = 0.01
"""Series of rates are in percent, curves in decimals."""
_NODES = {"yield_2y": (0.0, 5.0), "yield_10y": (5.0, 100.0)}


def default_proxies(
    assets: Sequence[Asset],
    factors: Sequence[str],
    *,
    stated: Mapping[str, StatedProxy] | None = None,
) -> dict[str, Proxy]:
    """Stand-ins that the user states, and for the rest by role, where the set has a series for it.

    By role a curve's node follows the government yield nearest to its tenor, one for one; an
    issuer's spread the high-yield spread, and a volatility the equity volatility index, both in
    proportion. The answer of `factor_scenarios` names every stand-in that was used.

    Parameters
    ----------
    assets : sequence of Asset
        Of the scenario set.
    factors : sequence of str
        Names of the book's factors.
    stated : mapping of factor, or of the beginning of its name, to StatedProxy, optional
        They win over every stand-in by role.
    """
    names = {asset.instrument.upper().lstrip("^"): asset.instrument for asset in assets}
    own = {asset.instrument for asset in assets}
    playing = {
        role: names[alias]
        for role in ("yield_2y", "yield_10y", "high_yield_spread", "equity_volatility")
        for alias in ALIASES[role]
        if alias in names
    }
    found: dict[str, Proxy] = {}
    nodes = [factor for factor in factors if factor.startswith("curve:") and factor not in own]
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
    said = stated or {}
    kept = {
        name: proxy
        for name, proxy in found.items()
        if not any(name == one or name.startswith(f"{one}:") for one in said)
    }
    return kept | {name: Proxy(one.source, one.beta, one.reason) for name, one in said.items()}


def with_proxies(found: Ingested, file: Path | None) -> Ingested:
    """The market with the proxies that the user states, in its table and in a file beside it.

    Parameters
    ----------
    found : Ingested
    file : Path, optional
        CSV or Parquet of factor, proxy, beta and reason; it wins over the table.

    Raises
    ------
    RefusedError
        If one of them cannot be read or breaks a rule: a factor that was to follow something never
        follows something else in silence.
    """
    feeds = found.verdicts.feeds
    wrong = feeds[(feeds["table"] == "proxies") & feeds["excluded"]]
    unread = [one for one in found.verdicts.rejected_tables if one.startswith("proxies.")]
    if len(wrong) or unread:
        told = [
            str(one)
            for one in found.verdicts.findings
            if one.answer is Answer.REJECT and one.table.startswith("proxies.")
        ]
        raise RefusedError("\n".join(told))
    if file is None or found.verdicts.pricing is None:
        return found
    pricing = found.verdicts.pricing
    more = _read(file, found)
    both = replace(pricing, proxies={**pricing.proxies, **more})
    return replace(found, verdicts=replace(found.verdicts, pricing=both))


def _read(file: Path, found: Ingested) -> dict[str, StatedProxy]:
    try:
        typed = typed_frame(PROXIES, open_inside(file.parent, file), latest=pd.Timestamp.max)
    except UnreadableError as error:
        raise RefusedError(f"--proxies: {error}") from error
    pricing = found.verdicts.pricing
    known = (
        {"curve": pricing.curves, "credit": pricing.credit, "vol": pricing.surfaces}
        if pricing is not None
        else {}
    )
    told = [*typed.findings]
    told += [
        one.finding(file.name) for one in proxies(typed.frame, found.market.instruments, known)
    ]
    if refused := [str(one) for one in told if one.answer is Answer.REJECT]:
        raise RefusedError("\n".join(refused))
    return stated_proxies(typed.frame)
