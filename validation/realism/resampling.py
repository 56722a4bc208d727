"""Resampled statistics: blocks of dates drawn anew, and what that says of a difference."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from validation.realism.sample import PathSample

DRAWS = 200
"""Resamples behind a band; the smallest p-value they can show is 1 / 201."""

Weights = Float[np.ndarray, "draw path"]
Statistic = Callable[[PathSample, Weights], Float[np.ndarray, "draw figure"]]


@dataclass(frozen=True, slots=True)
class Estimate:
    """Some figures of a sample, and of its resamples.

    Attributes
    ----------
    values : array of shape (figure,)
    resampled : array of shape (draw, figure)
    """

    values: Float[np.ndarray, " figure"]
    resampled: Float[np.ndarray, "draw figure"]

    @property
    def errors(self) -> Float[np.ndarray, "draw figure"]:
        """What sampling alone adds to each figure."""
        return self.resampled - self.values

    def at(self, which: Any) -> Estimate:
        """Some of the figures."""
        return Estimate(self.values[which], self.resampled[:, which])


@dataclass(frozen=True, slots=True)
class Figure:
    """One number about a candidate, its band, and what it should be held against.

    Attributes
    ----------
    value : float or None
        None where it does not exist; ``status`` says why.
    low, high : float or None
        95% bootstrap band of the value.
    floor, floor_high : float or None
        What sampling alone shows where both laws are the same: its mean, and what it exceeds in
        5% of resamples.
    p_value : float or None
        Share of resamples of equal laws that differ as much.
    baseline : float or None
        The same number for the baseline generator.
    p_better : float or None
        One-sided bootstrap p of the candidate being no better than the baseline.
    inside : float or None
        Share of the parts of the figure inside their own 95% bands.
    n : int
        Parts: pairs, lags, or strategies times levels.
    rows : tuple of int
        Paths of the candidate and of the reference that were used.
    status : str
        ``ok``, or ``not_computable: REASON``.
    """

    value: float | None = None
    low: float | None = None
    high: float | None = None
    floor: float | None = None
    floor_high: float | None = None
    p_value: float | None = None
    baseline: float | None = None
    p_better: float | None = None
    inside: float | None = None
    n: int = 0
    rows: tuple[int, ...] = ()
    status: str = "ok"

    def to_json(self) -> dict[str, Any]:
        """The figure as plain values."""
        return asdict(self) | {"rows": list(self.rows)}


def not_computable(reason: str) -> Figure:
    """A figure that does not exist."""
    return Figure(status=f"not_computable: {reason}")


def resampled_counts(
    dates: int, *, block: int, draws: int, seed: int
) -> Float[np.ndarray, "draw date"]:
    """How often each resample holds each date; blocks are drawn around a circle of dates.

    Samples of as many dates and the same block see the same resamples, so that realised and
    simulated windows of one origin are drawn together.

    References
    ----------
    Politis and Romano (1992), *A circular block-resampling procedure for stationary data*.
    """
    generator = np.random.default_rng([seed, dates, block])
    starts = generator.integers(dates, size=(draws, -(-dates // block), 1))
    drawn = ((starts + np.arange(block)) % dates).reshape(draws, -1)[:, :dates]
    cells = (np.arange(draws)[:, None] * dates + drawn).ravel()
    counts = np.bincount(cells, minlength=draws * dates).reshape(draws, dates)
    return counts.astype(np.float32)


def estimated(statistic: Statistic, sample: PathSample, *, seed: int, draws: int) -> Estimate:
    """A statistic of the sample and of its resamples, computed from weights of paths."""
    counts = resampled_counts(sample.dates, block=sample.block, draws=draws, seed=seed)
    every = np.vstack((np.ones((1, sample.dates), dtype=np.float32), counts))
    found = statistic(sample, np.repeat(every, sample.paths_per_date, axis=1))
    return Estimate(found[0], found[1:])


def distance(
    candidate: Estimate,
    reference: Estimate,
    *,
    scale: Float[np.ndarray, " figure"] | None = None,
    baseline: Estimate | None = None,
    rows: tuple[int, ...] = (),
) -> Figure:
    """Mean absolute difference of two laws' figures, and whether sampling explains it.

    The null is centred: each law's own sampling errors, without the difference between them.
    Resampling adds noise to any distance, so the band is moved back to the value.

    Parameters
    ----------
    candidate, reference : Estimate
    scale : array of shape (figure,), optional
        What each difference is divided by.
    baseline : Estimate, optional
        Another candidate, on the same resamples of the reference.
    rows : tuple of int
        Paths that were used, passed on.
    """
    unit = np.ones(reference.values.size) if scale is None else scale
    value, resampled = _apart(candidate, reference, unit)
    errors = np.abs(reference.errors - candidate.errors) / unit
    null = errors.mean(axis=1)
    low, high = np.quantile(resampled - resampled.mean(), (0.025, 0.975)) + value
    inside = np.abs(candidate.values - reference.values) / unit <= np.quantile(errors, 0.95, axis=0)
    against = p_better = None
    if baseline is not None:
        against, others = _apart(baseline, reference, unit)
        p_better = share_at_least(resampled - others, 0.0)
    return Figure(
        value=value,
        low=max(0.0, float(low)),
        high=float(high),
        floor=float(null.mean()),
        floor_high=float(np.quantile(null, 0.95)),
        p_value=share_at_least(null, value),
        baseline=against,
        p_better=p_better,
        inside=float(inside.mean()),
        n=unit.size,
        rows=rows,
    )


def share_at_least(draws: Float[np.ndarray, " draw"], value: float) -> float:
    """Share of draws at or above a value, the value itself counted as a draw."""
    return (int(np.count_nonzero(draws >= value)) + 1) / (draws.size + 1)


def _apart(
    one: Estimate, other: Estimate, unit: Float[np.ndarray, " figure"]
) -> tuple[float, Float[np.ndarray, " draw"]]:
    value = float((np.abs(one.values - other.values) / unit).mean())
    return value, (np.abs(one.resampled - other.resampled) / unit).mean(axis=1)
