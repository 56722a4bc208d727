"""P&L attribution: whether the risk engine's P&L is the desk's, day by day and in its law."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float
from scipy.stats import ks_2samp, rankdata

from validation.internal_models import InternalModelRule

Zone = Literal["green", "amber", "red"]


@dataclass(frozen=True, slots=True)
class Attribution:
    """What both tests say.

    Attributes
    ----------
    spearman, kolmogorov : float
        Rank correlation, and largest distance of the distribution functions.
    zone : {"green", "amber", "red"}
        The worse of the two.
    """

    spearman: float
    kolmogorov: float
    zone: Zone


def attribution(
    risk_theoretical: Float[np.ndarray, " session"],
    hypothetical: Float[np.ndarray, " session"],
    *,
    rule: InternalModelRule,
) -> Attribution:
    """Hold the risk engine's P&L against the hypothetical P&L of the same book and sessions.

    Parameters
    ----------
    risk_theoretical : array of shape (session,)
        What the risk engine, with its factors and stand-ins, makes of each session's moves.
    hypothetical : array of shape (session,)
        What the desk's own pricing makes of them, without new trades and fees; in the same order.
        Never sort either: ranks are compared session by session.
    rule : InternalModelRule

    Raises
    ------
    ValueError
        If the two are not alike in length, not finite, shorter than the rule asks, or one of them
        never changes.

    References
    ----------
    Basel Committee (2019), *Minimum capital requirements for market risk*, MAR32.
    """
    ours, theirs = risk_theoretical, hypothetical
    if ours.shape != theirs.shape or not (np.isfinite(ours).all() and np.isfinite(theirs).all()):
        raise ValueError(
            f"risk_theoretical and hypothetical must be finite and of one length, got "
            f"{ours.size} and {theirs.size} sessions. Pair them by date first."
        )
    if ours.size < rule.attribution_sessions:
        raise ValueError(
            f"{ours.size} sessions have both P&Ls; the rule judges {rule.attribution_sessions}."
        )
    if np.ptp(ours) == 0.0 or np.ptp(theirs) == 0.0:
        raise ValueError("a P&L never changes, so that nothing can be attributed to it.")
    ours, theirs = ours[-rule.attribution_sessions :], theirs[-rule.attribution_sessions :]
    spearman = float(np.corrcoef(rankdata(ours), rankdata(theirs))[0, 1])
    # A distance of two samples of n is a whole number of n-ths: no rounding decides a zone.
    steps = round(float(ks_2samp(ours, theirs, method="asymp").statistic) * ours.size)
    distance = steps / ours.size
    red = spearman < rule.spearman[1] or distance > rule.kolmogorov[1]
    amber = spearman < rule.spearman[0] or distance > rule.kolmogorov[0]
    return Attribution(spearman, distance, "red" if red else "amber" if amber else "green")
