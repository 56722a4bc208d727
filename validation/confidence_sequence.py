"""Is the challenger better than the champion: an answer that may be read every day.

The mean FZ0 difference gets an *asymptotic* confidence sequence: an interval after every block of
sessions, all of which hold the mean at once with a probability that tends to its nominal one as
the first interval that is read comes later. Nothing is promised for the first blocks.

Differences of scores on consecutive sessions depend on each other, since both follow volatility.
The interval is built on means of blocks of sessions: two neighbouring blocks depend on each other
only through their edge, and the variance of block means holds the autocovariances within a block.
A Newey-West variance was weighed instead; with the few dozen sessions that shadow has it is
biased low, and its running estimate makes every interval depend on a lag chosen for another
length.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from jaxtyping import Float
from pydantic import BaseModel, ConfigDict, Field

Advice = Literal["promote", "wait", "do not promote"]


class ShadowRule(BaseModel):
    """When a challenger's scores are evidence enough to advise a person.

    Attributes
    ----------
    minimum : int
        Sessions with both scores before there is any advice.
    block : int
        Sessions in a block.
    level : float
        Probability, in the limit, that any interval from the minimum on misses the mean.
    tightest : int
        Session at which the interval is narrowest; a choice of shape made beforehand.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    minimum: Annotated[int, Field(ge=40)] = 250
    block: Annotated[int, Field(ge=1)] = 10
    level: Annotated[float, Field(gt=0, lt=1)] = 0.05
    tightest: Annotated[int, Field(ge=40)] = 500


@dataclass(frozen=True, slots=True)
class ConfidenceSequence:
    """An interval for the mean after each whole block; asymptotic.

    Attributes
    ----------
    mean, lower, upper : array of shape (block,)
        NaN bounds while there are fewer than two blocks.
    sessions : array of shape (block,)
        Sessions with a difference up to the end of each block.
    """

    mean: Float[np.ndarray, " block"]
    lower: Float[np.ndarray, " block"]
    upper: Float[np.ndarray, " block"]
    sessions: np.ndarray


@dataclass(frozen=True, slots=True)
class Promotion:
    """What the scores advise; a person decides.

    Attributes
    ----------
    advice : str
        ``promote``, ``wait`` or ``do not promote``.
    mean : float or None
        Mean FZ0 of the challenger less the champion's; negative where the challenger is better.
    lower, upper : float or None
        Asymptotic confidence sequence after the last whole block.
    sessions : int
        Sessions with both scores.
    reason : str
    """

    advice: Advice
    mean: float | None
    lower: float | None
    upper: float | None
    sessions: int
    reason: str


def mixture_margin(
    count: Float[np.ndarray, " count"], *, tightest: float, level: float
) -> Float[np.ndarray, " count"]:
    r"""Half-width of the sequence for means of ``count`` independent values of variance 1.

    .. math:: \sqrt{\frac{2 (n \rho^2 + 1)}{n^2 \rho^2}
              \log \frac{\sqrt{n \rho^2 + 1}}{level}}

    with :math:`\rho` such that it is narrowest, against that of a fixed sample, at ``tightest``.

    References
    ----------
    Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas (2024), *Time-uniform central limit theory
    and asymptotic confidence sequences*, theorem 2.2 and appendix on the choice of rho.
    """
    from scipy.special import lambertw  # not to be paid for by who reads the settings

    best = -lambertw(-(level**2) / np.e, k=-1).real
    rho2 = (float(best) - 1.0) / tightest
    grown = count * rho2 + 1.0
    return np.sqrt(2.0 * grown / (count**2 * rho2) * np.log(np.sqrt(grown) / level))


def confidence_sequence(
    difference: Float[np.ndarray, " session"], *, rule: ShadowRule | None = None
) -> ConfidenceSequence:
    """Asymptotic confidence sequence for the mean of dependent differences.

    Parameters
    ----------
    difference : array of shape (session,)
        Score of one model less that of another, one value a session, mean over books where there
        are several: books on one date are one observation. NaN where a score is unknown; such
        sessions are left out.
    rule : ShadowRule, optional
    """
    rule = rule or ShadowRule()
    known = difference[np.isfinite(difference)]
    blocks = known.size // rule.block
    means = known[: blocks * rule.block].reshape(blocks, rule.block).mean(axis=1)
    count = np.arange(1.0, blocks + 1.0)
    mean = np.cumsum(means) / count
    # Of the values so far, divided by one less than their number; from the squared steps, which
    # does not cancel where the mean is large against the spread (Welford).
    before = np.concatenate(([0.0], mean[:-1]))
    spread = np.cumsum(np.where(count > 1, (means - before) * (means - mean), 0.0))
    variance = np.divide(spread, count - 1, out=np.full(blocks, np.nan), where=count > 1)
    shape = mixture_margin(count, tightest=rule.tightest / rule.block, level=rule.level)
    margin = np.sqrt(np.maximum(variance, 0.0)) * shape
    sessions = (count * rule.block).astype(np.int64)
    return ConfidenceSequence(mean, mean - margin, mean + margin, sessions)


def promotion_advice(
    difference: Float[np.ndarray, " session"], *, rule: ShadowRule | None = None
) -> Promotion:
    """Whether the scores so far speak for the challenger, may be asked every session.

    ``promote`` once the whole interval is below zero, ``do not promote`` once it is above, else
    ``wait``; always ``wait`` before the minimum.

    Parameters
    ----------
    difference : array of shape (session,)
        FZ0 of the challenger less the champion's; see `confidence_sequence`.
    rule : ShadowRule, optional
    """
    rule = rule or ShadowRule()
    sessions = int(np.count_nonzero(np.isfinite(difference)))
    if sessions < rule.minimum:
        mean = float(np.nanmean(difference)) if sessions else None
        reason = f"{sessions} of at least {rule.minimum} sessions with both scores"
        return Promotion("wait", mean, None, None, sessions, reason)
    bounds = confidence_sequence(difference, rule=rule)
    mean, lower, upper = (float(each[-1]) for each in (bounds.mean, bounds.lower, bounds.upper))
    interval = f"asymptotic {1 - rule.level:.0%} confidence sequence {lower:+.4f} to {upper:+.4f}"
    if upper < 0.0:
        return Promotion(
            "promote", mean, lower, upper, sessions, f"{interval}: the challenger scores better"
        )
    if lower > 0.0:
        return Promotion(
            "do not promote",
            mean,
            lower,
            upper,
            sessions,
            f"{interval}: the champion scores better",
        )
    return Promotion(
        "wait", mean, lower, upper, sessions, f"{interval}: either model may be the better one"
    )
