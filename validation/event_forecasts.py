"""Probabilities of an event against what came: reliability, Brier score, and whether they rank."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray
from scipy.stats import rankdata

EDGES = (0.0, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 1.0)
"""Probabilities between which forecasts count as alike."""
DRAWS = 999
CONFIDENCE = 0.95
FEWEST_EVENTS = 5
"""Below, a rank or a skill says nothing."""


@dataclass(frozen=True, slots=True)
class Bin:
    """Forecasts of like probability.

    Attributes
    ----------
    low, high : float
        Above or at the first, below the second; the last bin holds one as well.
    n : int
    forecast, frequency : float
        Mean of what was told, and share of events; NaN where there is none.
    """

    low: float
    high: float
    n: int
    forecast: float
    frequency: float


@dataclass(frozen=True, slots=True)
class EventVerdict:
    """How good probabilities of an event were.

    Attributes
    ----------
    n, events : int
    brier, climatology : float
        Mean squared distance of the forecasts, and of the base rate known at the time, from what
        came; lower is better.
    skill : float
        One less their ratio; below zero the base rate was better.
    auc : float
        Probability that an event was told a higher probability than a day without one.
    skill_interval, auc_interval : tuple of two floats
        Of `CONFIDENCE`, over resampled blocks of time; NaN with fewer than `FEWEST_EVENTS` events.
    bins : tuple of Bin
    """

    n: int
    events: int
    brier: float
    climatology: float
    skill: float
    auc: float
    skill_interval: tuple[float, float]
    auc_interval: tuple[float, float]
    bins: tuple[Bin, ...]


def judge_events(
    probability: Float[np.ndarray, " time"],
    outcome: Float[np.ndarray, " time"],
    base_rate: Float[np.ndarray, " time"],
    *,
    block: int,
    seed: int = 0,
    draws: int = DRAWS,
) -> EventVerdict:
    """Judge probabilities of an event by what came of it.

    Parameters
    ----------
    probability : array of shape (time,)
        Told before, in order of time; rows without a forecast or an outcome are left out.
    outcome : array of shape (time,)
        1 where the event came, 0 where not, NaN where that is not known.
    base_rate : array of shape (time,)
        What was known of its frequency at the time.
    block : int
        Mean block of the bootstrap, in rows: at least twice as long as outcomes overlap.
    seed, draws : int
        Of the bootstrap; no interval with no draws.

    Raises
    ------
    ValueError
        If no row has both, or a probability lies outside [0, 1].

    References
    ----------
    Brier (1950), *Verification of forecasts expressed in terms of probability*; Politis and
    Romano (1994), *The stationary bootstrap*.
    """
    known = np.isfinite(probability) & np.isfinite(outcome) & np.isfinite(base_rate)
    p, y, base = probability[known], outcome[known], base_rate[known]
    if not len(p):
        raise ValueError(
            "probability and outcome are never known together, of "
            f"{len(probability)} rows. Judge a longer history."
        )
    if p.min() < 0.0 or p.max() > 1.0:
        raise ValueError(
            f"probability must lie in [0, 1], got {p.min():g} to {p.max():g}. Percent are over 100."
        )
    events = int(y.sum())
    enough = FEWEST_EVENTS <= events <= len(y) - FEWEST_EVENTS
    resampled = _resampled(p, y, base, block, seed, draws if enough else 0)
    edge = 100.0 * (1.0 - CONFIDENCE) / 2.0
    low, high = (
        np.nanpercentile(resampled, [edge, 100.0 - edge], axis=0)
        if len(resampled)
        else np.full((2, 2), np.nan)
    )
    brier, climatology = float(np.mean((p - y) ** 2)), float(np.mean((base - y) ** 2))
    return EventVerdict(
        n=len(y),
        events=events,
        brier=brier,
        climatology=climatology,
        skill=1.0 - brier / climatology if climatology > 0.0 else float("nan"),
        auc=rank_of_events(p, y),
        skill_interval=(float(low[0]), float(high[0])),
        auc_interval=(float(low[1]), float(high[1])),
        bins=reliability(p, y),
    )


def reliability(
    probability: Float[np.ndarray, " time"], outcome: Float[np.ndarray, " time"]
) -> tuple[Bin, ...]:
    """How often the event came when like probabilities were told; all values must be known."""
    place = np.clip(np.searchsorted(EDGES, probability, side="right") - 1, 0, len(EDGES) - 2)
    bins: list[Bin] = []
    for at, (low, high) in enumerate(pairwise(EDGES)):
        here = place == at
        told = float(probability[here].mean()) if here.any() else float("nan")
        came = float(outcome[here].mean()) if here.any() else float("nan")
        bins.append(Bin(low, high, int(here.sum()), told, came))
    return tuple(bins)


def rank_of_events(
    probability: Float[np.ndarray, " time"], outcome: Float[np.ndarray, " time"]
) -> float:
    """Probability that an event ranks above a day without one, ties half; NaN without either.

    The area under the receiver operating characteristic, by Mann and Whitney (1947).
    """
    events = float(outcome.sum())
    calm = len(outcome) - events
    if not (events and calm):
        return float("nan")
    ranks = float(rankdata(probability)[outcome == 1.0].sum())
    return (ranks - events * (events + 1.0) / 2.0) / (events * calm)


def _resampled(
    p: NDArray[np.float64],
    y: NDArray[np.float64],
    base: NDArray[np.float64],
    block: int,
    seed: int,
    draws: int,
) -> Float[np.ndarray, "draw measure"]:
    """Skill and area under the curve of each resample."""
    if not draws:
        return np.empty((0, 2))
    from arch.bootstrap import StationaryBootstrap

    found = np.full((draws, 2), np.nan)
    rows = StationaryBootstrap(block, np.arange(len(p)), seed=seed)
    for draw, ((at,), _) in enumerate(rows.bootstrap(draws)):
        usual = np.mean((base[at] - y[at]) ** 2)
        if usual > 0.0:
            found[draw, 0] = 1.0 - np.mean((p[at] - y[at]) ** 2) / usual
        found[draw, 1] = rank_of_events(p[at], y[at])
    return found
