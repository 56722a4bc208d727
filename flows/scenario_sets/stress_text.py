"""What a set stands under, in sentences, from what its manifest says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from validation.crises import CATALOGUE

FOREVER = 10_000.0
"""Years beyond which a number of years says no more than never."""


def stress_lines(sampling: Mapping[str, Any]) -> list[str]:
    """Sentences for a person; none for a set without a stress.

    Parameters
    ----------
    sampling : mapping
        Part of a manifest's predicate.
    """
    stress = sampling.get("stress")
    if stress is None:
        return []
    lines = [f"Under stress: {stress['name']}."]
    if (replay := sampling.get("replay")) is not None:
        lines.append(_replayed(replay, stress["severity"], sampling["horizon"]))
    if stress["state"]:
        wilder: Mapping[str, float] = sampling["state_volatility"]
        blocks = ", ".join(
            f"{block} {move:+g} (volatility times {wilder.get(block, 1.0):.2g})"
            for block, move in stress["state"].items()
        )
        lines.append(f"Paths start after a session, in standard deviations, of {blocks}.")
    if (correlation := stress["correlation"]) is not None:
        lines.append(_correlated(correlation, sampling["correlation_projection_distance"]))
    if stress["shocks"]:
        shocks = ", ".join(f"{name} {shock}" for name, shock in stress["shocks"].items())
        lines.append(
            f"Every path ends with {shocks}; the others move as they do with these."
            if stress["meaning"] == "conditional"
            else f"Paths are weighted until on average {shocks}: "
            f"{sampling['effective_paths']:,.0f} of {sampling['paths']:,} still speak."
        )
    if (far := sampling.get("plausibility")) is not None:
        lines.append(_plausible(far))
    return lines


def _replayed(replay: Mapping[str, Any], severity: float, horizon: int) -> str:
    title = next(one.title for one in CATALOGUE if one.name == replay["crisis"])
    times = "" if severity == 1.0 else f", every move times {severity:g}"
    short = "" if replay["covered"] else " (the data end before it does)"
    return (
        f"{title}: the {replay['sessions']} sessions from {replay['first']} to {replay['last']}"
        f"{short} as they were, credit spreads by their share{times}. The first "
        f"{replay['as_they_came']} paths are its stretches of {horizon} sessions in order; on the "
        f"others its sessions come in other orders."
    )


def _correlated(correlation: Mapping[str, Any], distance: float) -> str:
    if correlation["raise_to"] is not None:
        return f"The mean correlation is raised to {correlation['raise_to']:g}."
    if correlation["broken"]:
        return "Nothing moves with anything."
    return (
        f"Correlations of {', '.join(correlation['invert'])} with the rest change their sign; the "
        f"nearest possible matrix lies {distance:.2g} from that."
    )


def _plausible(far: Mapping[str, Any]) -> str:
    if far["status"] != "computed":
        return f"How plausible it is cannot be told: {far['status']}"
    when = f" ({far['from']} to {far['to']})" if "from" in far else ""
    years = far["years"]
    if years is None:
        often = "never go that far"
    elif years > FOREVER:
        often = f"go farther less than once in {FOREVER:,.0f} years"
    else:
        often = f"go farther once in {float(f'{years:.2g}'):,g} years"
    return (
        f"Its farthest move{when} lies {far['distance']:.1f} standard deviations out; today's "
        f"scenarios {often}."
    )
