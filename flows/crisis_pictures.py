"""One picture per crisis: what was lost, what had been announced, and how many series exceeded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from flows.drawing import GAIN, INK, LOSS, OURS, SHADE, THEIRS, WIDTH, drawn

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MARGIN = pd.Timedelta(days=14)


def crisis_picture(
    forecasts: pd.DataFrame,
    *,
    first: pd.Timestamp,
    last: pd.Timestamp,
    portfolio: str | None,
    alpha: float,
    legacy: tuple[str, str],
    model: tuple[str, str],
) -> str:
    """P&L of one book against the VaR and ES announced, and the share of all series exceeding.

    Parameters
    ----------
    forecasts : DataFrame
        Forecast table of one horizon.
    first, last : Timestamp
        Target dates of the crisis; two weeks more are drawn on either side, the crisis shaded.
    portfolio : str or None
        Book of the upper panel; None where no book was judged in the crisis, and then the panel
        says so.
    alpha : float
        Confidence level in (0.5, 1).
    legacy, model : (str, str)
        Models compared: name in the table, and title.

    Returns
    -------
    str
        See `flows.drawing.drawn`. The same forecasts give the same text.
    """
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    near = forecasts["target"].between(first - _MARGIN, last + _MARGIN)
    held = forecasts[near & (forecasts["alpha"] == alpha) & forecasts["pnl"].notna()]

    def draw(figure: Figure) -> None:
        figure.subplots_adjust(left=0.085, right=0.995, top=0.92, bottom=0.07, hspace=0.1)
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
        stroke = 0.6 * 72 * 0.9 * WIDTH / max(1, held["target"].nunique())
        if portfolio is None:
            upper.text(0.5, 0.5, "no book reaches this crisis", transform=upper.transAxes)
        else:
            _draw_book(upper, held[held["portfolio"] == portfolio], legacy, model, stroke=stroke)
        _draw_share(lower, held, legacy[0], model[0], alpha=alpha, stroke=stroke)
        for axes in (upper, lower):
            axes.axvspan(first, last, color=SHADE, zorder=0, linewidth=0)
        lower.set_xlim(first - _MARGIN, last + _MARGIN)
        locator = AutoDateLocator(minticks=4, maxticks=9)
        lower.xaxis.set_major_locator(locator)
        lower.xaxis.set_major_formatter(ConciseDateFormatter(locator, show_offset=False))
        figure.align_ylabels()

    return drawn(draw, height=4.2)


def _draw_book(
    axes: Axes,
    book: pd.DataFrame,
    legacy: tuple[str, str],
    model: tuple[str, str],
    *,
    stroke: float,
) -> None:
    """Daily P&L in percent, the announced losses as steps below zero, exceedances marked."""
    theirs, ours = (
        book[book["model"] == name].sort_values("target") for name, _ in (legacy, model)
    )
    pnl = 100 * ours["pnl"]
    colors = np.where(pnl < 0, LOSS, GAIN)
    axes.vlines(ours["target"], 0, pnl, colors=colors.tolist(), linewidth=stroke)
    for rows, column, color, dash, label in (
        (theirs, "var", THEIRS, "--", f"{legacy[1]} VaR"),
        (ours, "var", OURS, "-", f"{model[1]} VaR"),
        (ours, "es", OURS, ":", f"{model[1]} ES"),
    ):
        axes.step(
            rows["target"], -100 * rows[column], where="mid", color=color, ls=dash, label=label
        )
    for rows, marker, size, color, (name, title) in (
        (theirs, "x", 6, THEIRS, legacy),
        (ours, "o", 9, OURS, model),
    ):
        beyond = rows[-rows["pnl"] > rows["var"]]
        axes.plot(
            beyond["target"],
            100 * beyond["pnl"],
            linestyle="none",
            marker=marker,
            markersize=size,
            markerfacecolor="none",
            markeredgecolor=color,
            markeredgewidth=1.3,
            label=f"beyond {title}",
            gid=f"beyond-{name}",
        )
    axes.axhline(0, color="#8a949e", linewidth=0.8)
    axes.set_ylabel("P&L, % of value")
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=5, frameon=False, borderaxespad=0.2)


def _draw_share(
    axes: Axes, held: pd.DataFrame, legacy: str, model: str, *, alpha: float, stroke: float
) -> None:
    """Share of all series beyond their VaR, session by session, both models side by side."""
    for name, color, hours in ((legacy, THEIRS, -6), (model, OURS, 6)):
        rows = held[held["model"] == name]
        share = (-rows["pnl"] > rows["var"]).groupby(rows["target"]).mean()
        share = share[share > 0]
        dates = share.index + pd.Timedelta(hours=hours)
        axes.vlines(dates, 0, 100 * share, colors=color, linewidth=stroke / 2)
    axes.axhline(100 * (1 - alpha), color=INK, linewidth=0.8)
    axes.set_ylabel("% of series\nbeyond VaR")
    axes.set_ylim(bottom=0)
