"""One American option at every price of the underlying, by finite differences."""

from __future__ import annotations

from typing import no_type_check

import numba
import numpy as np
from jaxtyping import Float

EDGE = 8.0
"""The grid ends this many standard deviations from the strike."""
NODES = 201
"""Prices that the premium is kept at."""
_FINER = 2
"""Steps of the solver between two of them."""
_STEPS = 120
"""In time, shorter towards expiry, where the boundary of exercise moves like a square root."""


def early_exercise(
    times: Float[np.ndarray, " dividend"],
    amounts: Float[np.ndarray, " dividend"],
    sign: int,
    years: float,
    vol: float,
    rate: float,
    yield_rate: float,
) -> Float[np.ndarray, " moneyness"]:
    """What the right to exercise early adds to the European price, strike one.

    Crank-Nicolson after two implicit steps, with Brennan and Schwartz's elimination from the side
    that is not exercised, so that each step solves the free boundary exactly. The European price
    comes from the same grid, so that its error cancels.

    Parameters
    ----------
    times, amounts : array of shape (dividend,)
        Years to each ex-date, ascending, and cash paid. A call may be exercised just before.
    sign : int
        1 for a call, -1 for a put.
    years, vol, rate, yield_rate : float

    Returns
    -------
    array of shape (moneyness,)
        At `NODES` values of ``log(price net of dividends / strike) / (vol * sqrt(years))`` evenly
        from ``-EDGE`` to ``EDGE``.

    References
    ----------
    Brennan and Schwartz (1977), *The valuation of American put options*.
    """
    grid = np.linspace(0.0, 1.0, _STEPS + 1) ** 2
    ex_dates = (years - times) / years
    steps = np.unique(np.concatenate([grid, ex_dates]))
    falls = np.searchsorted(steps, ex_dates)
    american, european = _march(
        steps, falls, times, amounts, float(sign), years, vol, rate, yield_rate
    )
    premium = (american - european)[::_FINER]
    return np.maximum(premium if sign < 0 else premium[::-1], 0.0)


@numba.njit(cache=True, nogil=True)
@no_type_check
def _march(
    steps: np.ndarray,
    falls: np.ndarray,
    times: np.ndarray,
    amounts: np.ndarray,
    sign: float,
    years: float,
    vol: float,
    rate: float,
    yield_rate: float,
) -> tuple[np.ndarray, np.ndarray]:
    """American and European values; the side that is exercised comes first."""
    count = (NODES - 1) * _FINER + 1
    h = 2.0 * EDGE / (count - 1)
    price = np.exp(-sign * vol * np.sqrt(years) * (np.arange(count) * h - EDGE))
    # Of a call the axis runs downwards, and so does its drift.
    drift = -sign * (rate - yield_rate - 0.5 * vol * vol) * np.sqrt(years) / vol
    lower = 0.5 / (h * h) - 0.5 * drift / h
    upper = 0.5 / (h * h) + 0.5 * drift / h
    centre = -1.0 / (h * h) - rate * years
    american = np.maximum(sign * (price - 1.0), 0.0)
    european = american.copy()
    for step in range(1, len(steps)):
        halves, weight = (2, 1.0) if step <= 2 else (1, 0.5)
        dt = (steps[step] - steps[step - 1]) / halves
        for half in range(halves):
            past = years * (steps[step - 1] + dt * (half + 1))  # counted from expiry
            coming = _coming(years - past, times, amounts, rate, 1e-12)
            floor = sign * (price + coming - 1.0)
            outer = sign * (price[0] * np.exp(-yield_rate * past) - np.exp(-rate * past))
            low, mid, up = -weight * dt * lower, 1.0 - weight * dt * centre, -weight * dt * upper
            old = (1.0 - weight) * dt
            for values, ends, bound in (
                (american, max(floor[0], outer), floor),
                (european, max(outer, 0.0), np.full(count, -np.inf)),
            ):
                right = values.copy()
                right[1:-1] += old * (
                    lower * values[:-2] + centre * values[1:-1] + upper * values[2:]
                )
                _eliminate(values, right, bound, ends, low, mid, up)
        for k in range(len(falls)):
            if falls[k] == step:  # a call is exercised before the price falls
                coming = _coming(times[k], times, amounts, rate, -1e-12)
                american = np.maximum(american, sign * (price + coming - 1.0))
    return american, european


@numba.njit(cache=True, nogil=True)
@no_type_check
def _coming(
    now: float, times: np.ndarray, amounts: np.ndarray, rate: float, beyond: float
) -> float:
    """Value of the dividends that are paid after a time, or at it where ``beyond`` is negative."""
    total = 0.0
    for k in range(len(times)):
        if times[k] > now + beyond:
            total += amounts[k] * np.exp(-rate * (times[k] - now))
    return total


@numba.njit(cache=True, nogil=True)
@no_type_check
def _eliminate(
    values: np.ndarray,
    right: np.ndarray,
    bound: np.ndarray,
    first: float,
    low: float,
    mid: float,
    up: float,
) -> None:
    """Solve one step in place, from the side that is not exercised and never below the bound."""
    last = len(values) - 2
    pivot = np.empty(len(values))
    pivot[last] = mid
    for i in range(last - 1, 0, -1):
        ratio = up / pivot[i + 1]
        pivot[i] = mid - ratio * low
        right[i] -= ratio * right[i + 1]
    values[0], values[last + 1] = first, 0.0
    for i in range(1, last + 1):
        values[i] = max((right[i] - low * values[i - 1]) / pivot[i], bound[i])
