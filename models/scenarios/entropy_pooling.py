r"""Entropy pooling: the weights nearest to the given ones under which a set of views holds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.optimize import minimize
from scipy.special import logsumexp

TOLERANCE = 1e-6
"""Distance at which a view holds, in standard deviations of what it speaks of."""


STEEPEST = 1000.0
"""Largest tilt tried, per standard deviation: beyond it a single path decides."""


@dataclass(frozen=True, slots=True)
class Pooled:
    """Weights that meet the views, and what they cost.

    Attributes
    ----------
    weights : array of shape (path,)
        Probabilities, summing to one.
    relative_entropy : float
        Of the weights against the prior: zero where the views held already.
    effective_paths : float
        Exponential of the entropy of the weights: how many paths still speak.
    """

    weights: Float[np.ndarray, " path"]
    relative_entropy: float
    effective_paths: float


def entropy_pooling(
    features: Float[np.ndarray, "path view"],
    targets: Float[np.ndarray, " view"],
    *,
    prior: Float[np.ndarray, " path"] | None = None,
) -> Pooled:
    r"""Weights of least relative entropy whose means of ``features`` are ``targets``.

    The weights are :math:`q_j \propto p_j \exp(\lambda^\top f_j)`; :math:`\lambda` minimises the
    convex dual :math:`\log \sum_j p_j \exp(\lambda^\top (f_j - b))`. A view on a probability is
    one on the mean of an indicator, a view on ES one on the mean of the losses beyond a VaR that
    is itself a view.

    Parameters
    ----------
    features : array of shape (path, view)
        What each view speaks of, path by path.
    targets : array of shape (view,)
        Mean that each is to have.
    prior : array of shape (path,), optional
        Probabilities before; by default all paths count alike.

    Raises
    ------
    ValueError
        If no weights meet the views: they contradict one another, or ask for more than any path
        shows.

    References
    ----------
    Meucci (2008), *Fully flexible views: theory and practice*.
    """
    prior = np.full(len(features), 1.0 / len(features)) if prior is None else prior
    spread = features.std(axis=0)
    beyond = (targets > features.max(axis=0)) | (targets < features.min(axis=0))
    if beyond.any():
        view = int(np.argmax(beyond))
        raise ValueError(
            f"targets[{view}] must lie within what the paths show, {features[:, view].min():.6g} "
            f"to {features[:, view].max():.6g}, got {targets[view]:.6g}. Weights cannot invent "
            f"paths: ask for less, or draw scenarios under that stress."
        )
    centred = (features - targets) / np.where(spread > 0.0, spread, 1.0)
    start = np.log(np.where(prior > 0.0, prior, np.finfo(np.float64).tiny))

    def dual(tilt: Float[np.ndarray, " view"]) -> tuple[float, Float[np.ndarray, " view"]]:
        logs = start + centred @ tilt
        total = float(logsumexp(logs))
        return total, np.exp(logs - total) @ centred

    # Views that contradict each other have no finite tilt; the box ends the search for one.
    found = minimize(
        dual,
        np.zeros(len(targets)),
        jac=True,
        method="L-BFGS-B",
        bounds=[(-STEEPEST, STEEPEST)] * len(targets),
        options={"gtol": 1e-10, "ftol": 1e-15, "maxiter": 1000},
    )
    logs = start + centred @ found.x
    weights = np.exp(logs - logsumexp(logs))
    missed = np.abs(weights @ centred)
    if not (missed <= TOLERANCE).all():
        view = int(np.argmax(missed))
        raise ValueError(
            f"targets cannot hold together: the best weights miss view {view} by "
            f"{missed[view]:.2g} standard deviations. Drop or soften one of the views."
        )
    return Pooled(weights, relative_entropy(weights, prior), effective_paths(weights))


def relative_entropy(
    weights: Float[np.ndarray, " path"], prior: Float[np.ndarray, " path"]
) -> float:
    """Kullback-Leibler divergence of weights from the prior, in nats."""
    some = weights > 0.0
    return float(weights[some] @ np.log(weights[some] / prior[some]))


def effective_paths(weights: Float[np.ndarray, " path"]) -> float:
    """Exponential of the entropy of the weights: all paths where they count alike."""
    some = weights[weights > 0.0]
    return float(np.exp(-some @ np.log(some)))
