"""Pictures of a scenario set: where it may go, its tails, its costs, and who moves with whom."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from jaxtyping import Float

from flows.drawing import GAIN, INK, LOSS, OURS, THEIRS, drawn
from flows.scenario_sets.files import ScenarioSet

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from models.base import Asset

SHOWN = 6
"""Assets that have a fan and a tail of their own."""
MOST_NAMED = 30
"""Assets of a picture whose names can be read."""
FAN = ((0.5, 99.5), (5.0, 95.0), (25.0, 75.0))
DRAWN = 20_000
"""Paths that a picture is drawn from."""
BEYOND = 1e-4
"""Least share of paths that a tail is drawn to."""


def fan_picture(
    told: ScenarioSet, shown: Sequence[int], past: Float[np.ndarray, "session asset"]
) -> str:
    """Level of some assets along the paths: median, and bands of 50, 90 and 99% of the paths.

    Parameters
    ----------
    told : ScenarioSet
    shown : sequence of int
        Places on the asset axis.
    past : array of shape (session, asset)
        Last closes, the as-of's being the last; NaN where there is none.
    """

    def draw(axes: Axes, at: int) -> None:
        level = levels(told.assets[at], told.moves[:DRAWN, :, at])
        before = np.arange(1 - len(past), 1)
        known = np.isfinite(past[:, at])
        axes.plot(before[known], past[known, at], color=LOSS, linewidth=1.0)
        _fan(axes, level)
        axes.axvline(0, color=LOSS, linewidth=0.6)
        axes.set_xlim(before[0], level.shape[1] - 1)

    def label(axes: Axes, at: int) -> None:
        last = levels(told.assets[at], told.moves[:DRAWN, :, at])[:, -1]
        for (_, high), name in zip(FAN, ("99%", "90%", "50%"), strict=True):
            place = (1.01, float(np.percentile(last, high)))
            axes.annotate(
                name, place, xycoords=("axes fraction", "data"), fontsize=7, color=OURS, va="center"
            )

    return _panels(told, shown, draw, first=label, below="sessions from the as-of")


def spread_picture(told: ScenarioSet, shown: Sequence[int]) -> str:
    """Bid-ask spread of some assets along the paths, in basis points of the price."""
    spread = np.asarray(told.spread)

    def draw(axes: Axes, at: int) -> None:
        _fan(axes, 1e4 * spread[:DRAWN, :, at].astype(np.float64), first=1)
        axes.set_xlim(1, spread.shape[1])
        axes.set_ylim(bottom=0)

    return _panels(told, shown, draw, below="sessions ahead", beside="basis points")


def tail_picture(
    told: ScenarioSet,
    history: Float[np.ndarray, "window asset"],
    shown: Sequence[int],
    before: Float[np.ndarray, "other asset"] | None = None,
) -> str:
    """How often a move over the horizon is exceeded, in the set and in history; both ends.

    Parameters
    ----------
    told : ScenarioSet
    history : array of shape (window, asset)
        Moves over as many past sessions, in the order of the asset axis; NaN where not known.
    shown : sequence of int
        Places on the asset axis.
    before : array of shape (path, asset), optional
        Total moves before the stress.
    """
    total = told.moves[:DRAWN].sum(axis=1, dtype=np.float64)
    laws = [("history", GAIN, history), ("scenarios", OURS, total)]
    if before is not None:
        laws = [laws[0], ("before the stress", OURS, before[:DRAWN]), ("under it", THEIRS, total)]

    def draw(axes: Axes, at: int) -> None:
        from matplotlib.ticker import FuncFormatter, MaxNLocator

        percent = told.assets[at].move == "log"
        for name, colour, law in laws:
            values = law[np.isfinite(law[:, at]), at]
            values = 100.0 * np.expm1(values) if percent else values
            width = 2.6 if colour == GAIN else 1.3
            for number, sign in enumerate((-1.0, 1.0)):
                size = np.sort(sign * values)[::-1]
                size = size[size > 0.0]
                odds = np.arange(1, len(size) + 1) / len(values)
                style = {"label": name} if number == 0 else {}
                axes.semilogy(sign * size, odds, color=colour, lw=width, **style)
        axes.axvline(0, color=LOSS, linewidth=0.6)
        axes.set_ylim(BEYOND, 1.0)
        axes.xaxis.set_major_locator(MaxNLocator(5, min_n_ticks=3))
        if percent:
            axes.xaxis.set_major_formatter(FuncFormatter(_percent))

    def legend(axes: Axes, at: int) -> None:
        del at
        lines, names = axes.get_legend_handles_labels()
        axes.figure.legend(lines, names, frameon=False, fontsize=8, loc="lower right", ncols=3)

    return _panels(
        told,
        shown,
        draw,
        first=legend,
        below="move over the horizon",
        beside="share of paths beyond",
    )


def correlation_picture(
    told: ScenarioSet,
    history: Float[np.ndarray, "window asset"],
    before: Float[np.ndarray, "other asset"] | None = None,
) -> str:
    """Correlation of moves over the horizon: of history and the set, or before and under a stress.

    Beside the two stands their difference. Assets are in the order in which they cluster, so that
    blocks are seen.
    """
    now = told.moves[:DRAWN].sum(axis=1, dtype=np.float64)
    one, two = ("history", history), ("scenarios", now)
    if before is not None:
        one, two = ("before the stress", before[:DRAWN]), ("under it", now)
    first, second = correlation(one[1]), correlation(two[1])
    order = clustered(first)
    names = [told.assets[k].instrument for k in order]

    def draw(figure: Figure) -> None:
        grid = figure.subplots(1, 3)
        for axes, matrix, title in zip(
            grid,
            (first, second, second - first),
            (one[0], two[0], "difference"),
            strict=True,
        ):
            axes.imshow(
                matrix[np.ix_(order, order)], vmin=-1, vmax=1, cmap="RdBu_r", interpolation="none"
            )
            axes.grid(visible=False)
            axes.set_title(title, fontsize=9, loc="left")
            named = len(names) <= MOST_NAMED and axes is grid[0]
            axes.set_xticks([])
            axes.set_yticks(range(len(names)) if named else [])
            if named:
                axes.set_yticklabels(names, fontsize=6 if len(names) > 15 else 8)
        figure.subplots_adjust(left=0.12, right=0.88, top=0.92, bottom=0.03, wspace=0.06)
        scale = figure.add_axes((0.9, 0.12, 0.012, 0.7))
        figure.colorbar(grid[0].images[0], cax=scale)

    return drawn(draw, height=3.0)


def scenario_picture(told: ScenarioSet, path: int) -> str:
    """One scenario seen across all assets: each one's move, in its own standard deviations."""
    total = told.moves.sum(axis=1, dtype=np.float64)
    spread = total.std(axis=0)
    size = (total[path] - total.mean(axis=0)) / np.where(spread > 0, spread, 1)
    order = np.argsort(size, kind="stable")
    if len(order) > MOST_NAMED:
        order = np.concatenate([order[: MOST_NAMED // 2], order[-MOST_NAMED // 2 :]])
    order = order[::-1]  # bars are drawn from below

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        colours = [THEIRS if size[k] < 0 else OURS for k in order]
        axes.barh(range(len(order)), size[order], color=colours, height=0.7)
        names = [told.assets[k].instrument for k in order]
        axes.set_yticks(range(len(order)), names, fontsize=8)
        axes.grid(visible=False, axis="y")
        axes.grid(visible=True, axis="x")
        for row, at in enumerate(order):
            left = size[at] < 0
            axes.annotate(
                moved(told.assets[at], float(total[path, at])),
                (float(size[at]), row),
                xytext=(-3 if left else 3, 0),
                textcoords="offset points",
                ha="right" if left else "left",
                va="center",
                fontsize=7,
                color=INK,
            )
        axes.margins(x=0.12, y=0.01)
        axes.axvline(0, color=LOSS, linewidth=0.8)
        axes.set_xlabel("standard deviations in the set")
        figure.tight_layout()

    return drawn(draw, height=0.7 + 0.19 * len(order))


def most_telling(told: ScenarioSet) -> list[int]:
    """All assets, those to show first: the middle of each of a few clusters, the largest first.

    The middle of a cluster is the asset that moves most with the others of it.
    """
    from scipy.cluster.hierarchy import fcluster

    matrix = correlation(told.moves[:DRAWN].sum(axis=1, dtype=np.float64))
    everything = range(len(matrix))
    if len(matrix) <= SHOWN:
        return list(everything)
    cluster = fcluster(_tree(matrix), SHOWN, "maxclust")
    members = [np.flatnonzero(cluster == one) for one in np.unique(cluster)]
    members.sort(key=len, reverse=True)
    middles = [int(of[matrix[np.ix_(of, of)].sum(axis=1).argmax()]) for of in members]
    return list(dict.fromkeys([*middles, *everything]))


def levels(asset: Asset, moves: Float[np.ndarray, "path step"]) -> Float[np.ndarray, "path when"]:
    """Levels along the paths, today's first."""
    total = np.cumsum(moves, axis=1, dtype=np.float64)
    total = np.concatenate([np.zeros((len(total), 1)), total], axis=1)
    return asset.last_close * np.exp(total) if asset.move == "log" else asset.last_close + total


def moved(asset: Asset, total: float) -> str:
    """A total move in words: percent of a price, basis points of a rate, else in its own unit."""
    if asset.move == "log":
        text = f"{100.0 * np.expm1(total):+.1f}%"
    elif asset.kind in ("rate", "spread"):
        text = f"{100.0 * total:+.0f} bp"
    else:
        text = f"{total:+.3g}"
    return text.replace("-", "\N{MINUS SIGN}")


def correlation(values: Float[np.ndarray, "path asset"]) -> Float[np.ndarray, "asset asset"]:
    """Correlations of each pair where both are known, zero with what never moves."""
    matrix = pd.DataFrame(values).corr().to_numpy(copy=True)
    np.fill_diagonal(matrix, 1.0)
    return np.nan_to_num(matrix)


def clustered(matrix: Float[np.ndarray, "asset asset"]) -> list[int]:
    """Assets in the order of the leaves of their clusters, near ones side by side."""
    from scipy.cluster.hierarchy import leaves_list

    if len(matrix) < 3:
        return list(range(len(matrix)))
    return leaves_list(_tree(matrix)).tolist()


def _tree(matrix: Float[np.ndarray, "asset asset"]) -> Float[np.ndarray, "joint four"]:
    """Clusters of assets by how far their correlations lie from one."""
    from scipy.cluster.hierarchy import linkage
    from scipy.spatial.distance import squareform

    apart = np.clip(1.0 - (matrix + matrix.T) / 2.0, 0.0, 2.0)
    np.fill_diagonal(apart, 0.0)
    return linkage(squareform(apart, checks=False), "average")


def _fan(axes: Axes, values: Float[np.ndarray, "path when"], *, first: int = 0) -> None:
    steps = np.arange(first, first + values.shape[1])
    for low, high in FAN:
        band = np.percentile(values, (low, high), axis=0)
        axes.fill_between(steps, *band, color=OURS, alpha=0.2, linewidth=0)
    axes.plot(steps, np.median(values, axis=0), color=OURS, linewidth=1.2)


def _panels(
    told: ScenarioSet,
    shown: Sequence[int],
    draw: Callable[[Axes, int], None],
    *,
    first: Callable[[Axes, int], None] | None = None,
    below: str,
    beside: str = "",
) -> str:
    """One panel an asset, three in a row."""
    columns = min(3, len(shown))
    rows = -(-len(shown) // columns)

    def fill(figure: Figure) -> None:
        grid = figure.subplots(rows, columns, squeeze=False)
        for axes, at in zip(grid.flat, shown, strict=False):
            draw(axes, at)
            axes.set_title(told.assets[at].instrument, fontsize=9, loc="left")
        for axes in list(grid.flat)[len(shown) :]:
            axes.set_visible(False)
        if first is not None:
            first(grid.flat[0], shown[0])
        figure.supxlabel(below, fontsize=9, color=INK)
        if beside:
            figure.supylabel(beside, fontsize=9, color=INK)
        figure.tight_layout()

    return drawn(fill, height=0.35 + 2.1 * rows)


def _percent(value: float, place: Any) -> str:
    del place
    return f"{value:.3g}%".replace("-", "\N{MINUS SIGN}")
