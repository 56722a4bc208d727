"""Peaks over threshold: a generalised Pareto tail on standardised residuals."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from jaxtyping import Float
from scipy.optimize import brentq, minimize_scalar

from features.splits import Window
from models.measures import tail_probability
from models.residuals import ResidualTail, next_residuals

SHARE = Fraction(1, 10)  # of the residuals, the worst, whose excess is modelled
_SHAPES = (-0.5, 0.9)  # below, the likelihood is irregular; from 1 on, ES is infinite
_FEWEST = 25


@dataclass(frozen=True, slots=True)
class ParetoTail:
    """``P(loss > x) = share * (1 + shape * (x - threshold) / scale) ** (-1 / shape)``.

    Attributes
    ----------
    threshold : float
        Standardised loss from which it holds.
    share : float
        Observed probability of a loss above the threshold.
    shape, scale : float
        Of the generalised Pareto distribution of the excess.
    """

    threshold: float
    share: float
    shape: float
    scale: float

    def quantile(self, tail: np.ndarray) -> np.ndarray:
        """Loss that is exceeded with probability ``tail`` (McNeil and Frey 2000, equation 14)."""
        rarity = np.log(self.share / tail)
        stretch = np.expm1(self.shape * rarity) / self.shape if self.shape else rarity
        return self.threshold + self.scale * stretch

    def shortfall(self, tail: np.ndarray) -> np.ndarray:
        """Mean loss beyond that quantile (equation 16)."""
        excess = self.quantile(tail) - self.threshold
        return self.quantile(tail) + (self.scale + self.shape * excess) / (1.0 - self.shape)

    def exceeded(self, loss: np.ndarray) -> np.ndarray:
        """Probability of a loss above ``loss``, for losses above the threshold."""
        excess = (loss - self.threshold) / self.scale
        if not self.shape:
            return self.share * np.exp(-excess)
        # Beyond a finite end point (shape below 0) the probability is zero.
        inside = np.maximum(1.0 + self.shape * excess, 0.0)
        return self.share * inside ** (-1.0 / self.shape)


def fit_pareto(excess: Float[np.ndarray, " excess"]) -> tuple[float, float]:
    """Shape and scale of a generalised Pareto sample, by maximum likelihood.

    With ``theta = shape / scale`` the best shape is ``mean(log(1 + theta * excess))``, which
    leaves one dimension to search. The shape is kept within -0.5, below which the likelihood is
    irregular, and 0.9, since from 1 on there is no expected shortfall.

    References
    ----------
    Grimshaw (1993), *Computing maximum likelihood estimates for the generalized Pareto
    distribution*.
    """
    mean = float(excess.mean())
    x = excess / mean

    def shape(theta: float) -> float:
        return float(np.log1p(theta * x).mean())

    def cost(theta: float) -> float:  # minus the log-likelihood, per observation
        best = shape(theta)
        return (np.log(best / theta) if theta else 0.0) + best

    low = -(1.0 - 1e-9) / float(x.max())
    if shape(low) < _SHAPES[0]:
        low = brentq(lambda theta: shape(theta) - _SHAPES[0], low, 0.0)
    high = 1.0
    while shape(high) < _SHAPES[1]:
        high *= 2.0
    high = brentq(lambda theta: shape(theta) - _SHAPES[1], 0.0, high)
    found: Any = minimize_scalar(cost, bounds=(low, high), options={"xatol": 1e-9})
    theta = float(found.x)
    best = shape(theta)
    return best, mean * (best / theta if theta else 1.0)


def fit_tail(residual: Float[np.ndarray, " time"], *, share: Fraction = SHARE) -> ParetoTail:
    """Generalised Pareto tail of the worst ``share`` of the residuals.

    The threshold is the worst residual that is not among them, so that a tenth exceeds it, less
    ties.

    Raises
    ------
    ValueError
        If fewer than 25 residuals exceed the threshold.
    """
    losses = np.sort(-residual)
    threshold = float(losses[-1 - int(share * losses.size)])
    excess = losses[losses > threshold] - threshold
    if excess.size < _FEWEST:
        raise ValueError(
            f"residual: {excess.size} of {losses.size} exceed the threshold and a Pareto tail "
            f"needs {_FEWEST}. Give a longer past, or leave a series of ties out."
        )
    shape, scale = fit_pareto(excess)
    return ParetoTail(threshold, excess.size / losses.size, shape, scale)


def pareto_tail(
    residual: Float[np.ndarray, " time"],
    window: Window,
    *,
    alphas: tuple[float, ...],
    body: ResidualTail,
) -> ResidualTail:
    """Tail of the next residual: Pareto, fitted at the refit and held; the body is empirical.

    Parameters
    ----------
    residual : array of shape (time,)
        Standardised residuals under the window's parameters.
    window : Window
        Its ``fit_end`` limits what the fit sees.
    alphas : tuple of float
        Confidence levels, 0.9 or above: below, the Pareto tail says nothing.
    body : ResidualTail
        Empirical tail of the same residuals: the PIT of a residual above the threshold.

    Raises
    ------
    ValueError
        If a level is below 0.9.

    References
    ----------
    McNeil and Frey (2000), *Estimation of tail-related risk measures for heteroscedastic
    financial time series: an extreme value approach*.
    """
    if tail_probability(min(alphas)) > SHARE:
        raise ValueError(
            f"alphas must be at least {float(1 - SHARE):g} for gjr_evt, whose tail is that of the "
            f"worst {float(SHARE):.0%}, got {min(alphas):g}. Use gjr_fhs there."
        )
    fitted = fit_tail(residual[: window.fit_end])
    tails = np.array([float(tail_probability(alpha)) for alpha in alphas])
    following = next_residuals(residual, window)
    beyond = -following > fitted.threshold
    pit = np.maximum(body.pit, fitted.share)  # the two parts do not overlap
    pit[beyond] = fitted.exceeded(-following[beyond])
    return ResidualTail(
        quantile=-fitted.quantile(tails)[None],
        shortfall=-fitted.shortfall(tails)[None],
        pit=pit,
    )
