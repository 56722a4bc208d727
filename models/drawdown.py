"""Probability that a series falls by more than a threshold within the next sessions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy.special import expit, logit

from features.losses import WORST_RETURN, drawdown
from features.splits import refit_windows
from features.volatility import ewma_volatility, expanding_volatility
from models.baselines import UnitStore
from models.refits import EVERY, fitted, recipe_of

HORIZON = 10
"""Sessions in which the fall may happen."""
GAP = 5
"""Sessions beyond the horizon that a fit leaves out before the origin it serves."""
FIRST = 750
"""Rows before the first fit."""
SETTLING = 20
THRESHOLD = 0.05
"""Fall of the equity market that is forecast by default."""
SIGMAS = 1.5
"""Fall of a book that is forecast by default, in deviations of its returns over the horizon."""
HALF_LIVES = (3.0, 10.0, 30.0)
SHRINKAGE = 0.03
WIDEST = 4.0
"""Deviations beyond which an input counts no more."""
"""scikit-learn's C: the smaller, the closer the coefficients of standardised inputs to zero."""


@dataclass(frozen=True, slots=True)
class DrawdownForecast:
    """Forecasts of one series, one row per origin.

    Attributes
    ----------
    threshold : array of shape (time,)
        Fall from the highest point since the origin, positive (0.05).
    probability : array of shape (time,)
        That it is exceeded within the horizon; NaN before the first fit.
    climatology : array of shape (time,)
        Share of the past origins at which it was, as known at the fit.
    outcome : array of shape (time,)
        1 where it was exceeded, 0 where not, NaN where that is not known yet.
    horizon : int
    """

    threshold: NDArray[np.float64]
    probability: NDArray[np.float64]
    climatology: NDArray[np.float64]
    outcome: NDArray[np.float64]
    horizon: int


def drawdown_forecast(
    returns: Float[np.ndarray, " time"],
    *,
    threshold: float | None = THRESHOLD,
    horizon: int = HORIZON,
    store: UnitStore | None = None,
) -> DrawdownForecast:
    r"""Probability of a fall beyond a threshold in the next sessions, fitted anew each year.

    A logistic regression on the log of the volatility over each half-life against the threshold,
    and on how deep the series is under water. A fit knows only outcomes that came at least `GAP`
    sessions before the first origin it serves. Its likelihood calibrates it on the past; a second
    calibration of its own past forecasts was worse, see infra/decisions/0034-regimes.md.

    Parameters
    ----------
    returns : array of shape (time,)
        Simple returns; finite.
    threshold : float, optional
        Fall, positive; None for `SIGMAS` deviations of the returns so far over the horizon.
    horizon : int
        Sessions, at least one.
    store : UnitStore, optional
        For the fits.

    Raises
    ------
    ValueError
        If the threshold is not in (0, 1), or the horizon below one.
    """
    if threshold is not None and not 0.0 < threshold < 1.0:
        raise ValueError(
            f"threshold is a fall as a share of value and must lie in (0, 1), got {threshold:g}. "
            "Five percent is threshold=0.05."
        )
    if horizon < 1:
        raise ValueError(f"horizon must be at least 1 session, got {horizon}.")
    falls = (
        SIGMAS * expanding_volatility(returns) * np.sqrt(horizon)
        if threshold is None
        else np.full(len(returns), threshold)
    )
    falls = np.clip(falls, 1e-6, -WORST_RETURN)
    beyond = np.where(
        np.isnan(fall := deepest_fall(returns, horizon=horizon)), np.nan, fall > falls
    )
    inputs = _inputs(returns, falls, horizon)
    told = np.full(len(returns), np.nan)
    told[horizon:] = beyond[: len(returns) - horizon]  # row t: what became of t - horizon
    windows = refit_windows(len(returns), first=FIRST, every=EVERY) if len(returns) >= FIRST else ()
    params = fitted(
        np.column_stack([inputs, told]),
        windows,
        fit=lambda past: _fit(past, horizon),
        recipe=recipe_of(__file__, "scikit-learn", horizon=horizon),
        store=store,
    )
    probability, climatology = np.full((2, len(returns)), np.nan)
    for window, found in zip(windows, params, strict=True):
        rate, intercept, *rest = found
        mean, deviation, slope = np.reshape(rest, (3, -1))
        rows = _standard(inputs[window.start : window.stop], mean, deviation)
        # Not a matrix product: that rounds by its number of rows, and the future would show.
        index = np.full(len(rows), intercept)
        for at, weight in enumerate(slope):
            index += weight * rows[:, at]
        probability[window.start : window.stop] = expit(index)
        climatology[window.start : window.stop] = rate
    return DrawdownForecast(falls, probability, climatology, beyond, horizon)


def deepest_fall(
    returns: Float[np.ndarray, " time"], *, horizon: int
) -> Float[np.ndarray, " time"]:
    """Largest fall from the highest point since each origin, within the next sessions.

    The origin's own value counts as a highest point. A share of value, zero where the series only
    rises; NaN where the sessions have not all come.
    """
    deepest = np.full(len(returns), np.nan)
    if len(returns) <= horizon:
        return deepest
    wealth = np.concatenate([[0.0], np.cumsum(np.log1p(np.maximum(returns, WORST_RETURN)))])
    paths = sliding_window_view(wealth[1:], horizon + 1)
    under = paths - np.maximum.accumulate(paths, axis=1)
    deepest[: len(paths)] = -np.expm1(under.min(axis=1))
    return deepest


def _inputs(
    returns: NDArray[np.float64], falls: NDArray[np.float64], horizon: int
) -> NDArray[np.float64]:
    least = np.finfo(np.float64).tiny
    columns = [
        np.log(
            np.maximum(ewma_volatility(returns, half_life=half_life), least)
            * np.sqrt(horizon)
            / falls
        )
        for half_life in HALF_LIVES
    ]
    return np.column_stack([*columns, drawdown(returns, window=250) / falls])


def _fit(past: NDArray[np.float64], horizon: int) -> NDArray[np.float64]:
    """Base rate and intercept, then mean, deviation and slope of each input."""
    from sklearn.linear_model import LogisticRegression

    inputs = past[SETTLING : len(past) - horizon - GAP, :-1]
    event = past[SETTLING + horizon : len(past) - GAP, -1]
    mean, deviation = inputs.mean(axis=0), inputs.std(axis=0)
    events = int(event.sum())
    rate = (events + 0.5) / (len(event) + 1.0)
    intercept, slope = float(logit(rate)), np.zeros(inputs.shape[1])
    if 0 < events < len(event):
        model = LogisticRegression(C=SHRINKAGE, max_iter=500)
        model.fit(_standard(inputs, mean, deviation), event)
        intercept, slope = float(model.intercept_[0]), np.asarray(model.coef_[0])
    return np.concatenate([[rate, intercept], mean, deviation, slope])


def _standard(
    inputs: NDArray[np.float64], mean: NDArray[np.float64], deviation: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Standardised inputs ; one that never varied says nothing."""
    moved = np.divide(inputs - mean, deviation, out=np.zeros_like(inputs), where=deviation > 1e-12)
    return np.clip(moved, -WIDEST, WIDEST)
