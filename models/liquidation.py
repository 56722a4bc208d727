"""How a position is sold: over how many sessions, and how much of it each session."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int


def sessions_to_sell(
    value: Float[np.ndarray, " position"],
    volume: Float[np.ndarray, " position"],
    *,
    participation: float = 0.1,
) -> Int[np.ndarray, " position"]:
    """Sessions that each position takes to sell without being more than a share of the trade.

    Parameters
    ----------
    value : array of shape (position,)
        Currency; a short position, below zero, is bought back.
    volume : array of shape (position,)
        Usual daily volume in the same currency.
    participation : float
        Largest share of it that is ours, in (0, 1].

    Returns
    -------
    int array of shape (position,)
        At least one, also for a position of nothing.

    Raises
    ------
    ValueError
        If a volume is not above zero, or the share does not lie in (0, 1].
    """
    if not 0.0 < participation <= 1.0:
        raise ValueError(f"participation is a share in (0, 1], got {participation}. Try 0.1.")
    if not (volume > 0.0).all():
        worst = int(np.argmin(np.where(np.isfinite(volume), volume, -np.inf)))
        raise ValueError(
            f"volume must be above zero, got {volume[worst]:g} for position {worst}. A position "
            f"that nobody trades needs a stated horizon of its own."
        )
    # A position of exactly so many sessions is not made one longer by rounding.
    return np.maximum(np.ceil(np.abs(value) / (participation * volume) - 1e-9), 1.0).astype(int)


def evenly(
    sessions: Int[np.ndarray, " position"], steps: int
) -> Float[np.ndarray, "step position"]:
    """Share of each position that is still held after each step, sold in equal parts.

    Parameters
    ----------
    sessions : int array of shape (position,)
    steps : int
        At the end of the last one whatever is left is sold as well.
    """
    after = np.arange(1, steps + 1)[:, None]
    held = np.clip(1.0 - after / sessions, 0.0, 1.0)
    held[-1] = 0.0
    return held


def almgren_chriss(
    sessions: Int[np.ndarray, " position"], steps: int, *, urgency: float
) -> Float[np.ndarray, "step position"]:
    r"""Share still held after each step on the trajectory that weighs cost against risk.

    :math:`x(t)/x(0) = \sinh(\kappa (T - t)) / \sinh(\kappa T)` with
    :math:`\kappa = \sqrt{\lambda \sigma^2 / \eta}`; without urgency it sells evenly.

    Parameters
    ----------
    sessions : int array of shape (position,)
        :math:`T`.
    steps : int
        At the end of the last one whatever is left is sold as well.
    urgency : float
        :math:`\kappa`, per session, at least zero.

    References
    ----------
    Almgren and Chriss (2000), *Optimal execution of portfolio transactions*.
    """
    if urgency < 0.0:
        raise ValueError(f"urgency must be at least zero, got {urgency}.")
    if urgency == 0.0:
        return evenly(sessions, steps)
    left = np.maximum(sessions - np.arange(1, steps + 1)[:, None], 0)
    # Written with decaying exponentials, so that a long horizon does not overflow.
    held = np.exp(-urgency * (sessions - left)) * (
        np.expm1(-2.0 * urgency * left) / np.expm1(-2.0 * urgency * sessions)
    )
    held[-1] = 0.0
    return held
