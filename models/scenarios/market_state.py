"""The state of a market as a path sees it: what conditions its next session."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.special import expit

from features.crosssection import BLOCKS

EDGES = (0.85, 0.975)
"""Shares of history whose market-wide volatility ratio lies below a high state, and a crisis."""
STRESS_HALF_LIFE = 5.0
"""Sessions in which a block's stress halves."""
SOFTNESS = 0.25
"""Width of the passage between regimes, in deviations of the market's log volatility ratio."""


@dataclass(frozen=True, slots=True)
class MarketState:
    """How volatilities and moves of single assets make the columns of `CONDITION`.

    Attributes
    ----------
    members : float32 array of shape (asset, 1 + block)
        Averages over all assets and over each block; a block without assets is zero throughout.
    level : float32 array of shape (asset,)
        Mean log volatility of each asset over history.
    edges : tuple of float
        Market-wide log ratio from which the regime is high, and crisis.
    width : float
        Of the passage between them.
    """

    members: Float[np.ndarray, "asset block"]
    level: Float[np.ndarray, " asset"]
    edges: tuple[float, float]
    width: float

    @classmethod
    def of(cls, variance: Float[np.ndarray, "time asset"], blocks: Sequence[str]) -> MarketState:
        """The state's scales from a history of conditional variances.

        Parameters
        ----------
        variance : array of shape (time, asset)
        blocks : sequence of str
            Block of each asset, or empty.
        """
        groups = [np.ones(len(blocks), dtype=np.bool_)]
        groups += [np.array([own == block for own in blocks]) for block in BLOCKS]
        members = np.column_stack([group / max(group.sum(), 1) for group in groups])
        level = 0.5 * np.log(variance).mean(axis=0)
        market = (0.5 * np.log(variance) - level) @ members[:, 0]
        high, crisis = np.quantile(market, EDGES)
        # A market whose volatility never moved has one regime.
        width = max(SOFTNESS * float(market.std()), 1e-6)
        return cls(
            members.astype(np.float32),
            level.astype(np.float32),
            (float(high), float(crisis)),
            width,
        )

    def ratios(self, variance: Float[np.ndarray, "path asset"]) -> Float[np.ndarray, "path block"]:
        """Mean log volatility ratio of the market and of each block."""
        ratio = np.log(variance)
        ratio *= np.float32(0.5)
        ratio -= self.level
        return ratio @ self.members

    def stress(
        self, before: Float[np.ndarray, "path block"], scores: Float[np.ndarray, "path asset"]
    ) -> Float[np.ndarray, "path block"]:
        """Stress of each block after a session of given scores."""
        fading = np.float32(0.5 ** (1.0 / STRESS_HALF_LIFE))
        return fading * before + scores @ self.members[:, 1:]

    def condition(
        self,
        ratios: Float[np.ndarray, "path block"],
        macro: Float[np.ndarray, "path reading"],
        stress: Float[np.ndarray, "path stressed"],
    ) -> Float[np.ndarray, "path condition"]:
        """Columns of `CONDITION`, float32."""
        market = ratios[:, :1]
        above_high, above_crisis = (expit((market - edge) / self.width) for edge in self.edges)
        regimes = [1.0 - above_high, above_high - above_crisis, above_crisis]
        return np.hstack([ratios, *regimes, macro, stress]).astype(np.float32)

    def history(
        self,
        variance: Float[np.ndarray, "times asset"],
        scores: Float[np.ndarray, "time asset"],
        macro: Float[np.ndarray, "times reading"],
    ) -> Float[np.ndarray, "times condition"]:
        """Condition before each session of history; the last row is the state at the as-of."""
        stress = np.zeros((len(variance), len(BLOCKS)), np.float32)
        for t, row in enumerate(scores.astype(np.float32)):
            stress[t + 1] = self.stress(stress[t : t + 1], row[None])[0]
        return self.condition(self.ratios(variance.astype(np.float32)), macro, stress)
