"""The files of a scenario set, opened without reading them into memory."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flows.outputs import json_bytes, write_whole
from flows.refusal import RefusedError
from models.base import Asset

PATHS, ASSETS, WEIGHTS, SPREAD, DEPTH = (
    "paths.npy",
    "assets.json",
    "weights.npy",
    "spread.npy",
    "depth.npy",
)


@dataclass(frozen=True, slots=True)
class SeenLiquidity:
    """Liquidity of one asset along the paths.

    Attributes
    ----------
    spread : float32 array of shape (path, step)
        Bid-ask spread as a fraction of the price.
    depth : float32 array of shape (path, step), or None
        What trades in a session, in multiples of the middle of the 63 sessions before the as-of
        (`features.shown_liquidity.USUAL`); None where volumes are not known.
    """

    spread: NDArray[np.float32]
    depth: NDArray[np.float32] | None


@dataclass(frozen=True, slots=True)
class ScenarioSet:
    """A set as risk reads it; arrays are views of the files.

    Attributes
    ----------
    moves : float32 array of shape (path, step, asset)
    assets : tuple of Asset
    weights : array of shape (path,), or None
        Probabilities; None where all paths count alike.
    spread, depth : float32 arrays of shape (path, step, asset), or None
        NaN for an asset whose liquidity nobody knows; see `liquidity_of`.
    """

    moves: NDArray[np.float32]
    assets: tuple[Asset, ...]
    weights: NDArray[np.float64] | None = None
    spread: NDArray[np.float32] | None = None
    depth: NDArray[np.float32] | None = None

    def liquidity_of(self, instrument: str) -> SeenLiquidity | None:
        """Spread and depth of one asset along the paths; None where its spread is not known.

        A rate, a spread, and a price whose bars nobody gave have none: a cost must then come from
        elsewhere, or be said to be missing.

        Raises
        ------
        RefusedError
            If the set has no such asset.
        """
        names = [asset.instrument for asset in self.assets]
        if instrument not in names:
            raise RefusedError(
                f"scenarios: {instrument} is not in the set. Make one with `foreshock scenarios "
                f"--instruments` that names it."
            )
        at = names.index(instrument)
        spread, depth = (
            None if one is None or np.isnan(one[0, 0, at]) else one[:, :, at]
            for one in (self.spread, self.depth)
        )
        return None if spread is None else SeenLiquidity(spread, depth)


def write_assets(
    directory: Path, assets: Sequence[Asset], *, weights: NDArray[np.float64] | None = None
) -> None:
    """Write what belongs to the arrays of `models.scenarios.chunks.write_moves`.

    Parameters
    ----------
    directory : Path
        Holds the arrays.
    assets : sequence of Asset
        In the order of the asset axis.
    weights : array of shape (path,), optional
        Probabilities, summing to one; without them all paths count alike.
    """
    write_whole(directory / ASSETS, json_bytes([asdict(asset) for asset in assets]))
    if weights is not None:
        np.save(directory / WEIGHTS, weights.astype(np.float64))


def read_set(directory: Path) -> ScenarioSet:
    """Open a set that `flows.scenario_sets.verify` has found intact.

    Raises
    ------
    RefusedError
        If a file is missing, or shapes do not fit one another.
    """
    try:
        listed = json.loads((directory / ASSETS).read_text(encoding="utf-8"))
        assets = tuple(Asset(**one) for one in listed)
        moves = np.load(directory / PATHS, mmap_mode="r", allow_pickle=False)
        more = {
            name: np.load(directory / name, mmap_mode="r", allow_pickle=False)
            for name in (WEIGHTS, SPREAD, DEPTH)
            if (directory / name).is_file()
        }
    except (OSError, ValueError, TypeError) as error:
        raise RefusedError(
            f"{directory}: not a readable scenario set ({error}). Make it again."
        ) from error
    fault = next((fault for fault in _faults(moves, len(assets), more) if fault), None)
    if fault is not None:
        raise RefusedError(f"{directory}: {fault}. Make the set again.")
    return ScenarioSet(moves, assets, more.get(WEIGHTS), more.get(SPREAD), more.get(DEPTH))


def _faults(
    moves: NDArray[Any], assets: int, more: Mapping[str, NDArray[Any]]
) -> Iterator[str | None]:
    if moves.dtype != np.float32 or moves.ndim != 3 or moves.shape[2] != assets:
        yield (
            f"{PATHS} must be float32 of (path, step, {assets}), got {moves.dtype} of {moves.shape}"
        )
    for name in more.keys() - {WEIGHTS}:
        if more[name].shape != moves.shape or more[name].dtype != np.float32:
            yield f"{name} must be float32 of {moves.shape} like {PATHS}, got {more[name].shape}"
    if WEIGHTS in more:
        yield _fault_of_weights(more[WEIGHTS], len(moves))


def _fault_of_weights(weights: NDArray[Any], paths: int) -> str | None:
    if weights.shape != (paths,) or weights.dtype != np.float64:
        return f"{WEIGHTS} must be one float64 a path ({paths}), got {weights.shape}"
    total = float(weights.sum())
    if not (weights >= 0).all() or abs(total - 1.0) > 1e-9:
        return f"{WEIGHTS} must be probabilities that sum to one, got a sum of {total:.6g}"
    return None
