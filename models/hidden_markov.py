"""A hidden Markov model of returns, filtered: what is believed of today's state, today."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from features.splits import Window
from features.volatility import ewma_volatility
from models.baselines import UnitStore
from models.refits import fitted, recipe_of

SPELL = 10.0
"""Half-life of the volatility by which a fit first tells spells apart, in sessions."""
ITERATIONS = 100
BURN_IN = 250
"""Rows before a refit from which the new parameters filter anew: by then the start is forgotten."""
LEAST_MOVE = 1e-4
"""Probability with which any state may follow any other, whatever was never seen so far."""


@dataclass(frozen=True, slots=True)
class Filtered:
    """What is believed of each time.

    Attributes
    ----------
    belief : array of shape (time, state)
        Probability of each state, ascending by variance; NaN where no window serves.
    deviation : array of shape (time, state)
        Standard deviation of each state at the fit in use, over that of all returns it saw.
    """

    belief: NDArray[np.float64]
    deviation: NDArray[np.float64]


def filtered_states(
    returns: Float[np.ndarray, " time"],
    windows: Sequence[Window],
    *,
    states: int = 3,
    store: UnitStore | None = None,
) -> Filtered:
    r"""Probability of each state given the returns up to and including each time.

    The states are normal laws of the return with a mean and a variance each, fitted by maximum
    likelihood on the past of each window and ordered by variance. The filter is Hamilton's,
    :math:`p_t \propto f(r_t) \odot A^\top p_{t-1}`; nothing is smoothed, so no later return
    moves a probability.

    Parameters
    ----------
    returns : array of shape (time,)
        NaN where not known: the belief then moves by the transition matrix alone.
    windows : sequence of Window
    states : int
        At least two.
    store : UnitStore, optional
        For the fits.

    References
    ----------
    Hamilton (1989), *A new approach to the economic analysis of nonstationary time series*.
    """
    recipe = recipe_of(__file__, "hmmlearn", states=states)
    params = fitted(
        returns[:, None],
        windows,
        fit=lambda past: _fit(past[:, 0], states),
        recipe=recipe,
        store=store,
    )
    belief, deviation = np.full((2, len(returns), states), np.nan)
    for window, found in zip(windows, params, strict=True):
        start = max(0, window.start - BURN_IN)
        laws = found.reshape(states, states + 2)
        seen = _filter(returns[start : window.stop], laws)
        belief[window.start : window.stop] = seen[window.start - start :]
        usual = float(np.nanstd(returns[: window.fit_end])) or 1.0
        deviation[window.start : window.stop] = np.sqrt(laws[:, 1]) / usual
    return Filtered(belief, deviation)


def _fit(past: NDArray[np.float64], states: int) -> NDArray[np.float64]:
    """One row a state, ascending by variance: mean, variance, and where it goes next."""
    from hmmlearn.hmm import GaussianHMM

    known = past[np.isfinite(past)]
    unit = float(known.std()) or 1.0
    scaled = known[:, None] / unit
    # Started from calm, middling and wild spells rather than small and large moves: else the calm
    # state ends as the law of small moves, which come on any day. Needs no seed.
    local = ewma_volatility(scaled[:, 0], half_life=SPELL)
    edges = np.quantile(local, np.linspace(0.0, 1.0, states + 1)[1:-1])
    first = np.searchsorted(edges, local)
    model = GaussianHMM(states, covariance_type="diag", init_params="", n_iter=ITERATIONS, tol=1e-3)
    model.startprob_ = np.full(states, 1.0 / states)
    stay = 0.98
    rest = (1.0 - stay) / (states - 1)
    model.transmat_ = np.full((states, states), rest) + (stay - rest) * np.eye(states)
    groups = [scaled[first == state] for state in range(states)]
    model.means_ = np.array([group.mean(axis=0) if len(group) else [0.0] for group in groups])
    model.covars_ = np.array(
        [group.var(axis=0) + model.min_covar if len(group) else [1.0] for group in groups]
    )
    model.fit(scaled)
    variance = np.array([covariance[0, 0] for covariance in model.covars_])
    order = np.argsort(variance)
    moves = np.asarray(model.transmat_)[np.ix_(order, order)]
    moves = (1.0 - states * LEAST_MOVE) * moves + LEAST_MOVE
    mean = np.asarray(model.means_)[order, 0] * unit
    return np.column_stack([mean, variance[order] * unit**2, moves]).ravel()


def _filter(returns: NDArray[np.float64], params: NDArray[np.float64]) -> NDArray[np.float64]:
    mean, variance, moves = params[:, 0], params[:, 1], params[:, 2:]
    log_density = -0.5 * ((returns[:, None] - mean) ** 2 / variance + np.log(variance))
    log_density = np.where(np.isfinite(log_density), log_density, 0.0)
    density = np.exp(log_density - log_density.max(axis=1, keepdims=True))
    belief = np.empty_like(density)
    now = np.full(len(mean), 1.0 / len(mean))
    for row, seen in enumerate(density):
        now = (now @ moves) * seen
        now = now / now.sum()
        belief[row] = now
    return belief
