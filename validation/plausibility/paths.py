"""Hard rules of paths: finite, in the right unit, prices of the right sign, no free money in FX."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from validation.plausibility.checks import Check, cells_check

Asset = Mapping[str, Any]

MOVES = {"price": ("log", "diff"), "fx": ("log",), "rate": ("diff",), "spread": ("diff",)}
"""Kinds of move that each kind of series may have."""

UNIT = 20.0
"""Moves this many times larger or smaller than history's are in another unit (percent is 100)."""

TRIANGLE = 0.001
"""Most by which the three sides of an FX triangle may disagree, relative to the rate."""


def path_checks(
    moves: Float[np.ndarray, "path step asset"],
    assets: Sequence[Asset],
    *,
    usual: Float[np.ndarray, " asset"] | None = None,
    first: int = 0,
) -> tuple[Check, ...]:
    """Every hard rule that needs only the paths and what their assets are.

    A price that moves by differences may become negative: oil settled at -37.63 on 2020-04-20. A
    rate may too. A spread may not, nor any price or rate of exchange that moves logarithmically.

    Parameters
    ----------
    moves : array of shape (path, step, asset)
        Each in its asset's own kind of move; need not be finite.
    assets : sequence of mapping
        As ``assets.json``: instrument, kind, move, currency, last_close; in axis order.
    usual : array of shape (asset,), optional
        Standard deviation of a session's move in history, for the rule of units.
    first : int
        Number of the first path, for the examples.

    Raises
    ------
    ValueError
        If there are not as many assets as the moves have.
    """
    if len(assets) != moves.shape[2]:
        raise ValueError(
            f"assets must describe each of {moves.shape[2]} axes, got {len(assets)}. "
            "Write assets.json in axis order."
        )
    names = [str(asset["instrument"]) for asset in assets]
    axes = ("path", "step", "asset")
    finite = cells_check(
        "finite",
        ~np.isfinite(moves),
        axes=axes,
        names=names,
        by_path=True,
        first=first,
        remedy="Look for an overflow in the generator; a path is never repaired.",
    )
    level = levels(moves, assets)
    sign = cells_check(
        "price_sign",
        _wrong_sign(level, moves, assets),
        axes=axes,
        names=names,
        by_path=True,
        first=first,
        remedy="Move the series logarithmically, or floor it in the generator and say so.",
    )
    checks = (finite, _kinds(assets), sign, _triangles(level, assets, first))
    return checks if usual is None else (*checks, _units(moves, usual, names))


def levels(
    moves: Float[np.ndarray, "path step asset"], assets: Sequence[Asset]
) -> Float[np.ndarray, "path step asset"]:
    """Level of each series after each step; NaN where a move is not finite."""
    last = np.array([float(asset["last_close"]) for asset in assets])
    logarithmic = np.array([asset["move"] == "log" for asset in assets])
    with np.errstate(invalid="ignore", over="ignore"):
        summed = np.cumsum(moves, axis=1, dtype=np.float64)
        grown = last * np.exp(np.where(logarithmic, summed, 0.0))
        return np.where(logarithmic, grown, last + summed)


def currency_pair(asset: Asset) -> tuple[str, str] | None:
    """Base and quote of an FX series named like EURUSD; None for anything else."""
    name = str(asset["instrument"])
    if asset["kind"] != "fx" or len(name) != 6 or not (name.isalpha() and name.isupper()):
        return None
    return name[:3], name[3:]


def _wrong_sign(
    level: NDArray[np.float64], moves: NDArray[np.floating], assets: Sequence[Asset]
) -> NDArray[np.bool_]:
    positive = np.array([asset["move"] == "log" for asset in assets])
    spread = np.array([asset["kind"] == "spread" for asset in assets])
    with np.errstate(invalid="ignore"):
        impossible = (positive & ~((level > 0) & np.isfinite(level))) | (spread & (level < 0))
    # what is not finite has broken another rule, from there on
    return impossible & np.logical_and.accumulate(np.isfinite(moves), axis=1)


def _kinds(assets: Sequence[Asset]) -> Check:
    wrong = [
        f"{asset['instrument']}: {asset['kind']} moving by {asset['move']}"
        for asset in assets
        if asset["move"] not in MOVES.get(str(asset["kind"]), ())
    ]
    return Check(
        "kind_of_move",
        len(assets),
        len(wrong),
        tuple(wrong[:5]),
        "Rates and spreads move by differences, rates of exchange logarithmically.",
    )


def _units(
    moves: Float[np.ndarray, "path step asset"],
    usual: Float[np.ndarray, " asset"],
    names: list[str],
) -> Check:
    whole = moves[np.isfinite(moves).all(axis=(1, 2))]
    if not len(whole):
        whole = np.broadcast_to(usual, (1, 1, usual.size))  # nothing to be told of a unit
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        # the median does not see a heavy tail: only a unit moves it twentyfold
        ratio = np.median(np.abs(whole), axis=(0, 1)) / (0.6745 * usual)
        wrong = (usual > 0) & ~((ratio < UNIT) & (ratio > 1 / UNIT))
    return cells_check(
        "unit",
        wrong,
        axes=("asset",),
        names=names,
        remedy="Returns are pure numbers per session, rates in percentage points.",
    )


def _triangles(level: NDArray[np.float64], assets: Sequence[Asset], first: int) -> Check:
    """Each three currencies whose rates are all there: going round must give one."""
    pairs = {pair: at for at, asset in enumerate(assets) if (pair := currency_pair(asset))}
    currencies = sorted({currency for pair in pairs for currency in pair})
    with np.errstate(invalid="ignore", divide="ignore"):
        logs = {pair: np.log(level[:, :, at]) for pair, at in pairs.items()}
    logs |= {(quote, base): -values for (base, quote), values in logs.items()}
    found = [
        three
        for three in combinations(currencies, 3)
        if all(side in logs for side in combinations(three, 2))
    ]
    if not found:
        return Check("fx_triangle", 0, 0, (), "", np.zeros(len(level), dtype=bool))
    round_trip = np.stack(
        [logs[one, two] + logs[two, last] - logs[one, last] for one, two, last in found], axis=2
    )
    return cells_check(
        "fx_triangle",
        np.abs(round_trip) > TRIANGLE,
        axes=("path", "step", "triangle"),
        names=["-".join(three) for three in found],
        by_path=True,
        first=first,
        remedy="Generate two sides and derive the third.",
    )
