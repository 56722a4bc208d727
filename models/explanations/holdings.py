"""A book by its holdings: contributions that add up, and ES had what moves together moved apart.

The paths are the last sessions of all holdings, each return filtered through its own GJR-GARCH and
told in today's sigma: filtered historical simulation of the book one session ahead, its holdings
side by side.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from scipy.special import ndtri
from scipy.stats import rankdata

from features.market import MarketData
from models.measures import expected_shortfall
from models.scenarios.correlation_stress import inverted, rejoined
from models.scenarios.filtering import filter_assets

SESSIONS = 1000
DEALS = 20
"""Times that paths are dealt out anew: one deal's tail is a matter of luck."""

Moves = Float[np.ndarray, "path asset"]


def filtered_returns(market: MarketData, names: Sequence[str], *, seed: int) -> Moves:
    """Simple returns of the last sessions, in units of today's sigma.

    Parameters
    ----------
    market : MarketData
    names : sequence of str
        Instruments that may be held, each once.
    seed : int
        Of the residuals drawn where a holding has none of its own.

    Returns
    -------
    array of shape (path, asset)
        At most `SESSIONS` paths.

    Raises
    ------
    ValueError
        If a holding has too few moves to be filtered.
    """
    filtered = filter_assets(market, names, as_of=market.as_of, seed=seed)
    mean = np.array([params.mu for params in filtered.params])
    return np.expm1(mean + np.sqrt(filtered.state) * filtered.residual[-SESSIONS:])


@dataclass(frozen=True, slots=True)
class Inverted:
    """A book's ES with the sign of some correlations flipped.

    Attributes
    ----------
    block : str
        Holdings that move against all others as they moved with them.
    es, before : float
        Fractions of value, with the correlations asked for and with those there are, on paths
        dealt out alike.
    distance : float
        Frobenius norm between the correlations asked for and the nearest that can be; zero where
        those asked for can be.
    change : float
        Frobenius norm between the correlations there are and those taken.
    """

    block: str
    es: float
    before: float
    distance: float
    change: float

    @property
    def ratio(self) -> float:
        """New ES over that before."""
        return self.es / self.before


def with_inverted_correlations(
    returns: Moves,
    weights: Float[np.ndarray, " asset"],
    blocks: Mapping[str, Bool[np.ndarray, " asset"]],
    *,
    alpha: float,
    seed: int,
) -> list[Inverted]:
    """ES of a book had each block moved against the rest, the worst first.

    Each holding keeps its own returns; only which meets which changes.

    Parameters
    ----------
    returns : array of shape (path, asset)
    weights : array of shape (asset,)
    blocks : mapping of name to bool array of shape (asset,)
        A block that is all of the book, or none of it, changes nothing and is left out.
    alpha : float
        Confidence level.
    seed : int
        Of the deals.
    """
    present = score_correlation(returns)

    def es(target: Float[np.ndarray, "asset asset"]) -> float:
        generator = np.random.default_rng(seed)
        dealt = [
            rejoined(returns[:, None], target, generator=generator)[:, 0] @ weights
            for _ in range(DEALS)
        ]
        return expected_shortfall(np.concatenate(dealt), alpha=alpha)

    before = es(present)
    found: list[Inverted] = []
    for name, block in blocks.items():
        if block.all() or not block.any():
            continue
        taken = inverted(present, block)
        change = float(np.linalg.norm(taken.matrix - present))
        found.append(Inverted(name, es(taken.matrix), before, taken.distance, change))
    return sorted(found, key=lambda one: -one.es)


def score_correlation(returns: Moves) -> Float[np.ndarray, "asset asset"]:
    """Correlation of normal scores: what `rejoined` deals by."""
    ranks = rankdata(returns, axis=0)
    scores = ndtri((ranks - 0.5) / len(returns))
    return np.atleast_2d(np.corrcoef(scores, rowvar=False))
