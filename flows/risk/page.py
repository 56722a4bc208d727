"""The morning view of a book: one page that prints."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from flows.document_page import figure
from flows.drawing import OURS, THEIRS, drawn
from flows.market_text import market_sentences
from flows.risk.change import ALPHA
from flows.risk.herding_picture import amplification_picture
from flows.templates import template
from flows.wording import level, percent, signed_percent

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SHOWN = 15
"""Positions in the picture, those that add or take most."""


def page_of(risk: Mapping[str, Any]) -> str:
    """One self-contained page, without scripts or outside resources.

    Parameters
    ----------
    risk : mapping
        As `flows.risk.run.risk` gives it.
    """
    amount = amount_in(str(risk["unit"]))
    desk = risk["desk"]
    return template(
        "risk.html.j2",
        filters={
            "figure": figure,
            "amount": amount,
            "percent": lambda value: percent(value, 2),
            "moved": moved_in(str(risk["unit"])),
            "plain": plain,
            "often": often,
            "level": level,
        },
    ).render(
        risk=risk,
        headline=headline(risk),
        sentences=list(market_sentences(desk.get("regime"), desk.get("market", {}))),
        picture=contributions(risk),
        ripple_picture=ripple_graph(risk["ripple"]) if risk["ripple"] else "",
        herding_picture=(
            amplification_picture(herding)
            if (herding := risk["herding"]) and herding["status"] == "computed"
            else ""
        ),
    )


def ripple_graph(ripple: Mapping[str, Any]) -> str:
    """The defaulted issuer in the middle, the others around it: nearer and wider is harder hit."""

    def draw(canvas: Figure) -> None:
        axes = canvas.subplots()
        others = ripple["issuers"][1:]
        angles = np.linspace(0.0, 2.0 * np.pi, max(len(others), 1), endpoint=False)
        widths = [one["spread_after"] / one["spread_before"] for one in others]
        most = max([*widths, 1.0 + 1e-9])
        for angle, width, one in zip(angles, widths, others, strict=False):
            hard = (width - 1.0) / (most - 1.0)
            x, y = (1.6 - 0.9 * hard) * np.cos(angle) * 2.2, (1.6 - 0.9 * hard) * np.sin(angle)
            axes.plot([0.0, x], [0.0, y], color=THEIRS, linewidth=0.5 + 5.0 * hard, alpha=0.5)
            axes.plot(x, y, "o", markersize=9, color=OURS)
            label = f"{one['issuer']}\n{one['sector']}, spread x {width:.2f}"
            axes.annotate(label, (x, y), xytext=(8, 4), textcoords="offset points", fontsize=8)
        axes.plot(0.0, 0.0, "o", markersize=13, color=THEIRS)
        axes.annotate(ripple["issuer"], (0, 0), xytext=(9, 8), textcoords="offset points")
        axes.set_xlim(-4.2, 5.0)
        axes.set_ylim(-2.0, 2.0)
        axes.axis("off")

    return drawn(draw, height=3.4)


def headline(risk: Mapping[str, Any]) -> str:
    """The number of the longer horizon in one sentence."""
    far = max(row["horizon"] for row in risk["levels"])
    row = next(
        (one for one in risk["levels"] if one["horizon"] == far and one["alpha"] == ALPHA),
        risk["levels"][-1],
    )
    amount = amount_in(str(risk["unit"]))
    return (
        f"ES {level(row['alpha'])} over {far} sessions is {amount(row['es'])} "
        f"({amount(row['es_low'])} to {amount(row['es_high'])})."
    )


def amount_in(unit: str) -> Callable[[float | None], str]:
    """How amounts are written: percent of value, or whole units of a currency."""
    if unit == "share":
        return lambda value: percent(value, 2)

    def money(value: float | None) -> str:
        if value is None:
            return "n/a"
        return f"{round(value) or 0:,} {unit}".replace("-", "\N{MINUS SIGN}")

    return money


def moved_in(unit: str) -> Callable[[float], str]:
    """How changes are written, with their sign."""
    if unit == "share":
        return lambda value: signed_percent(value, 2)
    return lambda value: f"{value:+,.0f} {unit}".replace("-", "\N{MINUS SIGN}")


def often(years: float) -> str:
    """How often something comes back."""
    if years < 1.0:
        return f"about {1.0 / years:,.0f} times a year"
    return f"about once in {years:,.0f} years" if years >= 1.5 else "about once a year"


def plain(value: float) -> str:
    """A whole amount of a table whose unit stands beside it; nothing for a zero."""
    return f"{value:,.0f}".replace("-", "\N{MINUS SIGN}") if round(value) else ""


def contributions(risk: Mapping[str, Any]) -> str:
    """Bar picture of what each position adds to ES."""
    parts = next((one["parts"] for one in risk["parts"] if one["by"] == "position"), [])
    largest = sorted(parts, key=lambda one: -abs(one["es_contribution"]))[:SHOWN]
    shown = sorted(largest, key=lambda one: one["es_contribution"])
    scale = 100.0 if risk["unit"] == "share" else 1.0

    def draw(canvas: Figure) -> None:
        axes = canvas.subplots()
        sizes = [scale * one["es_contribution"] for one in shown]
        axes.barh(
            [one["position"] for one in shown],
            sizes,
            color=[THEIRS if size > 0 else OURS for size in sizes],
            height=0.65,
        )
        axes.axvline(0.0, color="#8a949e", linewidth=0.8)
        unit = "% of value" if risk["unit"] == "share" else str(risk["unit"])
        axes.set_xlabel(f"adds to ES, {unit}")
        axes.grid(visible=False)
        canvas.tight_layout()

    return drawn(draw, height=0.8 + 0.24 * max(len(shown), 1))
