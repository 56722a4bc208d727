"""VaR and ES of many P&L samples and their resamples, and how far two laws' tails lie apart."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import no_type_check

import numba
import numpy as np
from jaxtyping import Bool, Float
from numpy.typing import NDArray

from validation.exceedances import tail_probability
from validation.realism.resampling import (
    Estimate,
    Figure,
    Weights,
    distance,
    estimated,
    not_computable,
    share_at_least,
)
from validation.realism.sample import PathSample
from validation.realism.strategies import STATIC, strategy_pnl

LEVELS = (0.99, 0.975, 0.95)
SMALLEST = 0.1
"""A VaR below a tenth of its P&L's standard deviation is no scale for a relative error."""


@dataclass(frozen=True, slots=True)
class TailTable:
    """VaR and ES of one law by strategy, with their resamples.

    Attributes
    ----------
    estimates : mapping of strategy to Estimate
        Figures run over (unit, level, measure), the last being VaR and ES; losses positive.
    spread : mapping of strategy to array of shape (unit,)
        Standard deviation of the P&L.
    """

    estimates: dict[str, Estimate]
    spread: dict[str, Float[np.ndarray, " unit"]]


def tail_measures(
    pnl: Float[np.ndarray, "path column"], weights: Weights, *, alphas: tuple[float, ...] = LEVELS
) -> Float[np.ndarray, "draw column level measure"]:
    """VaR and ES of each column, by the rank rule and the boundary weight, for each resample.

    Parameters
    ----------
    pnl : array of shape (path, column)
        A gain is positive.
    weights : array of shape (draw, path)
        How often each resample holds each path: whole numbers with the same sum in each draw.
    alphas : tuple of float
        Confidence levels, descending.

    Raises
    ------
    ValueError
        If the tail of a level holds less than one path.
    """
    n = round(float(weights[0].sum()))
    tails = [Fraction(repr(tail_probability(alpha))) * n for alpha in alphas]
    if min(tails) < 1:
        raise ValueError(
            f"{n} paths cannot resolve alpha={max(alphas)}: the tail holds less than one path. "
            f"Pass at least {math.ceil(n / min(tails))}."
        )
    order = np.argsort(pnl, axis=0, kind="stable").T.copy()
    ordered = np.take_along_axis(pnl.T, order, axis=1)
    whole = np.array([math.floor(tail) for tail in tails], dtype=np.float64)
    mass = np.array([float(tail) for tail in tails])
    return _walk(ordered, order, np.ascontiguousarray(weights, dtype=np.float32), whole, mass)


@numba.njit(cache=True, nogil=True)
@no_type_check
def _walk(
    ordered: np.ndarray,
    order: np.ndarray,
    weights: np.ndarray,
    whole: np.ndarray,
    mass: np.ndarray,
) -> np.ndarray:
    """From the worst path on, until each level's rank is reached."""
    draws, columns, levels = weights.shape[0], order.shape[0], whole.size
    found = np.empty((draws, columns, levels, 2))
    for draw in range(draws):
        for column in range(columns):
            held, total, at, level = 0.0, 0.0, 0, 0
            while level < levels:
                worst = ordered[column, at]
                weight = weights[draw, order[column, at]]
                while level < levels and held + weight > whole[level]:
                    found[draw, column, level, 0] = -worst
                    mean = -(total + (mass[level] - held) * worst) / mass[level]
                    found[draw, column, level, 1] = max(mean, -worst)  # rounding, where all tie
                    level += 1
                held += weight
                total += weight * worst
                at += 1
    return found


def tail_table(
    sample: PathSample,
    *,
    books: Float[np.ndarray, "book asset"],
    scale: Float[np.ndarray, " asset"],
    book_scale: Float[np.ndarray, " book"],
    seed: int,
    draws: int,
) -> TailTable:
    """VaR and ES of each asset and book under each strategy, with resamples."""
    earned = strategy_pnl(sample, books=books, scale=scale, book_scale=book_scale)

    def measured(pnl: NDArray[np.float64]) -> Estimate:
        return estimated(
            lambda _, weights: tail_measures(pnl, weights).reshape(len(weights), -1),
            sample,
            seed=seed,
            draws=draws,
        )

    return TailTable(
        {name: measured(pnl) for name, pnl in earned.items()},
        {name: pnl.std(axis=0) for name, pnl in earned.items()},
    )


