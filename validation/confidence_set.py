"""The model confidence set: which models cannot be told from the best."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from validation.stationary_bootstrap import DRAWS, FEWEST_DATES, mean_block, resampled_means


def model_confidence_set(
    losses: Float[np.ndarray, "date model"], *, seed: int, draws: int = DRAWS, horizon: int = 1
) -> Float[np.ndarray, " model"] | None:
    """p-value with which each model belongs to the set of the best.

    Parameters
    ----------
    losses : array of shape (date, model)
        Date means of a score, lower is better, in order of date. Models with the same losses
        share a p-value.
    seed : int
        Of the stationary bootstrap.
    draws : int
        Bootstrap draws.
    horizon : int
        Sessions ahead; lengthens the mean block, see `validation.stationary_bootstrap.mean_block`.

    Returns
    -------
    array of shape (model,), or None
        A model is in the set of size 10% where its p-value is above 0.10. None where fewer than
        two models differ or there are fewer than 10 dates.

    References
    ----------
    Hansen, Lunde and Nason (2011), *The model confidence set*, the range statistic. The set is
    that of ``arch``, which draws anew for every table.
    """
    if len(losses) < FEWEST_DATES:
        return None
    distinct, column = np.unique(losses.round(12), axis=1, return_inverse=True)
    spread = np.ptp(distinct[:, :, None] - distinct[:, None, :], axis=0)
    np.fill_diagonal(spread, np.inf)
    # a constant difference has no error to judge it by
    if distinct.shape[1] < 2 or spread.min() < 1e-9:
        return None
    means = distinct.mean(axis=0)
    resampled = resampled_means(distinct, seed=seed, draws=draws, block=mean_block(horizon))
    return _eliminated(means, resampled)[column.ravel()]


def _eliminated(
    means: Float[np.ndarray, " model"], resampled: Float[np.ndarray, "draw model"]
) -> Float[np.ndarray, " model"]:
    """p-value of each model: the largest at which it or one before it was dropped."""
    models = means.size
    first, second = np.triu_indices(models, k=1)
    difference = means[first] - means[second]
    deviation = resampled[:, first] - resampled[:, second] - difference
    error = np.sqrt(np.mean(deviation**2, axis=0))
    observed, null = difference / error, np.abs(deviation / error)
    p_values, largest = np.ones(models), 0.0
    remain = np.ones(models, dtype=bool)
    while remain.sum() > 1:
        pairs = np.flatnonzero(remain[first] & remain[second])
        widest = pairs[np.argmax(np.abs(observed[pairs]))]
        exceeded = null[:, pairs].max(axis=1) > abs(observed[widest])
        largest = max(largest, float(exceeded.mean()))
        worst = first[widest] if observed[widest] > 0 else second[widest]
        p_values[worst] = largest
        remain[worst] = False
    return p_values
