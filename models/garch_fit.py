"""GARCH parameters by maximum likelihood with `arch`, one refit after the other."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import astuple
from importlib.metadata import version
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from arch.univariate import GARCH, ConstantMean, StudentsT
from arch.utility.exceptions import StartingValueWarning
from jaxtyping import Float
from threadpoolctl import threadpool_limits

from features.splits import Window
from models.garch import Params

Family = Literal["garch", "gjr"]


def fit_windows(
    returns: Float[np.ndarray, " time"],
    windows: Iterable[Window],
    *,
    family: Family,
    known: Sequence[Params] = (),
    on_fit: Callable[[int, Params], None] | None = None,
) -> list[Params]:
    """Parameters for each window, fitted on the returns before its ``fit_end`` alone.

    The first window starts cold and each later one from the parameters before it, so the answer
    depends on the returns and on where the chain begins, and not on interruptions. A fit that
    does not converge is tried again cold; if that fails too, the window keeps the parameters
    before it and ``carried`` counts it.

    Parameters
    ----------
    returns : array of shape (time,)
        Simple returns (0.01, not percent).
    windows : sequence of Window
        In time order.
    family : {"garch", "gjr"}
        Whether losses and gains raise the variance alike, or losses more.
    known : sequence of Params
        Finished parameters of the first windows, from an interrupted run.
    on_fit : callable, optional
        Called with the window's position and parameters after each new fit.

    Raises
    ------
    ValueError
        If returns are not finite, are constant, or the first fit of the chain fails.
    """
    params = list(known)
    # arch starts from sums that BLAS rounds differently on one thread than on two.
    with threadpool_limits(limits=1, user_api="blas"):
        for position, window in enumerate(windows):
            if position < len(known):
                continue
            past = returns[: window.fit_end]
            params.append(_fit(past, family=family, previous=params[-1] if params else None))
            if on_fit is not None:
                on_fit(position, params[-1])
    return params


def fit_keys(
    returns: Float[np.ndarray, " time"], windows: Iterable[Window], *, family: Family
) -> list[str]:
    """Content address of each window's parameters: a chain of SHA-256 over all they depend on.

    That is this file and the versions it computes with, the returns, and where each refit of the
    chain took place. Appending returns changes no key of a window that was there.
    """
    link = hashlib.sha256(_recipe(family).encode()).digest()
    keys: list[str] = []
    fitted = 0
    for window in windows:
        news = np.ascontiguousarray(returns[fitted : window.fit_end], dtype="<f8")
        link = hashlib.sha256(link + news.tobytes()).digest()
        keys.append(link.hex())
        fitted = window.fit_end
    return keys


def _recipe(family: Family) -> str:
    source = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()
    versions = ",".join(f"{name}={version(name)}" for name in ("arch", "numpy", "scipy"))
    return f"{family},{source},{versions}"


def _fit(past: Float[np.ndarray, " time"], *, family: Family, previous: Params | None) -> Params:
    spread = float(np.ptp(past))
    if not 0.0 < spread < np.inf:
        raise ValueError(
            f"returns must be finite and vary, got a range of {spread:g} over the first "
            f"{past.size}. There is no volatility to model: leave the series out."
        )
    fitted = None if previous is None else _maximise(past, family=family, start=previous)
    fitted = fitted or _maximise(past, family=family, start=None)
    if fitted is not None:
        return fitted
    if previous is None:
        raise ValueError(
            f"returns: the {family} likelihood of the first {past.size} has no maximum that the "
            "optimiser can find. Look for stale or corrupt prices, or leave the series out."
        )
    return Params(*astuple(previous)[:-1], carried=previous.carried + 1.0)


def _maximise(
    past: Float[np.ndarray, " time"], *, family: Family, start: Params | None
) -> Params | None:
    """Maximum-likelihood parameters, or None where the optimiser did not converge.

    The optimiser's steps and tolerances are sized for data of order one, so it sees the returns
    in units of their own deviation. In percent, a bill fund (deviation 0.01) ends up at a mean of
    36% a day and reports success.
    """
    unit = float(past.std())
    scaled = past / unit
    volatility = _Garch(o=0 if family == "garch" else 1)
    backcast = float(volatility.backcast(scaled - scaled.mean()))
    guess = None
    if start is not None:
        variance = [start.omega / unit**2, start.alpha, start.gamma, start.beta]
        if family == "garch":
            del variance[2]
        volatility.given = np.array(variance)
        guess = np.array([start.mu / unit, *variance, start.nu])
    model = ConstantMean(scaled, volatility=volatility, distribution=_StudentsT(), rescale=False)
    with warnings.catch_warnings():
        # The bounds depend on the sample: the optimiser moves a start inside them by itself.
        warnings.simplefilter("ignore", StartingValueWarning)
        result = model.fit(disp="off", show_warning=False, starting_values=guess, backcast=backcast)
    values = [float(value) for value in result.params]
    if result.convergence_flag != 0 or not np.isfinite(values).all():
        return None
    mu, omega, alpha, *gamma, beta, nu = values
    return Params(
        mu=mu * unit,
        omega=omega * unit**2,
        alpha=alpha,
        gamma=gamma[0] if gamma else 0.0,
        beta=beta,
        nu=nu,
        backcast=backcast * unit**2,
    )


class _Garch(GARCH):
    """GARCH that starts where it is told, with no constraint that its bounds already state.

    arch searches a grid of starts at every fit, even when given one, and differentiates every
    constraint numerically at every step. Without either the optimum is the same, in half the time.
    """

    def __init__(self, *, o: int) -> None:
        super().__init__(p=1, o=o, q=1)
        self.given: np.ndarray | None = None

    def starting_values(self, resids: np.ndarray | pd.Series) -> np.ndarray:
        return super().starting_values(resids) if self.given is None else self.given

    def constraints(self) -> tuple[np.ndarray, np.ndarray]:
        rows, limits = super().constraints()
        joint = np.count_nonzero(rows, axis=1) > 1
        return rows[joint], limits[joint]


class _StudentsT(StudentsT):
    """Student-t whose degrees of freedom are limited by its bounds alone, for the same reason."""

    def constraints(self) -> tuple[np.ndarray, np.ndarray]:
        return np.empty((0, 1)), np.empty(0)
