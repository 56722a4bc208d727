"""Where a risk number comes from: contributions that add up to it, and what it would be without."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.stats import binom

from models.measures import expected_shortfall, tail_paths, tail_probability, value_at_risk

WINDOW = 0.005
"""Share of the paths, around VaR, over which a VaR contribution is averaged."""


def es_contributions(
    components: Float[np.ndarray, "path component"],
    *,
    alpha: float,
    weights: Float[np.ndarray, " path"] | None = None,
) -> Float[np.ndarray, " component"]:
    """Euler contributions to ES: each component's mean loss on the paths that make it.

    They sum to the ES of the total. A component that gains when the book loses most has a
    contribution below zero.

    Parameters
    ----------
    components : array of shape (path, component)
        P&L of positions, books or factors; their sum is the total. Gain positive.
    alpha : float
        Confidence level in (0.5, 1).
    weights : array of shape (path,), optional
        Probabilities up to a common factor.

    References
    ----------
    Tasche (1999), *Risk contributions and performance measurement*.
    """
    tail = tail_paths(components.sum(axis=1), alpha=alpha, weights=weights)
    return -(tail.share @ components[tail.paths]) / tail.share.sum()


def var_contributions(
    components: Float[np.ndarray, "path component"],
    *,
    alpha: float,
    weights: Float[np.ndarray, " path"] | None = None,
) -> Float[np.ndarray, " component"]:
    """Euler contributions to VaR: each component's mean loss on the paths near it.

    On the one path at VaR a contribution would be noise, so `WINDOW` of the paths to both sides
    speak, and are scaled to sum to the VaR of the total.

    Parameters
    ----------
    components, alpha, weights
        As `es_contributions`.

    Raises
    ------
    ValueError
        If the paths around VaR lose nothing on average, so that nothing can be scaled.
    """
    total = components.sum(axis=1)
    var = value_at_risk(total, alpha=alpha, weights=weights)
    at = len(tail_paths(total, alpha=alpha, weights=weights).paths) - 1
    reach = max(int(WINDOW * len(total) / 2.0), 1)
    order = np.argsort(total, kind="stable")[max(at - reach, 0) : at + reach + 1]
    share = np.ones(len(order)) if weights is None else weights[order]
    near = -(share / share.sum()) @ components[order]
    if not abs(near.sum()) > 1e-12 * np.abs(near).max(initial=1e-300):
        raise ValueError(
            f"the paths around the VaR of {var:g} lose nothing on average, so that it cannot be "
            f"shared out. Ask for contributions to ES."
        )
    return near * (var / near.sum())


@dataclass(frozen=True, slots=True)
class Parts:
    """A measure of the total, and of each component alone and taken away.

    Attributes
    ----------
    total : float
    contribution : array of shape (component,)
        Euler; sums to the total.
    standalone : array of shape (component,)
        The component by itself.
    incremental : array of shape (component,)
        Total less what it would be without the component.
    """

    total: float
    contribution: Float[np.ndarray, " component"]
    standalone: Float[np.ndarray, " component"]
    incremental: Float[np.ndarray, " component"]

    @property
    def diversification(self) -> float:
        """Share of the standalone numbers that joining them saves; NaN where they sum to zero."""
        alone = float(self.standalone.sum())
        return 1.0 - self.total / alone if alone else float("nan")


def es_parts(
    components: Float[np.ndarray, "path component"],
    *,
    alpha: float,
    weights: Float[np.ndarray, " path"] | None = None,
) -> Parts:
    """ES of the total with contributions, standalone and incremental numbers."""
    whole = components.sum(axis=1)

    def es(pnl: Float[np.ndarray, " path"]) -> float:
        return expected_shortfall(pnl, alpha=alpha, weights=weights)

    total = es(whole)
    return Parts(
        total=total,
        contribution=es_contributions(components, alpha=alpha, weights=weights),
        standalone=np.array([es(part) for part in components.T]),
        incremental=np.array([total - es(whole - part) for part in components.T]),
    )


def mean_parts(
    components: Float[np.ndarray, "path component"],
    labels: Sequence[str],
    *,
    weights: Float[np.ndarray, " path"] | None = None,
) -> dict[str, float]:
    """Mean P&L by label, the largest loss first; they sum to the mean of the total.

    Parameters
    ----------
    components : array of shape (path, component)
        P&L, gain positive.
    labels : sequence of str
        One a component: its own name, its asset class, its desk.
    weights : array of shape (path,), optional
        Probabilities up to a common factor.
    """
    means = np.average(components, axis=0, weights=weights)
    found: dict[str, float] = {}
    for label, mean in zip(labels, means.tolist(), strict=True):
        found[label] = found.get(label, 0.0) + mean
    return dict(sorted(found.items(), key=lambda one: one[1]))


@dataclass(frozen=True, slots=True)
class ErrorBars:
    """Where a number would lie had other paths been drawn, with 95% confidence."""

    low: float
    high: float


def var_error(pnl: Float[np.ndarray, " path"], *, alpha: float) -> ErrorBars:
    """Monte Carlo interval of VaR: order statistics, exact whatever the distribution.

    The number of equally likely paths beyond the true quantile is binomial.
    """
    tail = float(tail_probability(alpha))
    count = len(pnl)
    first, last = (int(binom.ppf(q, count, tail)) for q in (0.025, 0.975))
    losses = -np.sort(pnl)
    return ErrorBars(
        low=float(losses[min(last + 1, count - 1)]), high=float(losses[max(first, 1) - 1])
    )


def es_error(
    pnl: Float[np.ndarray, " path"],
    *,
    alpha: float,
    weights: Float[np.ndarray, " path"] | None = None,
) -> ErrorBars:
    r"""Monte Carlo interval of ES by its influence function.

    The estimate is to first order the mean of :math:`v + (L - v)^+ / p`; with unequal weights
    there are as many paths as :math:`1 / \sum w^2`.

    References
    ----------
    Chen (2008), *Nonparametric estimation of expected shortfall*.
    """
    tail = float(tail_probability(alpha))
    var = value_at_risk(pnl, alpha=alpha, weights=weights)
    es = expected_shortfall(pnl, alpha=alpha, weights=weights)
    share = np.full(len(pnl), 1.0 / len(pnl)) if weights is None else weights / weights.sum()
    influence = np.maximum(-pnl - var, 0.0) / tail
    spread = float(np.sqrt(share @ (influence - share @ influence) ** 2 * (share @ share)))
    return ErrorBars(es - 1.96 * spread, es + 1.96 * spread)
