"""An explanation as one HTML page that prints, with two pictures; every text in it is escaped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from flows.drawing import INK, OURS, THEIRS, drawn
from flows.templates import template
from flows.wording import (
    decimal,
    kind_of_data,
    level,
    model_title,
    percent,
    signed,
    signed_percent,
)

if TYPE_CHECKING:
    from jinja2 import Template
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SHOWN = 12
"""Inputs in the picture and in the tables."""


def render_explanation(told: Mapping[str, Any], *, banner: str = "") -> str:
    """One self-contained page, printable, without scripts or outside resources.

    Parameters
    ----------
    told : mapping
        See `flows.explaining.figures.explanation`, with its ``paragraph`` and ``notes``.
    banner : str
        What stands above a page of a replay.
    """
    attention = told["attention"]["tokens"]
    return _template().render(
        told=told,
        shown=SHOWN,
        shap_picture=shap_picture(told["shap"]),
        attention_picture=attention_picture(attention) if attention else None,
        banner=banner,
    )


def shap_picture(shap: Mapping[str, Any]) -> str:
    """SHAP by kind of data and by input, with how far the seeds lie apart; see `drawn`."""
    kinds = [one for one in shap["modalities"] if one["shap"]][:SHOWN]
    inputs = [one for one in shap["inputs"] if one["shap"]][:SHOWN]

    def draw(figure: Figure) -> None:
        figure.subplots_adjust(left=0.13, right=0.99, top=0.92, bottom=0.1, wspace=0.55)
        left, right = figure.subplots(1, 2, width_ratios=(2, 3))
        _bars(left, kinds, "modality", "by kind of data")
        _bars(right, inputs, "input", "by input")

    return drawn(draw, height=1.0 + 0.24 * max(len(kinds), len(inputs), 3))


def attention_picture(tokens: Sequence[Mapping[str, Any]]) -> str:
    """Attention over tokens in their order, beside what is usual; see `drawn`."""

    def draw(figure: Figure) -> None:
        figure.subplots_adjust(left=0.08, right=0.99, top=0.92, bottom=0.36)
        axes = figure.subplots()
        places = range(len(tokens))
        weights = [100 * token["weight"] for token in tokens]
        axes.bar(places, weights, color=OURS, width=0.6, label="at this origin")
        lows, highs = ([100 * token[end] for token in tokens] for end in ("low", "high"))
        axes.vlines(places, lows, highs, color=INK, linewidth=1.0, label="seeds")
        usual = [100 * token["usual"] for token in tokens]
        axes.plot(places, usual, "D", color=THEIRS, markersize=5, label="on the background")
        names = [token["token"] for token in tokens]
        axes.set_xticks(list(places), names, rotation=40, ha="right")
        axes.set_ylabel("% of attention")
        axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=3, frameon=False)

    return drawn(draw, height=3.2)


def _bars(axes: Axes, rows: Sequence[Mapping[str, Any]], name: str, title: str) -> None:
    """Horizontal bars, the heaviest on top; right of zero ES is moved up."""
    places = range(len(rows))
    values = [row["shap"] for row in rows]
    colors = [THEIRS if value > 0 else OURS for value in values]
    axes.barh(places, values, color=colors, height=0.62)
    axes.hlines(
        places, [row["low"] for row in rows], [row["high"] for row in rows], color=INK, linewidth=1
    )
    axes.axvline(0, color=INK, linewidth=0.8)
    axes.set_yticks(list(places), [row[name] for row in rows])
    axes.invert_yaxis()
    axes.grid(axis="y", visible=False)
    axes.grid(axis="x", visible=True)
    axes.set_title(title, loc="left", fontsize=9.0, color=INK)
    axes.locator_params(axis="x", nbins=4)


@cache
def _template() -> Template:
    wording = {
        "decimal": decimal,
        "kind_of_data": kind_of_data,
        "level": level,
        "model_title": model_title,
        "percent": percent,
        "signed": signed,
        "signed_percent": signed_percent,
    }
    return template("explain.html.j2", filters=wording)
