"""Proper scores of whole distributions: how well an ensemble of paths announced what came."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray
from scipy.spatial.distance import cdist, pdist

from validation.realism.dependence import judged_assets
from validation.realism.resampling import Figure, resampled_counts, share_at_least
from validation.realism.sample import PathSample

MOST_OUTCOMES, MOST_PATHS = 1_000, 1_000
"""Outcomes that are scored, and paths of the ensemble that scores them."""


def energy_score(
    ensemble: Float[np.ndarray, "path asset"], outcome: Float[np.ndarray, "outcome asset"]
) -> Float[np.ndarray, " outcome"]:
    r"""Mean distance to the outcome, less half the mean distance of two different paths.

    Parameters
    ----------
    ensemble : array of shape (path, asset)
        Independent draws; two at least.
    outcome : array of shape (outcome, asset)
        In the same unit. Assets of different volatility are to be scaled first.

    Returns
    -------
    array of shape (outcome,)
        Lower is better; unbiased in the number of paths.

    References
    ----------
    Gneiting and Raftery (2007), *Strictly proper scoring rules*; Ferro (2014) for the fair form.
    """
    return cdist(outcome, ensemble).mean(axis=1) - pdist(ensemble).mean() / 2


def variogram_score(
    ensemble: Float[np.ndarray, "path asset"],
    outcome: Float[np.ndarray, "outcome asset"],
    *,
    power: float = 0.5,
) -> Float[np.ndarray, " outcome"]:
    """Squared error of the announced mean difference of each pair of assets, summed.

    Sensitive to dependence, to which the energy score is nearly blind; blind to the mean.

    Parameters
    ----------
    ensemble : array of shape (path, asset)
    outcome : array of shape (outcome, asset)
    power : float
        Of the absolute difference.

    References
    ----------
    Scheuerer and Hamill (2015), *Variogram-based proper scoring rules*: every ordered pair counts.
    """
    left, right = np.triu_indices(ensemble.shape[1], k=1)
    announced = _variogram(ensemble, left, right, power).mean(axis=0)
    return 2 * ((_variogram(outcome, left, right, power) - announced) ** 2).sum(axis=1)


Score = Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.float64]]

SCORES: dict[str, Score] = {"energy_score": energy_score, "variogram_score": variogram_score}


def score_figures(
    candidate: PathSample,
    outcomes: PathSample,
    *,
    baseline: PathSample | None,
    seed: int,
    draws: int,
) -> dict[str, Figure]:
    """Mean scores of moves over the whole path, in units of each asset's standard deviation.

    Where the candidate has several paths an origin and as many origins as there are outcomes,
    each outcome is scored by its own origin's paths; else all by one ensemble.

    Parameters
    ----------
    candidate : PathSample
    outcomes : PathSample
        Realised windows, or paths of a known truth.
    baseline : PathSample, optional
        On the same axes as the candidate.
    seed, draws : int
        Of the resamples of outcomes.

    Returns
    -------
    dict of score to Figure
        ``floor`` is the score of each half of the outcomes by the other half, on the same
        outcomes; ``p_value`` says how often sampling alone makes as much of a difference.
    """
    rolled = candidate.paths_per_date > 1 and candidate.dates == outcomes.dates
    held = outcomes if rolled else outcomes.thinned(MOST_OUTCOMES, seed=seed)
    kept = judged_assets(outcomes.moves.shape[2], seed=seed)
    spread = outcomes.summed().std(axis=0)[kept]
    unit = np.where(spread > 0, spread, 1.0)
    realised = held.summed()[:, kept] / unit
    rows = (len(candidate.moves) if rolled else min(len(candidate.moves), MOST_PATHS), held.dates)

    def scored(law: PathSample) -> dict[str, NDArray[np.float64]]:
        if rolled:
            grouped = (law.summed()[:, kept] / unit).reshape(law.dates, -1, kept.size)
            return {name: _each(score, grouped, realised) for name, score in SCORES.items()}
        ensemble = law.thinned(MOST_PATHS, seed=seed + 1).summed()[:, kept] / unit
        return {name: score(ensemble, realised) for name, score in SCORES.items()}

    mine = scored(candidate)
    theirs = None if baseline is None else scored(baseline)
    floor = _floor(held, realised, seed=seed)
    times = resampled_counts(held.dates, block=held.block, draws=draws, seed=seed)
    return {
        name: _figure(
            mine[name], None if theirs is None else theirs[name], floor[name], times, rows
        )
        for name in SCORES
    }


def _figure(
    mine: NDArray[np.float64],
    theirs: NDArray[np.float64] | None,
    floor: NDArray[np.float64],
    times: Float[np.ndarray, "draw date"],
    rows: tuple[int, int],
) -> Figure:
    low, high = np.quantile(times @ mine / mine.size, (0.025, 0.975))
    worse = mine - floor
    noise = times @ worse / worse.size - worse.mean()
    baseline = p_better = None
    if theirs is not None:
        baseline = float(theirs.mean())
        p_better = share_at_least(times @ (mine - theirs) / mine.size, 0.0)
    return Figure(
        value=float(mine.mean()),
        low=float(low),
        high=float(high),
        floor=float(floor.mean()),
        floor_high=float(floor.mean() + np.quantile(noise, 0.95)),
        p_value=share_at_least(noise, float(worse.mean())),
        baseline=baseline,
        p_better=p_better,
        n=mine.size,
        rows=rows,
    )


def _floor(
    held: PathSample, realised: NDArray[np.float64], *, seed: int
) -> dict[str, NDArray[np.float64]]:
    """Each outcome scored by the half of the outcomes that it does not belong to."""
    piece = held.pieces()
    order = np.random.default_rng(seed).permutation(int(piece[-1]) + 1)
    first = np.isin(piece, order[: order.size // 2])
    found = {name: np.empty(len(realised)) for name in SCORES}
    for name, score in SCORES.items():
        for half in (first, ~first):
            found[name][half] = score(realised[~half], realised[half])
    return found


def _each(
    score: Score, ensembles: NDArray[np.float64], realised: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Each outcome by its own ensemble."""
    return np.array(
        [
            float(score(ensemble, outcome[None])[0])
            for ensemble, outcome in zip(ensembles, realised, strict=True)
        ]
    )


def _variogram(
    values: NDArray[np.float64],
    left: NDArray[np.int64],
    right: NDArray[np.int64],
    power: float,
) -> NDArray[np.float64]:
    apart = np.abs(values[:, left] - values[:, right])
    return np.sqrt(apart) if power == 0.5 else apart**power
