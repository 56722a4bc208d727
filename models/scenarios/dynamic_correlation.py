r"""Dependence that moves with the market: covariance of the factors, session by session.

Of several components, each follows :math:`Q' = (1 - a - b) I + a f f' + b Q`, and a mixture of them
with positive weights is the factors' covariance. Scores are brought back to unit variance, so that
only correlations move: :math:`R = S^{-1}(B Q B' + \Omega)S^{-1}`, a correlation matrix for any
state by construction. With one component and :math:`a + b = 1` it is EWMA, with
:math:`a + b < 1` the DCC(1,1) of the factors, with several and weights that follow the market's
volatility the learned one.

References
----------
Engle (2002), *Dynamic conditional correlation*; Pakel, Shephard, Sheppard and Engle (2021),
*Fitting vast dimensional time-varying covariance models* (the composite likelihood).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, no_type_check

import numba
import numpy as np
from jaxtyping import Bool, Float
from scipy.optimize import minimize
from scipy.special import expit, softmax

from models.scenarios.factors import Factors

Kind = Literal["static", "ewma", "dcc", "learned"]
KINDS: tuple[Kind, ...] = ("static", "ewma", "dcc", "learned")
HALF_LIVES = (10.0, 40.0, 160.0)
"""Sessions, of the components that the learned dynamics weigh against no movement at all."""
HELD_OUT = 0.3
"""Share of the sessions, the last, on which the kinds are compared; none was fitted there."""
PIVOT = 1e-4
"""Least pivot of a factor covariance: a component never vanishes."""


@dataclass(frozen=True, slots=True)
class Dynamics:
    """How the covariance of the factors moves.

    Attributes
    ----------
    kind : {"static", "ewma", "dcc", "learned"}
    shock, keep : array of shape (component,)
        ``a`` and ``b``.
    logit : array of shape (component, 2)
        Weights are the softmax of ``logit @ (1, x)``, where ``x`` is the market-wide log volatility
        ratio before the session.
    """

    kind: Kind
    shock: Float[np.ndarray, " component"]
    keep: Float[np.ndarray, " component"]
    logit: Float[np.ndarray, "component two"]


@dataclass(frozen=True, slots=True)
class CorrelationPath:
    """History seen through given dynamics.

    Attributes
    ----------
    whitened : array of shape (time, factor)
        Factors of each session in units of their conditional covariance: what a law learns.
    covariance : array of shape (time + 1, component, factor, factor)
        Components before each session; the last row is the state at the as-of.
    likelihood : array of shape (time,)
        Composite Gaussian log-likelihood of each session's scores, mean over pairs of assets,
        beyond independence.
    """

    whitened: Float[np.ndarray, "time factor"]
    covariance: Float[np.ndarray, "times component factor factor"]
    likelihood: Float[np.ndarray, " time"]


@dataclass(frozen=True, slots=True)
class Observed:
    """What dynamics are fitted to.

    Attributes
    ----------
    scores : array of shape (time, asset)
    known : bool array of shape (time, asset)
        A pair counts where both scores are an asset's own.
    market : array of shape (time,)
        Market-wide log volatility ratio before each session.
    """

    scores: Float[np.ndarray, "time asset"]
    known: Bool[np.ndarray, "time asset"]
    market: Float[np.ndarray, " time"]

    def before(self, row: int) -> Observed:
        """The sessions before a row."""
        return Observed(self.scores[:row], self.known[:row], self.market[:row])


def static() -> Dynamics:
    """Correlation as it was over all of history."""
    return Dynamics("static", np.zeros(1), np.zeros(1), np.zeros((1, 2)))


def ewma(half_life: float) -> Dynamics:
    """Correlation that forgets half in ``half_life`` sessions."""
    keep = 0.5 ** (1.0 / half_life)
    return Dynamics("ewma", np.array([1.0 - keep]), np.array([keep]), np.zeros((1, 2)))


def dcc(shock: float, keep: float) -> Dynamics:
    """Correlation that returns to its mean; ``shock + keep`` must be below one.

    Raises
    ------
    ValueError
        If a parameter is negative or the sum reaches one.
    """
    if min(shock, keep) < 0.0 or shock + keep >= 1.0:
        raise ValueError(
            f"shock and keep must not be negative and must sum to less than 1, got {shock:g} and "
            f"{keep:g}. With a sum of 1 use ewma."
        )
    return Dynamics("dcc", np.array([shock]), np.array([keep]), np.zeros((1, 2)))


def learned(logit: Float[np.ndarray, "component two"]) -> Dynamics:
    """A mixture of `HALF_LIVES` and of no movement whose weights follow the market's volatility."""
    keep = np.array([*(0.5 ** (1.0 / half_life) for half_life in HALF_LIVES), 0.0])
    shock = np.where(keep > 0.0, 1.0 - keep, 0.0)
    return Dynamics("learned", shock, keep, logit)


