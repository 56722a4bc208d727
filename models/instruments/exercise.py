"""One American option at every price of the underlying, by finite differences."""

from __future__ import annotations

from typing import no_type_check

import numba
import numpy as np
from jaxtyping import Bool, Float

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
    *,
    vols: Float[np.ndarray, " case"],
    rates: Float[np.ndarray, " case"],
    yields: Float[np.ndarray, " case"],
) -> Float[np.ndarray, "case moneyness"]:
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
    years : float
    vols, rates, yields : array of shape (case,)
        Solved side by side.

    Returns
    -------
    array of shape (case, moneyness)
        At `NODES` values of ``log(price net of dividends / strike) / (vol * sqrt(years))`` evenly
        from ``-EDGE`` to ``EDGE``.

    References
    ----------
    Brennan and Schwartz (1977), *The valuation of American put options*.
    """
    grid = np.linspace(0.0, 1.0, _STEPS + 1) ** 2
    falls = (years - times) / years
    steps = np.unique(np.concatenate([grid, falls]))
    count = (NODES - 1) * _FINER + 1
    axis = -sign * np.linspace(-EDGE, EDGE, count)  # the side that is exercised comes first
    price = np.exp(axis[:, None] * (vols * np.sqrt(years)))
    american = np.maximum(sign * (price - 1.0), 0.0)
    european = american.copy()
    spacing = 2.0 * EDGE / (count - 1)
    drift = -sign * (rates - yields - 0.5 * vols**2) * np.sqrt(years) / vols
    for step in range(1, len(steps)):
        start, end = steps[step - 1], steps[step]
        # Two implicit half steps first: they smooth the kink of the payoff.
        parts, weight = ((start + end) / 2.0, end) if step <= 2 else (end,), float(step <= 2)
        for stop in parts:
            left = years * (1.0 - stop)
            paid = _coming(left, times > left + 1e-12, times, amounts, rates)
            past = years * stop
            outer = sign * (price[0] * np.exp(-yields * past) - np.exp(-rates * past))
            first = np.maximum(sign * (price[0] + paid - 1.0), outer)
            length = end - start if len(parts) == 1 else (end - start) / 2.0
            _step(
                american, european, price, sign * (paid - 1.0), first, np.maximum(outer, 0.0),
                drift, rates * years, float(sign), spacing, length, 0.5 + 0.5 * weight,
            )  # fmt: skip
        for due in times[falls == end]:  # a call is exercised before the price falls
            paid = _coming(due, times >= due, times, amounts, rates)
            np.maximum(american, sign * (price + paid - 1.0), out=american)
    premium = np.maximum((american - european)[::_FINER], 0.0).T
    return np.ascontiguousarray(premium if sign < 0 else premium[:, ::-1])


def _coming(
    now: float,
    which: Bool[np.ndarray, " dividend"],
    times: Float[np.ndarray, " dividend"],
    amounts: Float[np.ndarray, " dividend"],
    rates: Float[np.ndarray, " case"],
) -> Float[np.ndarray, " case"]:
    """Value at a time of some of the dividends."""
    return amounts[which] @ np.exp(-np.outer(times[which] - now, rates))


@numba.njit(cache=True, nogil=True, error_model="numpy")
@no_type_check
def _step(
    american: np.ndarray,
    european: np.ndarray,
    price: np.ndarray,
    floor: np.ndarray,
    first: np.ndarray,
    first_european: np.ndarray,
    drift: np.ndarray,
    decay: np.ndarray,
    sign: float,
    spacing: float,
    length: float,
    weight: float,
) -> None:
    """One step back in time, in place; ``weight`` is 1 for implicit, 0.5 for Crank-Nicolson.

    The innermost loops run over the cases, whose recursions do not wait for one another.
    """
    count, cases = american.shape
    square = 0.5 / (spacing * spacing)
    lower, upper = square - 0.5 * drift / spacing, square + 0.5 * drift / spacing
    centre = -2.0 * square - decay
    old = (1.0 - weight) * length
    low, mid, up = (
        -weight * length * lower,
        1.0 - weight * length * centre,
        -weight * length * upper,
    )
    right, plain, inverse = np.empty_like(american), np.empty_like(american), np.empty_like(price)
    last = count - 2
    for i in range(last, 0, -1):
        for c in range(cases):
            right[i, c] = american[i, c] + old * (
                lower[c] * american[i - 1, c]
                + centre[c] * american[i, c]
                + upper[c] * american[i + 1, c]
            )
            plain[i, c] = european[i, c] + old * (
                lower[c] * european[i - 1, c]
                + centre[c] * european[i, c]
                + upper[c] * european[i + 1, c]
            )
        if i == last:
            for c in range(cases):
                inverse[i, c] = 1.0 / mid[c]
            continue
        for c in range(cases):
            ratio = up[c] * inverse[i + 1, c]
            inverse[i, c] = 1.0 / (mid[c] - ratio * low[c])
            right[i, c] -= ratio * right[i + 1, c]
            plain[i, c] -= ratio * plain[i + 1, c]
    for c in range(cases):
        american[0, c], european[0, c] = first[c], first_european[c]
        american[count - 1, c] = european[count - 1, c] = 0.0
    for i in range(1, last + 1):
        for c in range(cases):
            value = (right[i, c] - low[c] * american[i - 1, c]) * inverse[i, c]
            bound = sign * price[i, c] + floor[c]
            american[i, c] = max(bound, value)
            european[i, c] = (plain[i, c] - low[c] * european[i - 1, c]) * inverse[i, c]
