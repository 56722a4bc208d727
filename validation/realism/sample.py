"""A sample of paths, simulated or windows of history, and which of them depend on each other."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float, Shaped
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class PathSample:
    """Paths of joint moves, in order of date where they have one.

    Attributes
    ----------
    moves : array of shape (path, step, asset)
        Per-step moves, each in its asset's own kind: logarithmic or a difference.
    logarithmic : bool array of shape (asset,)
        Which assets move logarithmically.
    paths_per_date : int
        Paths in a row that share an origin: 1 for windows of history and for a set of one origin.
    block : int
        Dates in a row that depend on each other: 1 where the paths are independent draws.
    """

    moves: Float[np.ndarray, "path step asset"]
    logarithmic: Bool[np.ndarray, " flag"]
    paths_per_date: int = 1
    block: int = 1

    def __post_init__(self) -> None:
        """Refuse what no comparison could use."""
        paths, steps, assets = self.moves.shape
        if not (paths and steps and assets):
            raise ValueError(
                f"moves must hold a path, a step and an asset at least, got {self.moves.shape}. "
                "An empty set cannot be examined."
            )
        if self.logarithmic.shape != (assets,):
            raise ValueError(
                f"logarithmic must name the kind of each of {assets} assets, got "
                f"{self.logarithmic.size}. Pass one flag an asset, in axis order."
            )
        if self.paths_per_date < 1 or paths % self.paths_per_date:
            raise ValueError(
                f"paths_per_date must divide the {paths} paths, got {self.paths_per_date}. "
                "Every origin needs the same number of paths."
            )
        if self.block < 1:
            raise ValueError(f"block counts dates and must be at least 1, got {self.block}.")
        if not np.isfinite(self.moves).all():
            bad = int(np.count_nonzero(~np.isfinite(self.moves)))
            raise ValueError(
                f"moves: {bad} are not finite. Paths with gaps are no sample; the hard rules of "
                "validation.plausibility say which."
            )

    @property
    def dates(self) -> int:
        """Origins, or paths where each stands alone."""
        return len(self.moves) // self.paths_per_date

    @property
    def steps(self) -> int:
        """Sessions of a path."""
        return self.moves.shape[1]

    def simple(self) -> Float[np.ndarray, "path step asset"]:
        """Simple return of each logarithmic asset; the difference of each other."""
        moves = self.moves.astype(np.float64)
        return np.where(self.logarithmic, np.expm1(moves), moves)

    def summed(self) -> Float[np.ndarray, "path asset"]:
        """Move of each asset over the whole path."""
        return self.moves.sum(axis=1, dtype=np.float64)

    def taken(self, rows: Shaped[np.ndarray, " row"], *, block: int) -> PathSample:
        """Some of the paths, each then standing alone."""
        return replace(self, moves=self.moves[rows], paths_per_date=1, block=block)

    def of_assets(self, which: Shaped[np.ndarray, " kept"]) -> PathSample:
        """Some of the assets, on all paths."""
        return replace(self, moves=self.moves[:, :, which], logarithmic=self.logarithmic[which])

    def thinned(self, most: int, *, seed: int) -> PathSample:
        """At most so many paths: drawn at random, or every few dates where order matters."""
        if len(self.moves) <= most:
            return self
        if self.block == self.paths_per_date == 1:
            drawn = np.random.default_rng(seed).choice(len(self.moves), most, replace=False)
            return self.taken(np.sort(drawn), block=1)
        stride = -(-self.dates // most)
        first = np.arange(0, self.dates, stride) * self.paths_per_date
        each = max(1, min(self.paths_per_date, most // first.size))
        thin = self.taken((first[:, None] + np.arange(each)).ravel(), block=1)
        return replace(thin, paths_per_date=each, block=-(-self.block // stride))

    def pieces(self) -> NDArray[np.int64]:
        """Number of the contiguous piece of dates that each path belongs to.

        A piece is four blocks long, so that most of it does not depend on its neighbours; where
        paths are independent each is a piece.
        """
        length = 4 * self.block if self.block > 1 else 1
        return np.repeat(np.arange(self.dates) // length, self.paths_per_date)

    def halves(self, *, seed: int) -> tuple[PathSample, PathSample]:
        """Two halves of the sample, by whole pieces of dates drawn at random.

        Not the first half against the second: that would measure how times have changed.
        """
        piece = self.pieces()
        order = np.random.default_rng(seed).permutation(int(piece[-1]) + 1)
        first = np.isin(piece, order[: order.size // 2])
        block = self.block * self.paths_per_date
        return (
            self.taken(np.flatnonzero(first), block=block),
            self.taken(np.flatnonzero(~first), block=block),
        )


def windows(
    history: Float[np.ndarray, "time asset"],
    *,
    horizon: int,
    logarithmic: Bool[np.ndarray, " asset"],
    block: int | None = None,
) -> PathSample:
    """Every window of a history, one beginning at each of its dates.

    Parameters
    ----------
    history : array of shape (time, asset)
        Moves of consecutive sessions, without gaps.
    horizon : int
        Sessions a window.
    logarithmic : bool array of shape (asset,)
    block : int, optional
        Dates in a row to resample together; by default twice the horizon and at least 20, since
        overlapping windows share their sessions and volatility clusters.

    Raises
    ------
    ValueError
        If the history is shorter than a window, or holds a gap.
    """
    if not 1 <= horizon <= len(history):
        raise ValueError(
            f"horizon must lie in 1..{len(history)}, the sessions of the history, got {horizon}."
        )
    seen = sliding_window_view(history, horizon, axis=0).transpose(0, 2, 1)
    kept = max(20, 2 * horizon) if block is None else block
    return PathSample(np.ascontiguousarray(seen), logarithmic, block=kept)