def correlation_path(observed: Observed, factors: Factors, dynamics: Dynamics) -> CorrelationPath:
    """Filter the factors' covariance through history; row ``t`` uses only what came before it."""
    whitened, covariance, likelihood = _filter(
        observed.scores,
        observed.known,
        observed.market,
        factors.major,
        factors.projection,
        factors.rest,
        dynamics.shock,
        dynamics.keep,
        dynamics.logit,
    )
    size = factors.major.shape[1]
    return CorrelationPath(
        whitened, covariance.reshape(len(covariance), -1, size, size), likelihood
    )


def correlation(
    factors: Factors, covariance: Float[np.ndarray, "factor factor"]
) -> Float[np.ndarray, "asset asset"]:
    """Correlation of all assets under a covariance of the factors."""
    whole = factors.major @ covariance @ factors.major.T + factors.rest
    scale = np.sqrt(np.diag(whole))
    return whole / np.outer(scale, scale)


def mixed(
    dynamics: Dynamics, covariance: Float[np.ndarray, "component factor factor"], market: float
) -> Float[np.ndarray, "factor factor"]:
    """The components' weighted mean in a state of the market."""
    weights = softmax(dynamics.logit @ np.array([1.0, market]))
    return np.einsum("c,cij->ij", weights, covariance)


def fit_dynamics(observed: Observed, factors: Factors, kind: Kind) -> Dynamics:
    """Dynamics of one kind that maximise the composite likelihood of the scores.

    Raises
    ------
    ValueError
        If there is no such kind.
    """
    make, start = _family(kind)
    if not start.size:
        return make(start)

    def cost(values: np.ndarray) -> float:
        return -float(correlation_path(observed, factors, make(values)).likelihood.mean())

    found = minimize(
        cost, start, method="Nelder-Mead", options={"xatol": 1e-2, "fatol": 1e-7, "maxfev": 200}
    )
    return make(np.asarray(found.x))


def _family(kind: Kind) -> tuple[Callable[[np.ndarray], Dynamics], np.ndarray]:
    """Dynamics as a function of free parameters, and where a search starts."""
    if kind == "static":
        return lambda _: static(), np.empty(0)
    if kind == "ewma":
        return lambda x: ewma(float(np.exp(np.clip(x[0], 1.0, 8.0)))), np.array([4.0])
    if kind == "dcc":
        # Persistence, and the share of it that is the last session's.
        return (
            lambda x: dcc(*(0.9999 * expit(x[0]) * np.array([expit(x[1]), expit(-x[1])]))),
            np.array([4.0, -4.0]),
        )
    if kind == "learned":
        last = np.zeros((1, 2))  # of no movement, against which the others are told
        return lambda x: learned(np.vstack([x.reshape(-1, 2), last])), np.zeros(2 * len(HALF_LIVES))
    raise ValueError(f"kind must be one of {', '.join(KINDS)}, got {kind!r}.")


