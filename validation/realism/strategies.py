"""What three ways of trading a path would have earned: holding, fading moves, following them."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float
from numpy.typing import NDArray

from validation.realism.sample import PathSample

STATIC, MEAN_REVERSION, TREND = STRATEGIES = ("static", "mean_reversion", "trend")
MEMORY = 3
"""Sessions that the trend looks back on."""


def default_books(
    reference: PathSample, *, seed: int, signed: int = 4
) -> Float[np.ndarray, "book asset"]:
    """Books to judge a set by: equal weights, equal risk, and random long and short ones.

    Weights are on logarithmic assets, the others have none. Those of the random books have a
    random sign, are in proportion to one over volatility, and sum to one in absolute value.
    """
    held = reference.logarithmic.astype(np.float64)
    calm = held / np.maximum(reference.simple().std(axis=(0, 1)), 1e-12)
    signs = np.random.default_rng(seed).choice((-1.0, 1.0), (signed, held.size))
    books = np.vstack((held, calm, calm * signs))
    return books / np.maximum(np.abs(books).sum(axis=1, keepdims=True), 1e-12)


def strategy_pnl(
    sample: PathSample,
    *,
    books: Float[np.ndarray, "book asset"],
    scale: Float[np.ndarray, " asset"],
    book_scale: Float[np.ndarray, " book"],
) -> dict[str, Float[np.ndarray, "path unit"]]:
    """P&L over the path of each asset and each book under each strategy; a gain is positive.

    The position of a session is set before it. *static* holds one unit; *trend* holds the sign of
    the last three sessions' sum; *mean reversion* is short where the path has risen by more than
    one standard deviation since its start, long where it has fallen as much, else flat.

    Parameters
    ----------
    sample : PathSample
    books : array of shape (book, asset)
        Weights, rebalanced each session.
    scale, book_scale : arrays of shape (asset,) and (book,)
        Standard deviation of a session's return. The same for all laws compared.

    Returns
    -------
    dict of strategy to array of shape (path, asset + book)
        Compounded simple return; the sum of differences where an asset moves by those.

    References
    ----------
    Cont, Cucuringu, Xu and Zhang (2022), *Tail-GAN*: strategies whose tails depend on the order
    of moves, which a static book does not see.
    """
    assets = sample.simple()
    returns = np.concatenate((assets, assets @ books.T), axis=2)
    compounds = np.concatenate((sample.logarithmic, np.ones(len(books), dtype=bool)))
    unit = np.concatenate((scale, book_scale))
    before = np.zeros_like(returns)
    np.cumsum(returns[:, :-1], axis=1, out=before[:, 1:])
    recent = before.copy()
    recent[:, MEMORY:] -= before[:, :-MEMORY]
    far = unit * np.sqrt(np.arange(sample.steps))[:, None]
    positions = {
        STATIC: np.ones(1),
        MEAN_REVERSION: (before < -far).astype(np.float64) - (before > far),
        TREND: np.sign(recent),
    }
    return {name: _earned(held * returns, compounds) for name, held in positions.items()}


def session_scale(
    reference: PathSample, books: Float[np.ndarray, "book asset"]
) -> tuple[Float[np.ndarray, " asset"], Float[np.ndarray, " book"]]:
    """Standard deviation of a session's return of each asset and each book."""
    assets = reference.simple()
    return assets.std(axis=(0, 1)), (assets @ books.T).std(axis=(0, 1))


def _earned(
    returns: NDArray[np.float64], compounds: Bool[np.ndarray, " unit"]
) -> Float[np.ndarray, "path unit"]:
    product = np.prod(1.0 + returns, axis=1) - 1.0
    return product if compounds.all() else np.where(compounds, product, returns.sum(axis=1))
