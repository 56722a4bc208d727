"""Can a classifier tell simulated from real: the two-sample test by cross-validated AUC."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from validation.realism.factors import FactorBasis
from validation.realism.resampling import Figure, not_computable, resampled_counts
from validation.realism.sample import PathSample

FOLDS = 5
MOST_ROWS = 2_000
"""Paths of each side; more make the test stronger and its price linear."""

Scored = list[tuple[NDArray[np.float64], NDArray[np.float64]]]


def classifier_figures(
    candidate: PathSample,
    reference: PathSample,
    *,
    basis: FactorBasis,
    baseline: PathSample | None,
    seed: int,
    draws: int,
) -> dict[str, Figure]:
    """AUC of telling candidate paths from the reference's, by boosted trees and by logistic.

    The features are factor windows and their squares. Folds are blocks of dates in order, and
    what lies within a block of a fold is not trained on. ``floor`` is the same with the two
    halves of the reference, by pieces of dates: what the classifier finds where both are real.

    Parameters
    ----------
    candidate, reference : PathSample
    basis : FactorBasis
    baseline : PathSample, optional
    seed, draws : int
        Of the samples and folds, and of the resamples of scored paths.

    Returns
    -------
    dict of name to Figure
        0.5 cannot be told apart, 1 always; ``p_value`` is one-sided against 0.5 and ignores
        that the classifier was trained on the other folds.

    References
    ----------
    Lopez-Paz and Oquab (2017), *Revisiting classifier two-sample tests*.
    """
    real = reference.thinned(MOST_ROWS, seed=seed)
    if len(real.moves) < 20 * FOLDS:
        few = not_computable(f"{len(real.moves)} paths of the reference; {20 * FOLDS} are needed")
        return dict.fromkeys(CLASSIFIERS, few)
    mine = _points(candidate.thinned(MOST_ROWS, seed=seed + 1), basis)
    theirs = (
        None if baseline is None else _points(baseline.thinned(MOST_ROWS, seed=seed + 2), basis)
    )
    points = _points(real, basis)
    block = real.block * real.paths_per_date
    one, other = (_points(half, basis) for half in real.halves(seed=seed))
    found: dict[str, Figure] = {}
    for name, made in CLASSIFIERS.items():
        scored = _cross_validated(made, points, mine, block=block, seed=seed)
        resampled = _resampled_auc(scored, block=block, seed=seed, draws=draws)
        low, high = np.quantile(resampled, (0.025, 0.975))
        floor = _cross_validated(made, one, other, block=block, seed=seed)
        noise = _resampled_auc(floor, block=block, seed=seed, draws=draws)
        found[name] = Figure(
            value=_mean_auc(scored),
            low=float(low),
            high=float(high),
            floor=_mean_auc(floor),
            floor_high=float(np.quantile(noise, 0.95)),
            p_value=(int(np.count_nonzero(resampled <= 0.5)) + 1) / (draws + 1),
            baseline=None
            if theirs is None
            else _mean_auc(_cross_validated(made, points, theirs, block=block, seed=seed)),
            n=FOLDS,
            rows=(len(mine), len(points)),
        )
    return found


def auc(
    higher: Float[np.ndarray, " row"],
    lower: Float[np.ndarray, " other"],
) -> float:
    """Chance that a score of the first kind exceeds one of the second, ties counted as half."""
    ordered = np.sort(lower)
    below = np.searchsorted(ordered, higher, "left") + np.searchsorted(ordered, higher, "right")
    return float(below.mean() / (2 * lower.size))


def _boosted_trees(seed: int) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(
        max_iter=40,
        max_leaf_nodes=8,
        learning_rate=0.1,
        max_bins=63,
        early_stopping=False,
        random_state=seed,
    )


def _logistic(seed: int) -> Any:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), LogisticRegression(C=0.1, random_state=seed))


CLASSIFIERS = {"auc_boosted_trees": _boosted_trees, "auc_logistic": _logistic}


def _points(sample: PathSample, basis: FactorBasis) -> NDArray[np.float64]:
    points = basis.points(sample)
    return np.hstack((points, points**2))


def _cross_validated(
    made: Any, real: NDArray[np.float64], other: NDArray[np.float64], *, block: int, seed: int
) -> Scored:
    """Scores of held-out rows of both kinds, fold by fold."""
    scored: Scored = []
    for fold in zip(_folds(len(real), block), _folds(len(other), block), strict=True):
        (real_in, real_out), (other_in, other_out) = fold
        rows = np.vstack((real[real_in], other[other_in]))
        is_real = np.repeat((1, 0), (real_in.size, other_in.size))
        with threadpool_limits(limits=1):  # threads cost more than they bring on so few rows
            model = made(seed).fit(rows, is_real)
            shown = model.predict_proba(np.vstack((real[real_out], other[other_out])))[:, 1]
        scored.append((shown[: real_out.size], shown[real_out.size :]))
    return scored


def _folds(rows: int, block: int) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Rows to train on and rows to judge: contiguous, with a block left out on both sides."""
    every = np.arange(rows)
    gap = block if block > 1 else 0
    for held in np.array_split(every, FOLDS):
        near = (every >= held[0] - gap) & (every <= held[-1] + gap)
        yield every[~near], held


def _mean_auc(scored: Scored) -> float:
    return float(np.mean([auc(real, other) for real, other in scored]))


def _resampled_auc(
    scored: Scored, *, block: int, seed: int, draws: int
) -> Float[np.ndarray, " draw"]:
    """Mean AUC over folds whose rows are drawn anew, by blocks."""
    total = np.zeros(draws)
    for real, other in scored:
        kept = [
            resampled_counts(side.size, block=min(block, side.size), draws=draws, seed=seed + at)
            for at, side in enumerate((real, other))
        ]
        exceeds = np.sign(real[:, None] - other[None]) / 2 + 0.5
        total += ((kept[0] @ exceeds.astype(np.float32)) * kept[1]).sum(axis=1) / exceeds.size
    return total / len(scored)
