"""The Student-t copula: what all assets do together has the joint tails that a normal lacks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from jaxtyping import Bool, Float
from scipy.optimize import minimize_scalar
from scipy.special import gammaln, ndtr, ndtri, stdtr, stdtrit

from models.scenarios.factors import Factors
from models.scenarios.marginals import REACH, SCORES, STEPS_A_UNIT, Marginals
from models.scenarios.preparation import Prepared
from models.scenarios.rolled import Rolled

DEGREES = (2.5, 60.0)
"""Degrees of freedom that are looked for."""
T_REACH = 60.0
"""Student scores end here."""


def copula(prepared: Prepared) -> Rolled:
    """Generator ``copula`` of prepared history: Student-t, static or dynamic as its dynamics are.

    Marginal laws are those of history. One scale a session multiplies all scores, so that large
    moves come together; its degrees of freedom maximise the likelihood of pairs.

    References
    ----------
    Demarta and McNeil (2005), *The t copula and related copulas*.
    """
    filtered = prepared.filtered
    nu = degrees_of_freedom(prepared.scores, filtered.known, prepared.factors)
    return Rolled(
        name="copula",
        assets=filtered.assets,
        recursions=prepared.recursions,
        factors=replace(prepared.factors, nu=np.inf),
        dynamics=prepared.dynamics,
        market=prepared.market,
        start=prepared.start,
        table=student_tables(filtered.marginals, nu),
        common=nu,
        notes={"degrees_of_freedom": nu, **prepared.notes},
    )


def student_tables(marginals: Marginals, nu: float) -> np.ndarray:
    """Residual at evenly spaced Student-t scores, float32 of shape (asset, node)."""
    student = np.linspace(-T_REACH, T_REACH, int(2 * T_REACH * STEPS_A_UNIT) + 1)
    tail = stdtr(nu, -np.abs(student))  # from the lower side, where it keeps its digits
    normal = np.clip(np.sign(student) * -ndtri(tail), -REACH, REACH)
    laws = [np.interp(normal, SCORES, law) for law in marginals.table.T]
    return np.stack(laws).astype(np.float32)


def degrees_of_freedom(
    scores: Float[np.ndarray, "time asset"],
    known: Bool[np.ndarray, "time asset"],
    factors: Factors,
) -> float:
    """Degrees of freedom of the copula by composite likelihood of neighbouring pairs.

    Infinite, a Gaussian copula, for a single asset.
    """
    count = scores.shape[1]
    if count == 1:
        return np.inf
    first, second = np.arange(count), np.roll(np.arange(count), -1)
    whole = factors.major @ factors.major.T + factors.rest
    rho = whole[first, second] / np.sqrt(np.diag(whole)[first] * np.diag(whole)[second])
    both = known[:, first] & known[:, second]
    uniform = ndtr(scores)

    def cost(nu: float) -> float:
        student = stdtrit(nu, uniform)
        pair = _log_density(student[:, first], student[:, second], rho, nu)
        return -float(pair[both].mean())

    found: Any = minimize_scalar(cost, bounds=DEGREES, options={"xatol": 0.05})
    return float(found.x)


def _log_density(
    x: Float[np.ndarray, "time pair"],
    y: Float[np.ndarray, "time pair"],
    rho: Float[np.ndarray, " pair"],
    nu: float,
) -> Float[np.ndarray, "time pair"]:
    """Log density of the bivariate t copula at Student scores."""
    gap = 1.0 - rho**2
    joint = (x**2 - 2.0 * rho * x * y + y**2) / (gap * nu)
    level = gammaln(0.5 * nu + 1.0) + gammaln(0.5 * nu) - 2.0 * gammaln(0.5 * nu + 0.5)
    alone = 0.5 * (nu + 1.0) * (np.log1p(x**2 / nu) + np.log1p(y**2 / nu))
    return level - 0.5 * np.log(gap) - 0.5 * (nu + 2.0) * np.log1p(joint) + alone
