"""What the rolled generators share before they differ: scores, factors, dependence, conditions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from features.crosssection import BLOCKS
from models.scenarios.day_law import MACRO
from models.scenarios.dynamic_correlation import (
    CorrelationPath,
    Dynamics,
    Kind,
    Observed,
    compared,
    correlation_path,
    fit_dynamics,
)
from models.scenarios.factors import Factors, fit_factors
from models.scenarios.filtered import Recursions
from models.scenarios.filtering import Filtered
from models.scenarios.market_state import MarketState
from models.scenarios.rolled import Start

_STRESS = slice(-len(BLOCKS), None)
_MACRO = slice(-len(BLOCKS) - len(MACRO), -len(BLOCKS))


@dataclass(frozen=True, slots=True)
class Prepared:
    """History in the coordinates of a rolled generator.

    Attributes
    ----------
    filtered : Filtered
    scores : array of shape (time, asset)
        Normal scores of the residuals.
    factors : Factors
    dynamics : Dynamics
    path : CorrelationPath
    market : MarketState
    condition : float32 array of shape (time + 1, condition)
        Before each session; the last row is the state at the as-of.
    likelihoods : mapping of kind to float
        Held-out log-likelihood of each kind of dynamics; empty where one was asked for.
    """

    filtered: Filtered
    scores: Float[np.ndarray, "time asset"]
    factors: Factors
    dynamics: Dynamics
    path: CorrelationPath
    market: MarketState
    condition: Float[np.ndarray, "times condition"]
    likelihoods: Mapping[str, float]

    @property
    def start(self) -> Start:
        """The state at the as-of."""
        now = self.condition[-1]
        return Start(self.path.covariance[-1].astype(np.float32), now[_MACRO], now[_STRESS])

    @property
    def recursions(self) -> Recursions:
        """The variances' recursions from the as-of on."""
        one = self.filtered
        return Recursions.of(one.params, state=one.state, limits=one.limits)

    @property
    def notes(self) -> dict[str, object]:
        """What a manifest should say of the dynamics."""
        return {"correlation_log_likelihoods": dict(self.likelihoods)} if self.likelihoods else {}


def prepare(
    filtered: Filtered,
    *,
    blocks: Sequence[str],
    macro: Float[np.ndarray, "times reading"],
    kind: Kind | None = None,
) -> Prepared:
    """Scores, factors, dynamics and conditions of filtered assets.

    Parameters
    ----------
    filtered : Filtered
    blocks : sequence of str
        Block of each asset.
    macro : array of shape (time + 1, reading)
        As `macro_history` gives it.
    kind : {"static", "ewma", "dcc", "learned"}, optional
        By default whichever explained the last sessions best when fitted on those before; it is
        then fitted on all.
    """
    scores = filtered.marginals.scores(filtered.residual)
    factors = fit_factors(scores)
    market = MarketState.of(filtered.variance, blocks)
    condition = market.history(filtered.variance, scores, macro)
    observed = Observed(scores, filtered.known, condition[:-1, 0].astype(np.float64))
    likelihoods: dict[Kind, float] = {}
    if kind is None:
        likelihoods = compared(observed, factors)
        kind = max(likelihoods, key=lambda one: likelihoods[one])
    dynamics = fit_dynamics(observed, factors, kind)
    path = correlation_path(observed, factors, dynamics)
    return Prepared(filtered, scores, factors, dynamics, path, market, condition, {**likelihoods})
