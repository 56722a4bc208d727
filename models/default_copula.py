"""Joint defaults: issuers that share a market and a sector, with tails that strike together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.special import ndtr, ndtri, stdtr, stdtrit

NODES = 64
"""Points of the quadrature over how deep a default is."""


@dataclass(frozen=True, slots=True)
class DefaultCopula:
    r"""Factor t copula of default times over one horizon.

    Issuer i defaults where :math:`X_i = \sqrt{\nu/\chi^2_\nu}\,(a_i M + b_i S_{s(i)} + c_i e_i)`
    lies below the quantile of its default probability; :math:`c_i^2 = 1 - a_i^2 - b_i^2`.

    Attributes
    ----------
    probability : array of shape (issuer,)
        Of default over the horizon, in (0, 1).
    market, sector_loading : array of shape (issuer,)
        :math:`a` and :math:`b`; their squares sum to less than one.
    sector : int array of shape (issuer,)
        Which sector factor is an issuer's own.
    freedom : float
        Degrees of freedom; infinite is the Gaussian copula, in which defaults part in the tail.

    Raises
    ------
    ValueError
        If a probability or a loading is out of range.

    References
    ----------
    Frey and McNeil (2003), *Dependent defaults in models of portfolio credit risk*.
    """

    probability: Float[np.ndarray, " issuer"]
    market: Float[np.ndarray, " issuer"]
    sector_loading: Float[np.ndarray, " issuer"]
    sector: Int[np.ndarray, " issuer"]
    freedom: float = 4.0

    def __post_init__(self) -> None:
        if not ((self.probability > 0.0) & (self.probability < 1.0)).all():
            worst = int(np.argmax(~((self.probability > 0.0) & (self.probability < 1.0))))
            raise ValueError(
                f"probability must lie in (0, 1), got {self.probability[worst]} for issuer "
                f"{worst}. Leave out what has defaulted already."
            )
        shared = self.market**2 + self.sector_loading**2
        if not (shared < 1.0).all():
            raise ValueError(
                f"loadings squared must sum to less than one, got {float(shared.max()):g}. The "
                f"rest is the issuer's own."
            )
        if not self.freedom > 2.0:
            raise ValueError(f"freedom must be above two, got {self.freedom}.")

    @property
    def threshold(self) -> Float[np.ndarray, " issuer"]:
        """Value of :math:`X` below which each issuer defaults."""
        return _quantile(self.probability, self.freedom)

    def correlation_with(self, issuer: int) -> Float[np.ndarray, " issuer"]:
        """Correlation of every issuer with one; 1 with itself."""
        same = self.sector == self.sector[issuer]
        shared = self.market * self.market[issuer]
        shared = shared + same * self.sector_loading * self.sector_loading[issuer]
        shared[issuer] = 1.0
        return shared

    def given_default(self, issuer: int) -> Float[np.ndarray, " issuer"]:
        r"""Default probability of every issuer once one has defaulted.

        Given :math:`X_i = x` the others are t with :math:`\nu + 1` degrees of freedom, mean
        :math:`\rho x` and squared scale :math:`(1-\rho^2)(\nu + x^2)/(\nu + 1)`; what is left is an
        integral over how deep the default is.
        """
        depth, weight = self._depths(issuer)
        rho = self.correlation_with(issuer)
        others = np.arange(len(rho)) != issuer
        away = self.threshold[others, None] - rho[others, None] * depth
        scale = np.sqrt(1.0 - rho[others, None] ** 2) * self._widening(depth)
        given = np.ones(len(rho))
        given[others] = _below(away / scale, self.freedom + 1.0) @ weight
        return given

    def market_given_default(self, issuer: int) -> float:
        """Mean of the market factor once an issuer has defaulted, in its standard deviations.

        Negative for an issuer that goes with the market.
        """
        depth, weight = self._depths(issuer)
        spread = np.sqrt(self.freedom / (self.freedom - 2.0)) if np.isfinite(self.freedom) else 1.0
        return float(self.market[issuer] * (depth @ weight) / spread)

    def simulate(
        self, paths: int, *, generator: np.random.Generator
    ) -> Bool[np.ndarray, "path issuer"]:
        """Who defaults, path by path."""
        market = generator.standard_normal((paths, 1))
        sectors = generator.standard_normal((paths, int(self.sector.max()) + 1))
        own = generator.standard_normal((paths, len(self.probability)))
        rest = np.sqrt(1.0 - self.market**2 - self.sector_loading**2)
        value = self.market * market + self.sector_loading * sectors[:, self.sector] + rest * own
        if np.isfinite(self.freedom):
            value *= np.sqrt(self.freedom / generator.chisquare(self.freedom, (paths, 1)))
        return value < self.threshold

    def _depths(self, issuer: int) -> tuple[Float[np.ndarray, " node"], Float[np.ndarray, " node"]]:
        """Values of an issuer below its threshold, and their probabilities given its default."""
        node, weight = np.polynomial.legendre.leggauss(NODES)
        # The square root's end is where the deepest defaults lie; its square spreads them out.
        share = (0.5 * (node + 1.0)) ** 3
        weight = 0.5 * weight * 3.0 * (0.5 * (node + 1.0)) ** 2
        return _quantile(share * self.probability[issuer], self.freedom), weight

    def _widening(self, depth: Float[np.ndarray, " node"]) -> Float[np.ndarray, " node"]:
        if not np.isfinite(self.freedom):
            return np.ones_like(depth)
        return np.sqrt((self.freedom + depth**2) / (self.freedom + 1.0))


def vasicek_quantile(probability: float, correlation: float, *, alpha: float) -> float:
    r"""Default rate of an infinitely granular book that is exceeded with probability ``1 - alpha``.

    :math:`\Phi\left((\Phi^{-1}(p) + \sqrt\rho\,\Phi^{-1}(\alpha))/\sqrt{1-\rho}\right)`.

    References
    ----------
    Vasicek (2002), *The distribution of loan portfolio value*.
    """
    shifted = ndtri(probability) + np.sqrt(correlation) * ndtri(alpha)
    return float(ndtr(shifted / np.sqrt(1.0 - correlation)))


def _quantile(share: Float[np.ndarray, "*n"], freedom: float) -> Float[np.ndarray, "*n"]:
    return stdtrit(freedom, share) if np.isfinite(freedom) else ndtri(share)


def _below(value: Float[np.ndarray, "*n"], freedom: float) -> Float[np.ndarray, "*n"]:
    return stdtr(freedom, value) if np.isfinite(freedom) else ndtr(value)
