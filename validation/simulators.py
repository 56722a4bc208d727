"""A market whose truth is known: GJR volatility, Student-t shocks, correlation that moves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class MarketState:
    """What the next session depends on.

    Attributes
    ----------
    variance : array of shape (asset,)
        Of the next move.
    correlation : float
        Equicorrelation of the next shocks.
    """

    variance: Float[np.ndarray, " asset"]
    correlation: float


@dataclass(frozen=True, slots=True)
class KnownMarket:
    """Logarithmic moves of some assets, joint Student t with GJR variances and equicorrelation.

    ``z`` is multivariate t with ``nu`` degrees of freedom, scaled to unit variance, so that its
    copula is a t copula and its tail dependence is known in closed form. Variances follow
    ``omega + (alpha + gamma * (e < 0)) * e**2 + beta * variance``; the correlation follows
    ``(1 - a - b) * level + a * u + b * correlation`` with ``u`` the equicorrelation that the
    session's shocks show.

    References
    ----------
    Glosten, Jagannathan and Runkle (1993). Engle and Kelly (2012), *Dynamic equicorrelation*.
    """

    assets: int = 10
    nu: float = 5.0
    alpha: float = 0.03
    gamma: float = 0.08
    beta: float = 0.90
    daily: float = 0.012
    level: float = 0.4
    a: float = 0.05
    b: float = 0.90

    @property
    def long_run(self) -> Float[np.ndarray, " asset"]:
        """Unconditional variance of each asset: the last one's is nine times the first one's."""
        return (self.daily * np.linspace(0.5, 1.5, self.assets)) ** 2

    def calm(self) -> MarketState:
        """The state to which the market returns."""
        return MarketState(self.long_run, self.level)

    def history(
        self, sessions: int, *, seed: int, burn: int = 500
    ) -> tuple[Float[np.ndarray, "time asset"], MarketState]:
        """One history of moves, and the state after its last session."""
        moves, variance, correlation = self._run(1, burn + sessions, self.calm(), seed)
        return moves[0, burn:], MarketState(variance[0], float(correlation[0]))

    def paths(
        self, paths: int, steps: int, *, seed: int, state: MarketState | None = None
    ) -> Float[np.ndarray, "path step asset"]:
        """Independent futures from one state."""
        return self._run(paths, steps, state or self.calm(), seed)[0]

    def _run(
        self, paths: int, steps: int, state: MarketState, seed: int
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        generator = np.random.default_rng(seed)
        rest = self.long_run * (1 - self.alpha - self.gamma / 2 - self.beta)
        variance = np.tile(state.variance, (paths, 1))
        correlation = np.full(paths, state.correlation)
        moves = np.empty((paths, steps, self.assets))
        for step in range(steps):
            z = self._residuals(correlation[:, None], generator)
            shock = np.sqrt(variance) * z
            moves[:, step] = shock
            slope = self.alpha + self.gamma * (shock < 0)
            variance = rest + slope * shock**2 + self.beta * variance
            shown = (z.sum(axis=1) ** 2 / (z**2).sum(axis=1) - 1) / max(1, self.assets - 1)
            pulled = (1 - self.a - self.b) * self.level + self.a * shown
            correlation = np.clip(pulled + self.b * correlation, 0.0, 0.95)
        return moves, variance, correlation

    def _residuals(
        self, rho: Float[np.ndarray, "path one"], generator: np.random.Generator
    ) -> Float[np.ndarray, "path asset"]:
        """Standardised shocks of one session."""
        common = generator.standard_normal(rho.shape)
        own = generator.standard_normal((len(rho), self.assets))
        mixing = np.sqrt(generator.chisquare(self.nu, rho.shape) / self.nu)
        unit = np.sqrt((self.nu - 2) / self.nu)
        return unit * (np.sqrt(rho) * common + np.sqrt(1 - rho) * own) / mixing


@dataclass(frozen=True, slots=True)
class CrashMarket(KnownMarket):
    """A known market where on some sessions everything falls at once: a cluster, not a tail.

    Shocks are those of `KnownMarket` less ``fall`` on a crash, brought back to mean zero and unit
    variance. No elliptical law is right for it.

    Attributes
    ----------
    crash : float
        Chance that a session is a crash, whatever came before.
    fall : float
        Deviations that every asset then falls by.
    """

    nu: float = 12.0
    crash: float = 0.05
    fall: float = 2.5

    def _residuals(
        self, rho: Float[np.ndarray, "path one"], generator: np.random.Generator
    ) -> Float[np.ndarray, "path asset"]:
        usual = KnownMarket._residuals(self, rho, generator)  # noqa: SLF001 - super() and slots
        crash = generator.random(rho.shape) < self.crash
        spread = np.sqrt(1 + self.fall**2 * self.crash * (1 - self.crash))
        return (usual - self.fall * (crash - self.crash)) / spread
