"""Does a generator repeat its training: copies among its paths, and who can be told a member."""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Bool, Float
from numpy.typing import NDArray

from validation.realism.classifier import auc
from validation.realism.factors import FactorBasis
from validation.realism.resampling import Figure, not_computable, resampled_counts, share_at_least
from validation.realism.sample import PathSample

COPY = 0.01
"""Share of held-out windows that count as copies of the training by chance."""

FEWEST = 100
"""Held-out windows below which one in a hundred is not to be had."""


def memorisation_figures(
    candidate: PathSample,
    training: PathSample,
    holdout: PathSample,
    *,
    basis: FactorBasis,
    seed: int,
    draws: int,
) -> dict[str, Figure]:
    """Copies among the candidate's paths, and membership inference against its training windows.

    Windows are compared by their shape, each divided by its own size: held-out years differ from
    the training in volatility, and a copy on another scale is still a copy.

    Parameters
    ----------
    candidate : PathSample
        Of the learned part alone: an FHS share repeats history by design and is left out with
        `learned_part`.
    training : PathSample
        Every window that the generator has learned from.
    holdout : PathSample
        Windows that it has not seen.
    basis : FactorBasis
    seed, draws : int
        Of the resamples.

    Returns
    -------
    dict of name to Figure
        ``copies``: share of paths closer to a training window than all but one in a hundred held
        out ones are; 0.01 is none. ``membership``: AUC of telling training windows from held out
        ones by their distance to the nearest path; 0.5 is none.

    References
    ----------
    Meehan, Chaudhuri and Dasgupta (2020), *A non-parametric test to detect data-copying*.
    Chen, Yu, Zhang and Fritz (2020), *GAN-Leaks*.
    """
    if len(holdout.moves) < FEWEST:
        few = not_computable(f"{len(holdout.moves)} held-out windows; {FEWEST} are needed")
        return {"copies": few, "membership": few}
    paths, seen, unseen = (_shapes(basis.points(law)) for law in (candidate, training, holdout))
    rows = (len(paths), len(seen), len(unseen))
    reached, chance = nearest(paths, seen), nearest(unseen, seen)
    times = [
        _times(law, seed=seed + at, draws=draws)
        for at, law in enumerate((candidate, training, holdout))
    ]
    copies = _copies(reached, chance, times[0], times[2], rows)
    member, stranger = nearest(seen, paths), nearest(unseen, paths)
    value = auc(stranger, member)
    first = np.searchsorted(np.sort(member), stranger, "right") / member.size
    second = 1 - np.searchsorted(np.sort(stranger), member, "left") / stranger.size
    # an AUC is linear in either sample, so its error is that of two means
    noise = (times[2] @ first / first.size - first.mean()) + (
        times[1] @ second / second.size - second.mean()
    )
    low, high = value + np.quantile(noise, (0.025, 0.975))
    membership = Figure(
        value=value,
        low=float(low),
        high=float(high),
        floor=0.5,
        floor_high=float(0.5 + np.quantile(noise, 0.95)),
        p_value=share_at_least(noise, value - 0.5),
        n=1,
        rows=rows,
    )
    return {"copies": copies, "membership": membership}


def learned_part(sample: PathSample, from_history: Bool[np.ndarray, " path"]) -> PathSample:
    """The paths that the learned generator made; those of the declared FHS share are left out.

    Raises
    ------
    ValueError
        If nothing is left, or the mask is of another length.
    """
    if from_history.shape != (len(sample.moves),) or from_history.all():
        raise ValueError(
            f"from_history must mark the FHS share among {len(sample.moves)} paths and leave some, "
            f"got {from_history.size} marks of which {int(from_history.sum())} are set."
        )
    return sample.taken(np.flatnonzero(~from_history), block=1)


def canary_exposure(
    canaries: Float[np.ndarray, "canary coordinate"],
    strangers: Float[np.ndarray, "stranger coordinate"],
    paths: Float[np.ndarray, "path coordinate"],
) -> Float[np.ndarray, " canary"]:
    """How much more a planted window shows in the output than windows that were not planted.

    Parameters
    ----------
    canaries : array of shape (canary, coordinate)
        Windows planted in the training.
    strangers : array of shape (stranger, coordinate)
        Drawn from the same law and not planted.
    paths : array of shape (path, coordinate)
        What the generator then made.

    Returns
    -------
    array of shape (canary,)
        ``log2(strangers + 1) - log2(rank)`` by distance to the nearest path: about 1.4 on average
        where nothing was memorised, and at most ``log2(strangers + 1)``.

    References
    ----------
    Carlini, Liu, Erlingsson, Kos and Song (2019), *The secret sharer*.
    """
    others = np.sort(nearest(strangers, paths))
    rank = 1 + np.searchsorted(others, nearest(canaries, paths), "left")
    return math.log2(others.size + 1) - np.log2(rank)


def nearest(
    points: Float[np.ndarray, "point coordinate"], among: Float[np.ndarray, "other coordinate"]
) -> Float[np.ndarray, " point"]:
    """Distance of each point to the nearest of some others."""
    from sklearn.metrics import pairwise_distances_argmin_min

    return pairwise_distances_argmin_min(points, among)[1]


def _copies(
    reached: NDArray[np.float64],
    chance: NDArray[np.float64],
    times: Float[np.ndarray, "draw path"],
    others: Float[np.ndarray, "draw window"],
    rows: tuple[int, ...],
) -> Figure:
    """Share of paths below the held-out windows' hundredth quantile of distance."""
    limit = np.quantile(chance, COPY)
    close, by_chance = reached <= limit, chance <= limit
    noise = (times @ close / close.size - close.mean()) - (
        others @ by_chance / by_chance.size - by_chance.mean()
    )
    low, high = close.mean() + np.quantile(noise, (0.025, 0.975))
    return Figure(
        value=float(close.mean()),
        low=max(0.0, float(low)),
        high=float(high),
        floor=COPY,
        floor_high=float(COPY + np.quantile(noise, 0.95)),
        p_value=share_at_least(noise, float(close.mean()) - COPY),
        n=int(close.sum()),
        rows=rows,
    )


def _times(law: PathSample, *, seed: int, draws: int) -> Float[np.ndarray, "draw path"]:
    """How often each resample holds each path."""
    counts = resampled_counts(law.dates, block=law.block, draws=draws, seed=seed)
    return np.repeat(counts, law.paths_per_date, axis=1)


def _shapes(points: NDArray[np.float64]) -> NDArray[np.float64]:
    size = np.linalg.norm(points, axis=1, keepdims=True)
    return points / np.where(size > 0, size, 1.0)
