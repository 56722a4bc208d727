"""Pictures of a scenario set: where it may go, how its tails compare, who moves with whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from flows.drawing import INK, LOSS, OURS, SHADE, THEIRS, drawn
from flows.scenario_sets.files import ScenarioSet

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SHOWN = 6
"""Assets that have a fan and a tail of their own."""
MOST_NAMED = 40
"""Assets of a correlation picture whose names can be read."""
FAN = ((0.5, 99.5), (5.0, 95.0), (25.0, 75.0))
DRAWN = 20_000
"""Paths that a picture is drawn from."""


def fan_picture(told: ScenarioSet, shown: list[int]) -> str:
    """Level of some assets along the paths: median, and bands of 50, 90 and 99% of the paths."""

    def draw(figure: Figure) -> None:
        grid = figure.subplots(*_grid(shown), squeeze=False)
        for axes, at in zip(grid.flat, shown, strict=False):
            asset = told.assets[at]
            moves = np.cumsum(told.moves[:DRAWN, :, at], axis=1, dtype=np.float64)
            moves = np.concatenate([np.zeros((len(moves), 1)), moves], axis=1)
            level = asset.last_close + moves
            if asset.move == "log":
                level = asset.last_close * np.exp(moves)
            steps = np.arange(level.shape[1])
            for low, high in FAN:
                band = np.percentile(level, (low, high), axis=0)
                axes.fill_between(steps, *band, color=OURS, alpha=0.18, linewidth=0)
            axes.plot(steps, np.median(level, axis=0), color=OURS, linewidth=1.2)
            axes.set_title(asset.instrument, fontsize=9, loc="left")
            axes.set_xlim(0, level.shape[1] - 1)
        _hide(grid, len(shown))
        figure.supxlabel("sessions ahead", fontsize=9, color=INK)
        figure.tight_layout()

    return drawn(draw, height=2.1 * _grid(shown)[0])


def tail_picture(
    told: ScenarioSet, history: Float[np.ndarray, "window asset"], shown: list[int]
) -> str:
    """How often a move over the horizon is exceeded, in the set and in history; both ends.

    Parameters
    ----------
    told : ScenarioSet
    history : array of shape (window, asset)
        Moves over as many past sessions, in the order of the asset axis.
    shown : list of int
        Places on the asset axis.
    """
    total = told.moves[:DRAWN].sum(axis=1, dtype=np.float64)

    def draw(figure: Figure) -> None:
        grid = figure.subplots(*_grid(shown), squeeze=False)
        for axes, at in zip(grid.flat, shown, strict=False):
            for values, colour, name in (
                (history[:, at], LOSS, "history"),
                (total[:, at], OURS, "scenarios"),
            ):
                for sign, style in ((-1.0, "-"), (1.0, "--")):
                    size = np.sort(sign * values[np.isfinite(values)])[::-1]
                    size = size[size > 0.0]
                    odds = np.arange(1, len(size) + 1) / np.isfinite(values).sum()
                    side = "falls" if sign < 0 else "rises"
                    axes.loglog(size, odds, style, color=colour, lw=1.1, label=f"{name}, {side}")
            axes.set_title(told.assets[at].instrument, fontsize=9, loc="left")
            axes.set_ylim(1e-4, 0.6)
            axes.set_xlim(left=0.2 * float(np.abs(total[:, at]).mean() or 1.0))
        _hide(grid, len(shown))
        grid.flat[0].legend(frameon=False, fontsize=7, loc="lower left")
        figure.supxlabel("size of the move over the horizon", fontsize=9, color=INK)
        figure.supylabel("share beyond", fontsize=9, color=INK)
        figure.tight_layout()

    return drawn(draw, height=2.4 * _grid(shown)[0])


def correlation_picture(told: ScenarioSet, history: Float[np.ndarray, "window asset"]) -> str:
    """Correlation of moves over the horizon: in history, in the set, and the difference."""
    before, after = (
        _correlation(values)
        for values in (history, told.moves[:DRAWN].sum(axis=1, dtype=np.float64))
    )
    names = [asset.instrument for asset in told.assets]

    def draw(figure: Figure) -> None:
        grid = figure.subplots(1, 3)
        for axes, matrix, title in zip(
            grid,
            (before, after, after - before),
            ("history", "scenarios", "difference"),
            strict=True,
        ):
            axes.imshow(matrix, vmin=-1, vmax=1, cmap="RdBu_r", interpolation="nearest")
            axes.grid(visible=False)
            axes.set_title(title, fontsize=9, loc="left")
            readable = len(names) <= MOST_NAMED
            axes.set_xticks([])
            axes.set_yticks(range(len(names)) if readable and axes is grid[0] else [])
            if readable and axes is grid[0]:
                axes.set_yticklabels(names, fontsize=6 if len(names) > 15 else 8)
        figure.colorbar(grid[0].images[0], ax=list(grid), shrink=0.8)

    return drawn(draw, height=3.2)


def scenario_picture(told: ScenarioSet, path: int) -> str:
    """One scenario seen across all assets: each one's move in its own standard deviations."""
    total = told.moves.sum(axis=1, dtype=np.float64)
    size = (total[path] - total.mean(axis=0)) / np.where(
        total.std(axis=0) > 0, total.std(axis=0), 1
    )
    order = np.argsort(size)
    if len(order) > MOST_NAMED:
        order = np.concatenate([order[: MOST_NAMED // 2], order[-MOST_NAMED // 2 :]])

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        colours = [THEIRS if size[k] < 0 else OURS for k in order]
        axes.bar(range(len(order)), size[order], color=colours, width=0.7)
        names = [told.assets[k].instrument for k in order]
        axes.set_xticks(range(len(order)), names, rotation=90, fontsize=7)
        axes.axhspan(-2, 2, color=SHADE, zorder=0)
        axes.set_ylabel("standard deviations")
        figure.tight_layout()

    return drawn(draw, height=2.8)


def most_telling(told: ScenarioSet) -> list[int]:
    """Assets to show: one a kind and currency first, then those that move most."""
    spread = told.moves[:DRAWN].sum(axis=1, dtype=np.float64).std(axis=0)
    order = np.argsort(-spread, kind="stable").tolist()
    firsts: dict[tuple[str, str], int] = {}
    for at, asset in enumerate(told.assets):
        firsts.setdefault((asset.kind, asset.currency), at)
    return list(dict.fromkeys([*firsts.values(), *order]))[:SHOWN]


def _grid(shown: list[int]) -> tuple[int, int]:
    columns = min(3, len(shown))
    return -(-len(shown) // columns), columns


def _hide(grid: np.ndarray, used: int) -> None:
    spare: list[Axes] = list(grid.flat)[used:]
    for axes in spare:
        axes.set_visible(False)


def _correlation(values: Float[np.ndarray, "path asset"]) -> Float[np.ndarray, "asset asset"]:
    """Correlations, zero with what never moves."""
    away = values[np.isfinite(values).all(axis=1)]
    away = away - away.mean(axis=0)
    size = np.sqrt((away**2).sum(axis=0))
    unit = np.divide(away, size, out=np.zeros_like(away), where=size > 0)
    return unit.T @ unit
