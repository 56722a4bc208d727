"""Simulated exceedances under a true model, shared by every cell that is judged.

The null needs nothing but the exceedances, so only they are drawn: each date is exceeded with
probability ``tail`` and its loss lies a generalised Pareto excess beyond VaR. Cost and memory
grow with ``tail * draws`` per date, not with ``draws``. Blocks of dates are cached and reused:
a cell of n forecasts sees the first n simulated dates, whichever series it is, so p-values
depend neither on the order of cells nor on what was judged before.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from jaxtyping import Shaped
from numpy.typing import NDArray
from scipy.sparse import csc_array

BLOCK = 256
"""Dates drawn, and cached, at a time."""

DAILY_XI = 0.2
"""Shape of the excess over VaR, near what daily returns show."""


@dataclass(frozen=True)
class SimulatedHits:
    """Exceedances of all draws on some consecutive dates, in order of date.

    The matrices of shape (draw, date) times a per-date series, or columns of them, are its sums
    over the exceedances of each draw. They are sparse: several times faster than to repeat,
    multiply and count.

    Attributes
    ----------
    dates : slice
        Which dates of the cell.
    first : int array of shape (date + 1,)
        Position of the first exceedance, over all draws, on each date; last their number.
    draw : int array of shape (hit,)
        To which draw each exceedance belongs.
    excess : array of shape (hit,)
        Loss beyond VaR, in units of its mean ``es - var``.
    draws : int
        Simulated samples.
    """

    dates: slice
    first: NDArray[np.int32]
    draw: NDArray[np.int32]
    excess: NDArray[np.float64]
    draws: int

    def at_hits(self, series: Shaped[np.ndarray, " time"]) -> Shaped[np.ndarray, " hit"]:
        """Value of a per-date series of the cell at each exceedance."""
        return np.repeat(series[self.dates], np.diff(self.first))

    @cached_property
    def counted(self) -> csc_array:
        """One for each exceedance."""
        return self._matrix(np.ones(self.draw.size))

    @cached_property
    def exceeding(self) -> csc_array:
        """The excess of each exceedance."""
        return self._matrix(self.excess)

    @cached_property
    def exceeding_squared(self) -> csc_array:
        """The squared excess of each exceedance."""
        return self._matrix(self.excess**2)

    @cached_property
    def surplus(self) -> csc_array:
        """The excess of each exceedance, less its mean of one."""
        return self._matrix(self.excess - 1)

    def _matrix(self, values: NDArray[np.float64]) -> csc_array:
        return csc_array((values, self.draw, self.first), shape=(self.draws, self.first.size - 1))


def simulated_hits(
    n: int, *, tail: float, xi: float, draws: int, seed: int
) -> Iterator[SimulatedHits]:
    """Exceedances of ``draws`` true models over ``n`` forecasts, a block of dates at a time.

    Parameters
    ----------
    n : int
        Forecasts in the cell.
    tail : float
        Probability of an exceedance, ``1 - alpha``.
    xi : float
        Shape of the generalised Pareto excess, in [0, 1); 0 is exponential. The same seed
        gives the same dates for every shape.
    draws : int
        Simulated samples.
    seed : int
        Determines everything drawn.
    """
    for start in range(0, n, BLOCK):
        yield _first_dates(start // BLOCK, min(BLOCK, n - start), tail, xi, draws, seed)


@lru_cache(maxsize=1024)
def hit_counts(n: int, *, tail: float, draws: int, seed: int) -> NDArray[np.int32]:
    """Number of exceedances of each of the samples of `simulated_hits`, whatever their shape."""
    count = np.zeros(draws, dtype=np.int32)
    for hits in simulated_hits(n, tail=tail, xi=DAILY_XI, draws=draws, seed=seed):
        count += np.bincount(hits.draw, minlength=draws)
    return count


def unit_excess(exceeded: NDArray[np.float64], *, xi: float) -> NDArray[np.float64]:
    """Quantile of the generalised Pareto distribution of mean one.

    Parameters
    ----------
    exceeded : array
        Probability that the excess is larger, in (0, 1]. Above one the tail law is continued
        below its threshold and the excess is negative.
    xi : float
        Shape in [0, 1).
    """
    if not 0 <= xi < 1:
        raise ValueError(f"xi must lie in [0, 1), for the mean excess to exist, got {xi}.")
    if xi == 0:
        return -np.log(exceeded)
    return (1 - xi) / xi * (exceeded**-xi - 1)


def lower_p_value(observed: float, null: NDArray[np.float64]) -> float:
    """Share of simulated statistics at or below the observed one, itself counted among them."""
    return (1 + int(np.count_nonzero(null <= observed + _slack(observed)))) / (1 + null.size)


def upper_p_value(observed: float, null: NDArray[np.float64]) -> float:
    """Share of simulated statistics at or above the observed one, itself counted among them."""
    return (1 + int(np.count_nonzero(null >= observed - _slack(observed)))) / (1 + null.size)


def two_sided_p_value(observed: float, null: NDArray[np.float64]) -> float:
    """Twice the smaller of the two one-sided p-values, at most one."""
    return min(1.0, 2 * min(lower_p_value(observed, null), upper_p_value(observed, null)))


def _slack(observed: float) -> float:
    """Statistics this close differ only by the order in which their terms were added."""
    return 1e-9 * max(1.0, abs(observed))


# All that a model's levels need stays, or each would be drawn again for every model: three levels
# of twelve years make 144 blocks, and 5,000 draws of 5% take 0.8 MB a block.
@lru_cache(maxsize=384)
def _block(index: int, tail: float, xi: float, draws: int, seed: int) -> SimulatedHits:
    generator = np.random.default_rng([seed, index, draws, round(tail * 1e9)])
    cells = np.flatnonzero(generator.random(BLOCK * draws) < tail)
    return SimulatedHits(
        dates=slice(index * BLOCK, (index + 1) * BLOCK),
        first=np.searchsorted(cells, np.arange(BLOCK + 1) * draws).astype(np.int32),
        draw=(cells % draws).astype(np.int32),
        excess=unit_excess(1 - generator.random(cells.size), xi=xi),
        draws=draws,
    )


@lru_cache(maxsize=256)  # three levels of cells of some thirty lengths
def _first_dates(
    index: int, length: int, tail: float, xi: float, draws: int, seed: int
) -> SimulatedHits:
    """The first dates of a block: views of it, and matrices of their own."""
    block = _block(index, tail, xi, draws, seed)
    hits = int(block.first[length])
    return SimulatedHits(
        dates=slice(index * BLOCK, index * BLOCK + length),
        first=block.first[: length + 1],
        draw=block.draw[:hits],
        excess=block.excess[:hits],
        draws=draws,
    )
