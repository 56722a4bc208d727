"""The amplification curve: how much worse a bad session becomes, by the number of funds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from flows.drawing import OURS, THEIRS, drawn

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def amplification_picture(herding: Mapping[str, Any]) -> str:
    """Two lines over the number of funds: all with models of their own, and all with ours."""

    def draw(canvas: Figure) -> None:
        axes = canvas.subplots()
        funds = [one["funds"] for one in herding["curve"]]
        for key, label, color in (
            ("shared", "all share this model", THEIRS),
            ("own", "each has a model of its own", OURS),
        ):
            axes.plot(funds, [one[key] for one in herding["curve"]], color=color, label=label)
        axes.axvline(herding["funds"], color="#8a949e", linewidth=0.8, linestyle=":")
        axes.set_xscale("log")
        axes.set_xlabel("funds that hold the book")
        axes.set_ylabel("loss, as a multiple of the first")
        axes.legend(frameon=False, loc="upper left")
        canvas.tight_layout()

    return drawn(draw, height=2.6)
