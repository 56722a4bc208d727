"""A statistical jump model of volatility: a change of state must pay for itself."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import NDArray

from features.splits import Window
from features.volatility import ewma_volatility
from models.baselines import UnitStore
from models.refits import fitted, recipe_of

PENALTY = 30.0
"""What a change of state costs, in squared deviations: about six days two deviations away."""
HALF_LIVES = (3.0, 10.0)
"""Of the volatilities whose logs are clustered, in sessions."""
BURN_IN = 500
"""Rows before a refit from which the new centres decide anew."""
WIDEST = 3.0
"""Deviations beyond which a volatility counts no more: one day cannot pay for a change alone."""


def jump_states(
    returns: Float[np.ndarray, " time"],
    windows: Sequence[Window],
    *,
    states: int = 2,
    penalty: float = PENALTY,
    store: UnitStore | None = None,
) -> Int[np.ndarray, " time"]:
    """State of volatility as decided online, 0 the calmest; -1 where no window serves.

    Centres are fitted on the past of each window. The state at each time is the end of the best
    path so far, so that a later return moves no decision.

    Parameters
    ----------
    returns : array of shape (time,)
        NaN where not known.
    windows : sequence of Window
    states : int
    penalty : float
    store : UnitStore, optional
        For the fits.

    References
    ----------
    Nystrup, Lindstrom and Madsen (2020), *Learning hidden Markov models with persistent states by
    penalizing jumps*; Shu, Yu and Mulvey (2024), *Downside risk reduction using regime-switching
    signals: a statistical jump model approach*.
    """
    from jumpmodels.jump import do_E_step, jump_penalty_to_mx

    features = volatility_features(returns)
    recipe = recipe_of(__file__, "jumpmodels", states=states, penalty=penalty)
    params = fitted(
        features,
        windows,
        fit=lambda past: _fit(past, states, penalty),
        recipe=recipe,
        store=store,
    )
    costs = jump_penalty_to_mx(penalty, states)
    decided = np.full(len(returns), -1, dtype=np.int64)
    for window, found in zip(windows, params, strict=True):
        mean, deviation, *centres = found.reshape(states + 2, -1)
        start = max(0, window.start - BURN_IN)
        rows = _standard(features[start : window.stop], mean, deviation)
        value = do_E_step(rows, np.array(centres), costs, return_value_mx=True)
        now = np.argmin(np.asarray(value), axis=1)
        decided[window.start : window.stop] = now[window.start - start :]
    return decided


def volatility_features(
    returns: Float[np.ndarray, " time"],
) -> Float[np.ndarray, "time feature"]:
    """Log volatility over each half-life; a series that has not moved yet is as calm as can be."""
    levels = [ewma_volatility(returns, half_life=half_life) for half_life in HALF_LIVES]
    least = np.finfo(np.float64).tiny
    return np.log(np.maximum(np.nan_to_num(np.column_stack(levels)), least))


def _fit(past: NDArray[np.float64], states: int, penalty: float) -> NDArray[np.float64]:
    """Mean and deviation of the features, then the centre of each state, calmest first."""
    from jumpmodels.jump import JumpModel

    moved = past[past.min(axis=1) > np.log(1e-8)]
    past = moved if len(moved) else past
    mean, deviation = past.mean(axis=0), past.std(axis=0)
    deviation = np.where(deviation > 0.0, deviation, 1.0)
    rows = _standard(past, mean, deviation)
    model = JumpModel(states, jump_penalty=penalty, n_init=1, random_state=0, max_iter=50)
    model.fit(rows)
    centres = np.nan_to_num(np.asarray(model.centers_), nan=WIDEST)
    centres = centres[np.argsort(centres[:, 0])]
    return np.vstack([mean, deviation, centres]).ravel()


def _standard(
    features: NDArray[np.float64], mean: NDArray[np.float64], deviation: NDArray[np.float64]
) -> NDArray[np.float64]:
    return np.clip((features - mean) / deviation, -WIDEST, WIDEST)
