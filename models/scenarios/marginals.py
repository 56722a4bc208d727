"""Residuals to normal scores and back: an empirical body between two Pareto tails."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.special import ndtr, ndtri

from models.evt import SHARE, fit_tail

REACH = 6.5
"""Normal scores end here, at one in 12 billion; a score beyond is read as the end."""
STEPS_A_UNIT = 64
SCORES = np.linspace(-REACH, REACH, int(2 * REACH * STEPS_A_UNIT) + 1)
"""Scores at which a law is tabulated; between them it is a straight line."""


@dataclass(frozen=True, slots=True)
class Marginals:
    """The law of each asset's residual, as the residual at each of `SCORES`.

    Both directions read the same table, so that one is the exact inverse of the other.

    Attributes
    ----------
    table : array of shape (score, asset)
        Strictly increasing along the scores.
    """

    table: Float[np.ndarray, "score asset"]

    def scores(self, residual: Float[np.ndarray, "time asset"]) -> Float[np.ndarray, "time asset"]:
        """Normal scores of residuals; NaN stays NaN."""
        return np.column_stack(
            [
                np.interp(values, law, SCORES)
                for values, law in zip(residual.T, self.table.T, strict=True)
            ]
        )

    def residuals(self, score: Float[np.ndarray, "time asset"]) -> Float[np.ndarray, "time asset"]:
        """Residuals at normal scores; NaN stays NaN."""
        return np.column_stack(
            [
                np.interp(values, SCORES, law)
                for values, law in zip(score.T, self.table.T, strict=True)
            ]
        )


def fit_marginals(residual: Float[np.ndarray, "time asset"]) -> Marginals:
    """Law of each column: the worst and best tenth by peaks over threshold, the rest as it was.

    Heavy tails are put in here, by a transform: a network of Gaussian noise has all its moments
    and cannot make them.

    Parameters
    ----------
    residual : array of shape (time, asset)
        Standardised residuals; NaN where an asset has none.

    Raises
    ------
    ValueError
        If a column has fewer residuals than two Pareto tails need.

    References
    ----------
    McNeil and Frey (2000), *Estimation of tail-related risk measures for heteroscedastic
    financial time series: an extreme value approach*.
    """
    return Marginals(np.column_stack([_law(column[np.isfinite(column)]) for column in residual.T]))


def _law(sample: Float[np.ndarray, " time"]) -> Float[np.ndarray, " score"]:
    worst, best = fit_tail(sample), fit_tail(-sample)
    below, above = ndtr(SCORES), ndtr(-SCORES)
    ordered = np.sort(sample)
    ranks = (np.arange(ordered.size) + 0.5) / ordered.size
    law = np.interp(below, ranks, ordered)
    low, high = below < min(worst.share, float(SHARE)), above < min(best.share, float(SHARE))
    law[low] = -worst.quantile(below[low])
    law[high] = best.quantile(above[high])
    return increasing(law)


def increasing(law: Float[np.ndarray, " score"]) -> Float[np.ndarray, " score"]:
    """The law made strictly increasing: ties and joins rise by a millionth of its width a step."""
    step = 1e-6 * (law[-1] - law[0]) / law.size
    rise = np.arange(law.size) * step
    return np.maximum.accumulate(law - rise) + 2.0 * rise


def recalibrated(
    marginals: Marginals, drawn: Float[np.ndarray, "path asset"]
) -> Float[np.ndarray, "score asset"]:
    """Tables that give a generator's own scores the marginal law of history.

    What a generator calls a score is only nearly normal. The table is read at the normal score of
    the drawn one's rank instead; beyond the outermost ranks that a sample can tell, scores are
    scaled as the outermost is.

    Parameters
    ----------
    marginals : Marginals
    drawn : array of shape (path, asset)
        Scores drawn over all of history, a hundred thousand or so.

    Returns
    -------
    array of shape (score, asset)
        Residual at each of `SCORES`, taken as the generator's.
    """
    told = np.clip(100.0 / len(drawn), 1e-4, 0.01)  # a hundred draws beyond the outermost rank
    ranks = ndtr(np.linspace(ndtri(told), -ndtri(told), 201))
    normal = ndtri(ranks)
    tables = [
        np.interp(_stretched(np.quantile(column, ranks), normal), SCORES, law)
        for column, law in zip(drawn.T, marginals.table.T, strict=True)
    ]
    return np.column_stack([increasing(table) for table in tables])


def _stretched(
    own: Float[np.ndarray, " rank"], normal: Float[np.ndarray, " rank"]
) -> Float[np.ndarray, " score"]:
    """Normal score of each of `SCORES` read as the generator's own."""
    inside = np.interp(SCORES, increasing(own), normal)
    inside = np.where(own[0] > SCORES, SCORES * (normal[0] / own[0]), inside)
    return np.where(own[-1] < SCORES, SCORES * (normal[-1] / own[-1]), inside)
