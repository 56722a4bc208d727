"""Does a generator know what came after its origin: leaks in means, in copies, in the code."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray
from scipy.spatial.distance import pdist, squareform

from validation.realism.resampling import Figure, resampled_counts, share_at_least
from validation.realism.sample import PathSample

CLOSEST = 0.05
"""Share of paths that count as close to another one: two at least."""

Draw = Callable[[NDArray[np.float64], int, int, int], NDArray[np.floating]]
"""A generator: history, rows of it that may be used, number of paths and seed, to paths."""


def foresight_figures(
    rolled: PathSample, outcomes: PathSample, *, seed: int, draws: int
) -> dict[str, Figure]:
    """Whether paths of each origin know the window that followed it.

    Parameters
    ----------
    rolled : PathSample
        The same number of paths of each origin, two at least, in order of origin.
    outcomes : PathSample
        The window that followed each origin.
    seed, draws : int
        Of the resamples of origins.

    Returns
    -------
    dict of name to Figure
        ``foresight``: correlation over origins, steps and assets of the mean path with what came;
        zero is none, and honest drifts give a few hundredths. ``closeness``: share of origins
        where, of the outcome and its paths, the outcome is among the twentieth that has the
        nearest neighbours; its floor is none.

    Raises
    ------
    ValueError
        If there are not as many outcomes as origins, or only one path each.
    """
    each, steps, assets = rolled.paths_per_date, rolled.steps, rolled.moves.shape[2]
    if each < 2 or rolled.dates != outcomes.dates:
        raise ValueError(
            f"rolled must hold two paths an origin at least and one origin an outcome, got {each} "
            f"paths of {rolled.dates} origins for {outcomes.dates} outcomes."
        )
    spread = outcomes.moves.std(axis=(0, 1), dtype=np.float64)
    unit = np.where(spread > 0, spread, 1.0)
    paths = (rolled.moves / unit).reshape(rolled.dates, each, steps * assets)
    realised = (outcomes.moves / unit).reshape(outcomes.dates, steps * assets)
    times = resampled_counts(outcomes.dates, block=outcomes.block, draws=draws, seed=seed)
    rows = (len(rolled.moves), outcomes.dates)
    close = np.array([_is_close(one, came) for one, came in zip(paths, realised, strict=True)])
    return {
        "foresight": _foresight(paths.mean(axis=1), realised, times, rows),
        "closeness": _closeness(close, _close_ranks(each) / (each + 1), times, rows),
    }


def origins_that_look_ahead(
    draw: Draw,
    history: Float[np.ndarray, "time asset"],
    *,
    origins: Sequence[int],
    paths: int = 16,
    seed: int = 0,
) -> tuple[int, ...]:
    """Origins whose paths change when what came after them does.

    Parameters
    ----------
    draw : callable
        ``draw(history, origin, paths, seed)`` generates what follows the first ``origin`` rows.
        It is handed the whole history, and then one whose future is negated and doubled.
    history : array of shape (time, asset)
    origins : sequence of int
        Number of rows that each forecast may use.
    paths, seed : int
        Passed on; the same on both sides.

    Returns
    -------
    tuple of int
        Empty for an honest generator: its paths are the same bit for bit.
    """
    leaking: list[int] = []
    for origin in origins:
        other = history.copy()
        other[origin:] *= -2.0
        told = [draw(seen, origin, paths, seed) for seen in (history, other)]
        if told[0].tobytes() != told[1].tobytes():
            leaking.append(origin)
    return tuple(leaking)


def _foresight(
    means: NDArray[np.float64],
    realised: NDArray[np.float64],
    times: Float[np.ndarray, "draw date"],
    rows: tuple[int, int],
) -> Figure:
    announced, came = means - means.mean(axis=0), realised - realised.mean(axis=0)
    parts = [(announced * came).sum(axis=1), (announced**2).sum(axis=1), (came**2).sum(axis=1)]
    product, one, two = (np.append(times @ part, part.sum()) for part in parts)
    together = product / np.sqrt(np.maximum(one * two, 1e-300))
    value, noise = float(together[-1]), together[:-1] - together[-1]
    low, high = np.quantile(noise, (0.025, 0.975)) + value
    return Figure(
        value=value,
        low=float(low),
        high=float(high),
        floor=0.0,
        floor_high=float(np.quantile(noise, 0.95)),
        p_value=share_at_least(noise, value),
        n=realised.size,
        rows=rows,
    )


def _closeness(
    close: NDArray[np.bool_],
    expected: float,
    times: Float[np.ndarray, "draw date"],
    rows: tuple[int, int],
) -> Figure:
    value = float(close.mean())
    noise = times @ close / close.size - value
    low, high = np.quantile(noise, (0.025, 0.975)) + value
    return Figure(
        value=value,
        low=max(0.0, float(low)),
        high=float(high),
        floor=expected,
        floor_high=float(expected + np.quantile(noise, 0.95)),
        p_value=share_at_least(noise, value - expected),
        n=close.size,
        rows=rows,
    )


def _is_close(paths: NDArray[np.float64], came: NDArray[np.float64]) -> bool:
    """Whether the outcome has one of the nearest neighbours, in one pool with its paths."""
    apart = squareform(pdist(np.vstack((came, paths))))
    np.fill_diagonal(apart, np.inf)
    reach = apart.min(axis=1)
    return bool(np.count_nonzero(reach < reach[0]) < _close_ranks(len(paths)))


def _close_ranks(paths: int) -> int:
    return max(2, int(CLOSEST * (paths + 1)))