def compared(observed: Observed, factors: Factors) -> dict[Kind, float]:
    """Mean log-likelihood a pair and session of each kind on the last sessions, fitted before them.

    The learned one is one of four and may lose. Factors are given: where they were fitted on all
    sessions, they favour no kind.
    """
    cut = int((1.0 - HELD_OUT) * len(observed.scores))
    found: dict[Kind, float] = {}
    for kind in KINDS:
        dynamics = fit_dynamics(observed.before(cut), factors, kind)
        found[kind] = float(correlation_path(observed, factors, dynamics).likelihood[cut:].mean())
    return found


@numba.njit(cache=True, nogil=True)
@no_type_check
def _filter(scores, known, market, major, projection, rest, shock, keep, logit):
    time, factors, components = len(scores), major.shape[1], shock.size
    whitened = np.empty((time, factors))
    covariance = np.zeros((time + 1, components, factors * factors))
    covariance[0, :, :: factors + 1] = 1.0
    likelihood = np.zeros(time)
    lower = np.zeros((factors, factors))
    weight = np.empty(components)
    work = np.empty(factors * factors)
    for t in range(time):
        mixing_weights(logit, market[t], weight)
        cholesky_of_mixture(covariance[t], weight, work, lower)
        turned = major @ lower
        scale = np.sqrt((turned * turned).sum(axis=1) + np.diag(rest))
        likelihood[t] = _pairwise(scores[t], known[t], turned, scale, rest)
        factor = projection @ (scale * scores[t])
        for i in range(factors):
            solved = (lower[i, :i] * whitened[t, :i]).sum()
            whitened[t, i] = (factor[i] - solved) / lower[i, i]
        covariance[t + 1] = covariance[t]
        advance(covariance[t + 1], factor, shock, keep, work)
    return whitened, covariance, likelihood


@numba.njit(cache=True, nogil=True)
@no_type_check
def _pairwise(score, known, turned, scale, rest):
    """Mean log-likelihood of neighbouring pairs of assets, beyond independence."""
    total, pairs = 0.0, 0
    for a in range(score.size):
        other = (a + 1) % score.size
        if other == a or not (known[a] and known[other]):
            continue
        rho = (turned[a] * turned[other]).sum() + rest[a, other]
        rho /= scale[a] * scale[other]
        x, y, gap = score[a], score[other], 1.0 - rho * rho
        alone = x * x + y * y
        total += 0.5 * (alone - np.log(gap) - (alone - 2.0 * rho * x * y) / gap)
        pairs += 1
    return total / max(pairs, 1)


@numba.njit(cache=True, nogil=True)
@no_type_check
def mixing_weights(logit, market, weight):
    """Softmax of the logits in a state of the market, in place."""
    top = -np.inf
    for component in range(weight.size):
        weight[component] = logit[component, 0] + logit[component, 1] * market
        top = max(top, weight[component])
    total = 0.0
    for component in range(weight.size):
        weight[component] = np.exp(weight[component] - top)
        total += weight[component]
    for component in range(weight.size):
        weight[component] /= total


@numba.njit(cache=True, nogil=True)
@no_type_check
def cholesky_of_mixture(covariance, weight, work, lower):
    """Lower triangle of the weighted mean of the components (each a row), in place."""
    size = lower.shape[0]
    for i in range(work.size):
        work[i] = weight[0] * covariance[0, i]
    for component in range(1, weight.size):
        for i in range(work.size):
            work[i] += weight[component] * covariance[component, i]
    for i in range(size):
        for j in range(i + 1):
            value = work[i * size + j]
            for k in range(j):
                value -= lower[i, k] * lower[j, k]
            lower[i, j] = value / lower[j, j] if j < i else np.sqrt(max(value, PIVOT))


@numba.njit(cache=True, nogil=True)
@no_type_check
def advance(covariance, factor, shock, keep, work):
    """The components (each a row) after a session of given factors, in place."""
    size = factor.size
    for i in range(size):
        for j in range(size):
            work[i * size + j] = factor[i] * factor[j]
    for component in range(shock.size):
        a, b = shock[component], keep[component]
        for i in range(work.size):
            covariance[component, i] = a * work[i] + b * covariance[component, i]
        for i in range(size):
            covariance[component, i * (size + 1)] += 1.0 - a - b
