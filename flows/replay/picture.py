"""A replay as one picture: losses and VaR, who was in office, what happened when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import StringIO
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INK, SOFT = "#3a444e", "#8a949e"
_REGIMES = {"high": "#fdf3dc", "crisis": "#f8dcd6"}
_OFFICE = ("#1f4e79", "#3f7cac", "#6a9fc7", "#2f6f62", "#5b8f7f", "#7a6a9b")
_LANES = {
    "planted": ("planted fault", "#000000", "X"),
    "feeds": ("feed rejected", "#9b2c2c", "o"),
    "session_refused": ("no session", "#000000", "o"),
    "guardrail_hold": ("number on hold", "#b3541e", "o"),
    "degraded": ("model degraded", "#9b2c2c", "s"),
    "drift": ("inputs drifted", "#8a5a00", "s"),
    "regime": ("regime", "#6a6f75", "o"),
    "retrain": ("retrain", "#1f4e79", "D"),
    "promotion": ("promotion", "#2f6f62", "^"),
    "veto": ("veto", "#9b2c2c", "v"),
    "rollback": ("rollback", "#7a6a9b", "v"),
    "stop": ("stop", "#000000", "v"),
    "override": ("override", "#7a6a9b", "P"),
}
"""Kinds of events: lane, colour, marker; from the cause down to what people did."""


def timeline_picture(content: Mapping[str, Any]) -> str:
    """An SVG of the whole replay.

    Parameters
    ----------
    content : mapping
        As `flows.replay.timeline.timeline` returns it.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    series = pd.DataFrame(content["series"])
    series["date"] = pd.to_datetime(series["date"])
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "foreshock", "font.size": 9.0}):
        figure = Figure(figsize=(12.0, 7.4), layout="constrained")
        losses, office, lanes = figure.subplots(
            3, 1, sharex=True, gridspec_kw={"height_ratios": (3.0, 0.45, 2.8)}
        )
        _losses(losses, series, content)
        _office(office, series)
        _events(lanes, content["events"])
        for axes in (losses, office, lanes):
            _shade(axes, series)
            axes.spines[["top", "right"]].set_visible(False)
        out = StringIO()
        figure.savefig(out, format="svg", metadata={"Date": None})
    text = out.getvalue()
    return text[text.index("<svg") :]


def _losses(axes: Axes, series: pd.DataFrame, content: Mapping[str, Any]) -> None:
    dates = series["date"].to_numpy()
    pnl = 100 * series["pnl"].to_numpy(dtype=float)
    var = -100 * series["var"].to_numpy(dtype=float)
    # What was published on a date speaks of the session after it.
    announced = np.append(np.nan, var[:-1])
    below = pnl < announced
    axes.vlines(dates, 0, pnl, color="#c3cad1", linewidth=0.9)
    axes.vlines(dates[below], 0, pnl[below], color="#9b2c2c", linewidth=1.3)
    axes.plot(dates, announced, color=INK, linewidth=1.1, drawstyle="steps-mid")
    held = series["held"].to_numpy() > 0
    axes.plot(dates[held], np.append(np.nan, var[:-1])[held], "o", color="#b3541e", markersize=2.4)
    axes.set_ylabel("P&L and -VaR, %")
    axes.set_title(
        f"{content['book']}: P&L against the published {100 * content['alpha']:g}% VaR; "
        f"exceedances red, sessions with a book on hold orange",
        loc="left",
        fontsize=9.5,
        color=INK,
        parse_math=False,  # a name may hold dollars
    )


def _office(axes: Axes, series: pd.DataFrame) -> None:
    """Who was in office: a bar for each version, the legacy and the fallback in grey."""
    key = series["version"].astype(object).where(series["standing"] == "champion", None)
    label = key.where(key.notna(), series["standing"])
    begins = np.flatnonzero(label.ne(label.shift()).to_numpy())
    ends = np.append(begins[1:], len(series) - 1)
    for begin, end in zip(begins, ends, strict=True):
        first, last = series["date"].iloc[begin], series["date"].iloc[end]
        name = label.iloc[begin]
        champion = not isinstance(name, str)
        colour = _OFFICE[int(name) % len(_OFFICE)] if champion else "#d5dae0"
        axes.axvspan(first, last, color=colour, linewidth=0)
        if end - begin > len(series) / 40:
            axes.text(
                first + (last - first) / 2,
                0.5,
                f"v{int(name)}" if champion else name,
                ha="center",
                va="center",
                color="white" if champion else INK,
                fontsize=8.5,
            )
    axes.set_ylim(0, 1)
    axes.set_yticks([0.5], ["in office"])
    axes.tick_params(axis="y", length=0)


def _events(axes: Axes, events: Sequence[Mapping[str, Any]]) -> None:
    present = [kind for kind in _LANES if any(event["kind"] == kind for event in events)]
    for place, kind in enumerate(reversed(present)):
        _, colour, marker = _LANES[kind]
        dates = pd.to_datetime([event["date"] for event in events if event["kind"] == kind])
        axes.axhline(place, color="#e6e9ec", linewidth=0.8, zorder=0)
        axes.plot(
            dates,
            np.full(len(dates), place),
            marker,
            color=colour,
            markersize=5.5,
            markeredgecolor="white",
            markeredgewidth=0.5,
        )
    labels = [_LANES[kind][0] for kind in reversed(present)]
    axes.set_yticks(range(len(present)), labels)
    axes.set_ylim(-0.7, len(present) - 0.3)
    axes.tick_params(axis="y", length=0)


def _shade(axes: Axes, series: pd.DataFrame) -> None:
    """Regimes behind everything: high pale yellow, crisis pale red."""
    regime = series["regime"].fillna("")  # not told before two years are known
    begins = np.flatnonzero(regime.ne(regime.shift()).to_numpy())
    ends = np.append(begins[1:], len(series) - 1)
    for begin, end in zip(begins, ends, strict=True):
        if (colour := _REGIMES.get(regime.iloc[begin])) is not None:
            axes.axvspan(
                series["date"].iloc[begin],
                series["date"].iloc[end],
                color=colour,
                linewidth=0,
                zorder=-1,
            )
