"""Hard rules of what prices imply: correlations, discount factors, volatility surfaces, quotes."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Shaped
from numpy.typing import NDArray
from scipy.special import ndtr

from validation.plausibility.checks import Check, cells_check

SMALLEST_EIGENVALUE = -1e-8
_ROUNDING = 1e-9


def correlation_check(matrices: Float[np.ndarray, "*which asset asset"]) -> Check:
    """Whether each matrix is a correlation: symmetric, ones on the diagonal, not negative.

    Parameters
    ----------
    matrices : array of shape (..., asset, asset)
        Eigenvalues down to -1e-8 pass.
    """
    flat = matrices.reshape(-1, *matrices.shape[-2:]).astype(np.float64)
    finite = np.asarray(np.isfinite(flat).all(axis=(1, 2)))
    safe = np.where(finite[:, None, None], flat, np.eye(flat.shape[1]))
    symmetric = np.abs(safe - safe.transpose(0, 2, 1)).max(axis=(1, 2)) <= _ROUNDING
    unit = np.abs(np.diagonal(safe, axis1=1, axis2=2) - 1).max(axis=1) <= _ROUNDING
    lowest = np.linalg.eigvalsh((safe + safe.transpose(0, 2, 1)) / 2)[:, 0]
    return cells_check(
        "correlation_psd",
        ~(finite & symmetric & unit & (lowest >= SMALLEST_EIGENVALUE)),
        axes=("matrix",),
        remedy="Project it to the nearest correlation matrix and state the distance.",
    )


def discount_check(factors: Float[np.ndarray, "*which tenor"]) -> Check:
    """Whether every discount factor is finite and above zero; above one is a negative rate."""
    return cells_check(
        "discount_positive",
        ~(np.isfinite(factors) & (factors > 0)),
        axes=[*(f"axis {at}" for at in range(factors.ndim - 1)), "tenor"],
        remedy="Generate zero rates and take the exponential of rate times tenor.",
    )


def quote_checks(
    spread: Float[np.ndarray, "path step asset"],
    depth: Float[np.ndarray, "path step asset"] | None = None,
    *,
    first: int = 0,
) -> tuple[Check, ...]:
    """Whether no bid is above its ask, and no depth below zero.

    Parameters
    ----------
    spread : array of shape (path, step, asset)
        Ask less bid in any unit; zero is a locked market and passes.
    depth : array of shape (path, step, asset), optional
    first : int
        Number of the first path, for the examples.
    """
    remedy = "Generate the logarithm, or the distance above zero."
    quoted = {"bid_above_ask": spread} | ({} if depth is None else {"depth_sign": depth})
    return tuple(
        cells_check(
            rule,
            ~(np.isfinite(values) & (values >= 0)),
            axes=("path", "step", "asset"),
            by_path=True,
            first=first,
            remedy=remedy,
        )
        for rule, values in quoted.items()
    )


def surface_checks(
    volatility: Float[np.ndarray, "*which expiry strike"],
    *,
    log_moneyness: Float[np.ndarray, " strike"],
    expiry: Float[np.ndarray, " expiry"],
) -> tuple[Check, Check]:
    """Whether surfaces of implied volatility admit no static arbitrage on their own grid.

    Calendar: total variance at the same forward moneyness does not fall with expiry. Butterfly:
    call prices fall in strike, by no more than the strike rises, and are convex.

    Parameters
    ----------
    volatility : array of shape (..., expiry, strike)
        Annual, as a pure number.
    log_moneyness : array of shape (strike,)
        Logarithm of strike over forward, ascending.
    expiry : array of shape (expiry,)
        In years, ascending.

    References
    ----------
    Gatheral and Jacquier (2014), *Arbitrage-free SVI volatility surfaces*, section 2.

    Raises
    ------
    ValueError
        If an axis is not ascending, or an expiry is not above zero.
    """
    if not ((np.diff(log_moneyness) > 0).all() and (np.diff(expiry) > 0).all() and expiry[0] > 0):
        raise ValueError(
            "log_moneyness and expiry must ascend and expiry begin above zero, got "
            f"{log_moneyness.tolist()} and {expiry.tolist()}."
        )
    bad = ~(np.isfinite(volatility) & (volatility > 0))
    total = np.where(bad, np.nan, volatility) ** 2 * expiry[:, None]
    axes = [f"axis {at}" for at in range(volatility.ndim - 2)]
    falls = ~(np.diff(total, axis=-2) >= -_ROUNDING)
    calendar = cells_check(
        "calendar_arbitrage",
        falls,
        axes=[*axes, "expiry", "strike"],
        remedy="Generate increments of total variance.",
    )
    strike = np.exp(log_moneyness)
    call = _call(total, log_moneyness)
    slope = np.diff(call, axis=-1) / np.diff(strike)
    steep = ~((slope <= _ROUNDING) & (slope >= -1 - _ROUNDING))
    concave = ~(np.diff(slope, axis=-1) >= -_ROUNDING)
    broken = bad.copy()
    broken[..., 1:] |= steep
    broken[..., 1:-1] |= concave
    butterfly = cells_check(
        "butterfly_arbitrage",
        broken,
        axes=[*axes, "expiry", "strike"],
        remedy="Generate the surface in an arbitrage-free form, such as SSVI.",
    )
    return calendar, butterfly


def _call(
    total: NDArray[np.float64], log_moneyness: Shaped[np.ndarray, " strike"]
) -> NDArray[np.float64]:
    """Undiscounted call over the forward, by Black."""
    root = np.sqrt(total)
    ahead = -log_moneyness / root + root / 2
    return ndtr(ahead) - np.exp(log_moneyness) * ndtr(ahead - root)