def tail_error(
    candidate: TailTable,
    reference: TailTable,
    *,
    strategy: str | None = None,
    baseline: TailTable | None = None,
    rows: tuple[int, ...] = (),
) -> Figure:
    """Mean relative error of VaR and ES over assets, books and levels.

    Units whose VaR is below a tenth of their standard deviation in the reference are left out.

    Parameters
    ----------
    candidate, reference, baseline : TailTable
        Of the same books and scales.
    strategy : str, optional
        Of `strategies.STRATEGIES`; by default all three.
    rows : tuple of int
        Passed on.
    """
    names = tuple(reference.estimates) if strategy is None else (strategy,)
    use = np.concatenate([_resolved(reference, name) for name in names])
    if not use.any():
        return not_computable("no VaR of the reference is large enough to divide by")
    held = _joined(reference, names).at(use)
    return distance(
        _joined(candidate, names).at(use),
        held,
        scale=held.values,
        baseline=None if baseline is None else _joined(baseline, names).at(use),
        rows=rows,
    )


def shortfall_bias(
    candidate: TailTable,
    reference: TailTable,
    *,
    baseline: TailTable | None = None,
    rows: tuple[int, ...] = (),
) -> Figure:
    """Mean relative difference of ES over the whole path, holding each asset and book.

    Below zero the candidate understates. The p-value is two-sided; on four years of real data the
    standard error is about 0.3, so that only a p-value says anything there.

    Parameters
    ----------
    candidate, reference, baseline : TailTable
    rows : tuple of int
        Passed on.
    """
    use = _resolved(reference, STATIC) & _is_shortfall(reference)
    if not use.any():
        return not_computable("no ES of the reference is large enough to divide by")
    held = reference.estimates[STATIC].at(use)
    found = candidate.estimates[STATIC].at(use)
    value = float((found.values / held.values - 1).mean())
    resampled = (found.resampled / held.resampled - 1).mean(axis=1)
    centred = resampled - resampled.mean()
    low, high = np.quantile(centred, (0.025, 0.975)) + value
    figure = Figure(
        value=value,
        low=float(low),
        high=float(high),
        floor=float(np.abs(centred).mean()),
        floor_high=float(np.quantile(np.abs(centred), 0.95)),
        p_value=share_at_least(np.abs(centred), abs(value)),
        n=int(use.sum()),
        rows=rows,
    )
    if baseline is None:
        return figure
    theirs = baseline.estimates[STATIC].at(use)
    against = float((theirs.values / held.values - 1).mean())
    others = np.abs((theirs.resampled / held.resampled - 1).mean(axis=1))
    p_better = share_at_least(np.abs(resampled) - others, 0.0)
    return replace(figure, baseline=against, p_better=p_better)


def _joined(table: TailTable, names: tuple[str, ...]) -> Estimate:
    parts = [table.estimates[name] for name in names]
    return Estimate(
        np.concatenate([part.values for part in parts]),
        np.concatenate([part.resampled for part in parts], axis=1),
    )


def _resolved(table: TailTable, name: str) -> Bool[np.ndarray, " figure"]:
    """Figures of units whose smallest VaR is a scale."""
    values = table.estimates[name].values.reshape(-1, len(LEVELS), 2)
    spread = table.spread[name]
    use = (values[..., 0].min(axis=1) > SMALLEST * spread) & (spread > 0)
    return np.repeat(use, values.shape[1] * 2)


def _is_shortfall(table: TailTable) -> Bool[np.ndarray, " figure"]:
    return np.arange(table.estimates[STATIC].values.size) % 2 == 1
