"""Residuals that an asset does not have, drawn given those that the others have."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from models.scenarios.marginals import Marginals

COMMON = 5
"""Principal components that speak for the others."""
PRESENT = 0.9
"""Share of the sessions an asset must have to be one of those others."""


def filled_residuals(
    residual: Float[np.ndarray, "time asset"],
    marginals: Marginals,
    *,
    generator: np.random.Generator,
) -> Float[np.ndarray, "time asset"]:
    """Residuals with the missing ones drawn by stochastic regression on the common components.

    In normal scores, a missing one is its regression on the first components of the assets that
    are nearly always there, plus a regression error of the same asset on another session, drawn at
    random; so an asset listed late has lived through earlier crises as its fellows did, and its
    own law and its co-movement are as observed. Nothing after the last row is used.

    Parameters
    ----------
    residual : array of shape (time, asset)
        NaN where missing. A missing residual is never zero: that would be a calm day.
    marginals : Marginals
        Of the same columns.
    generator : Generator

    Returns
    -------
    array of shape (time, asset)
        Finite; what was known is unchanged.

    References
    ----------
    Little and Rubin (2019), *Statistical Analysis with Missing Data*, chapter 4.
    """
    known = np.isfinite(residual)
    if known.all():
        return residual
    scores = marginals.scores(residual)
    present = known.mean(axis=0) >= PRESENT
    basis = np.where(known, scores, 0.0)[:, present if present.any() else slice(None)]
    _, _, directions = np.linalg.svd(basis, full_matrices=False)
    common = basis @ directions[:COMMON].T
    drawn = scores.copy()
    for column in np.flatnonzero(~known.all(axis=0)):
        own = known[:, column]
        slope, *_ = np.linalg.lstsq(common[own], scores[own, column], rcond=None)
        errors = scores[own, column] - common[own] @ slope
        missing = ~own
        drawn[missing, column] = common[missing] @ slope + generator.choice(errors, missing.sum())
    return np.where(known, residual, marginals.residuals(drawn))
