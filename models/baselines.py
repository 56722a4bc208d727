"""The legacy and statistical tail models by name, forecast together so that fits are shared.

Over several sessions ``gjr_fhs`` and ``gjr_evt`` are simulated, see `models.multistep`. Every other
model is its one-session forecast times the square root of the horizon, which is what a desk does
with it (`models.square_root`): ``hs_250``, ``hs_500``, ``ewma``, ``ewma_fhs``, ``parametric``,
``garch_t``, ``garch_fhs``, ``gjr_t``, and ``gjr_fhs_sqrt``, which for one session would be
``gjr_fhs`` itself and exists for several only.
"""

from __future__ import annotations

import warnings
from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Protocol, cast, runtime_checkable

import numpy as np
import pandas as pd
from jaxtyping import Float
from joblib import Parallel, delayed, parallel_config

from features.returns import History, compounded
from features.splits import Window, refit_windows
from models.base import Refit, TailForecast
from models.evt import pareto_tail
from models.ewma import ewma_path
from models.garch import Params, filter_path, student_tail
from models.garch_fit import Family, fit_keys, fit_windows
from models.historical import historical_forecast
from models.measures import TailRanks, tail_ranks
from models.multistep import simulated_forecast
from models.parametric import static_path
from models.residuals import FilteredPath, ResidualTail, assemble, empirical_tail, normal_tail
from models.square_root import over_horizon, residual_to_judge

HISTORICAL = {"hs_250": 250, "hs_500": 500}
FITTED: dict[Family, tuple[str, ...]] = {
    "garch": ("garch_t", "garch_fhs"),
    "gjr": ("gjr_t", "gjr_fhs", "gjr_evt", "gjr_fhs_sqrt"),
}
NAMES = (
    *HISTORICAL,
    "ewma",
    "ewma_fhs",
    *FITTED["garch"],
    "gjr_t",
    "gjr_fhs",
    "gjr_evt",
    "parametric",
)
SIMULATED = ("gjr_fhs", "gjr_evt")
"""Models that several sessions are simulated with."""
LONGER = ("gjr_fhs_sqrt",)
"""Models that say nothing of their own of one session."""

Served = list[tuple[Window, FilteredPath, ResidualTail]]


@runtime_checkable
class UnitStore(Protocol):
    """Where finished fits are kept by content hash, beyond the end of the process."""

    def get_many(self, keys: Iterable[str]) -> Mapping[str, bytes]:
        """Payloads of the keys that are there."""
        ...

    def put(self, key: str, payload: bytes) -> None:
        """Keep one."""
        ...


def forecast_series(
    returns: Float[np.ndarray, " time"],
    *,
    models: Iterable[str] = NAMES,
    alphas: Iterable[float],
    first: int = 1000,
    every: int = 63,
    evaluate_from: int = 0,
    store: UnitStore | None = None,
    horizon: int = 1,
    seed: int = 0,
) -> dict[str, TailForecast]:
    """Walk-forward forecasts of one series by each model, origin by origin.

    All models have the same first origin. The GJR ones serve every origin from there, since
    learned heads train on them; the others, and the chain of GARCH fits, begin with the refit
    window that holds ``evaluate_from``.

    Parameters
    ----------
    returns : array of shape (time,)
        Simple returns of an instrument, or of a book at its present weights.
    models : iterable of str
        Among `NAMES`, and `LONGER` where the horizon is longer than one session.
    alphas : iterable of float
        Confidence levels in (0.5, 1), ascending; 0.9 and above for ``gjr_evt``.
    first, every : int
        Observations behind the first origin; sessions between refits.
    evaluate_from : int
        Row of the first origin that will be judged.
    store : UnitStore, optional
        Fits found there are not made again; new ones are put there as soon as they are made.
        They serve every horizon.
    horizon : int
        Sessions ahead.
    seed : int
        Of the paths of several sessions.

    Returns
    -------
    dict of model to TailForecast
        In the order of ``models``; rows without a forecast are NaN.

    Raises
    ------
    ValueError
        If a model is unknown, the levels are out of range or order, ``evaluate_from`` is after
        the last row, or the series is shorter than ``first``, not finite or constant.
    """
    names, levels = _options(models, alphas, horizon)
    _check(returns, first=first, evaluate_from=evaluate_from)
    windows = refit_windows(returns.size, first=first, every=every)
    judged = [window for window in windows if window.stop > evaluate_from]
    ranks = tail_ranks(levels, largest=returns.size)
    forecasts: dict[str, TailForecast] = {}
    for family, members in FITTED.items():
        if wanted := [name for name in members if name in names]:
            chain = list(windows) if family == "gjr" else judged
            params = _fit(returns, chain, family=family, store=store)
            drawn = [name for name in wanted if horizon > 1 and name in SIMULATED]
            for name in drawn:
                forecasts[name] = simulated_forecast(
                    returns,
                    chain,
                    params,
                    alphas=levels,
                    horizon=horizon,
                    seed=seed,
                    pareto=name == "gjr_evt",
                )
            if rest := [name for name in wanted if name not in drawn]:
                forecasts |= _fitted(
                    returns,
                    chain,
                    params,
                    names=rest,
                    alphas=levels,
                    ranks=ranks,
                    horizon=horizon,
                )
    for name in names:
        if name not in forecasts:
            forecasts[name] = _unfitted(
                returns, judged, name=name, alphas=levels, ranks=ranks, horizon=horizon
            )
    return {name: forecasts[name] for name in names}


def forecast_many(
    histories: Iterable[History],
    *,
    models: Iterable[str] = NAMES,
    alphas: Iterable[float],
    first: int = 1000,
    every: int = 63,
    evaluate_from: pd.Timestamp | None = None,
    store: UnitStore | None = None,
    jobs: int = 1,
    horizon: int = 1,
    seed: int = 0,
) -> Generator[tuple[History, dict[str, TailForecast] | ValueError], None, None]:
    """`forecast_series` of each history, in their order, handed over one by one.

    A history that it refuses comes with the error, and the others go on. The forecasts do not
    depend on ``jobs``. Few series are held at a time: reduce one before asking for the next.

    Parameters
    ----------
    histories : iterable of History
        Instruments and books.
    evaluate_from : pandas.Timestamp, optional
        Date of the first origin that will be judged; by default all are.
    store : UnitStore, optional
        As in `forecast_series`; with more than one job it is pickled to each of them.
    jobs : int
        Processes.
    models, alphas, first, every, horizon, seed
        As in `forecast_series`.

    Raises
    ------
    ValueError
        If a model is unknown or the levels are out of order.
    """
    names, levels = _options(models, alphas, horizon)
    work = partial(
        _forecast_history,
        models=names,
        alphas=levels,
        first=first,
        every=every,
        evaluate_from=evaluate_from,
        store=store,
        horizon=horizon,
        seed=seed,
    )
    queued = list(histories)
    with parallel_config("loky", n_jobs=jobs, inner_max_num_threads=1):
        answers = cast(
            "Generator[dict[str, TailForecast] | ValueError, None, None]",
            Parallel(return_as="generator")(delayed(work)(history) for history in queued),
        )
    try:
        yield from zip(queued, answers, strict=True)
    finally:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # joblib warns of the rest where a loop ends early
            answers.close()


def _forecast_history(
    history: History, *, evaluate_from: pd.Timestamp | None, **options: Any
) -> dict[str, TailForecast] | ValueError:
    before = 0 if evaluate_from is None else int((history.dates < evaluate_from).sum())
    try:
        return forecast_series(history.returns, evaluate_from=before, **options)
    except ValueError as error:
        return error


def _options(
    models: Iterable[str], alphas: Iterable[float], horizon: int
) -> tuple[tuple[str, ...], tuple[float, ...]]:
    names, levels = tuple(models), tuple(alphas)
    if horizon < 1:
        raise ValueError(f"horizon is the number of sessions ahead, 1 or more; got {horizon}.")
    known = NAMES if horizon == 1 else (*NAMES, *LONGER)
    if unknown := [name for name in names if name not in known]:
        raise ValueError(f"models: {unknown[0]!r} is not one of {', '.join(known)}.")
    if not levels or list(levels) != sorted(set(levels)):
        raise ValueError(f"alphas must be ascending and different, got {levels}.")
    return names, levels


def _check(returns: Float[np.ndarray, " time"], *, first: int, evaluate_from: int) -> None:
    if not 0 <= evaluate_from < returns.size:
        raise ValueError(
            f"evaluate_from must be a row of the {returns.size} returns, got {evaluate_from}. "
            "Ask for an earlier start or give a longer history."
        )
    if not np.isfinite(returns).all():
        row = int(np.flatnonzero(~np.isfinite(returns))[0])
        raise ValueError(
            f"returns must be finite, got {returns[row]} at row {row}. Remove or impute it first."
        )
    if np.ptp(returns[:first]) == 0.0:
        raise ValueError(
            f"returns must vary, got {returns[0]:g} throughout the first {first}. "
            "A flat series has no volatility to model: leave it out."
        )


def _fit(
    returns: Float[np.ndarray, " time"],
    windows: Sequence[Window],
    *,
    family: Family,
    store: UnitStore | None,
) -> list[Params]:
    """Fit the windows that the store does not hold yet, and keep each as soon as it is made."""
    if store is None:
        return fit_windows(returns, windows, family=family)
    keys = fit_keys(returns, windows, family=family)
    stored = store.get_many(keys)
    known: list[Params] = []
    for key in keys:
        if key not in stored:
            break
        known.append(Params.from_bytes(stored[key]))

    def keep(position: int, params: Params) -> None:
        store.put(keys[position], params.to_bytes())

    return fit_windows(returns, windows, family=family, known=known, on_fit=keep)


def _fitted(
    returns: Float[np.ndarray, " time"],
    windows: Sequence[Window],
    params: Sequence[Params],
    *,
    names: Sequence[str],
    alphas: tuple[float, ...],
    ranks: TailRanks,
    horizon: int,
) -> dict[str, TailForecast]:
    """Forecasts of the models that share one family's fits and filter."""
    served: dict[str, Served] = {name: [] for name in names}
    for window, fitted in zip(windows, params, strict=True):
        path = filter_path(returns[: window.stop + 1], fitted)
        at = residual_to_judge(returns, path, window, horizon=horizon)
        past = empirical_tail(path.residual, window, ranks=ranks, at=at)
        for name in names:
            if name.endswith("_evt"):
                tail = pareto_tail(path.residual, window, alphas=alphas, body=past)
            elif name.endswith("_t"):
                tail = student_tail(path.residual, window, alphas=alphas, nu=fitted.nu, at=at)
            else:
                tail = past
            served[name].append((window, path, tail))
    refits = tuple(
        Refit(window, fitted.to_bytes()) for window, fitted in zip(windows, params, strict=True)
    )
    unconverged = sum(fitted.carried > 0.0 for fitted in params)
    return {
        name: replace(
            over_horizon(
                assemble(returns.size, alphas=alphas, served=served[name]), horizon=horizon
            ),
            unconverged=unconverged,
            refits=refits,
        )
        for name in names
    }


def _unfitted(
    returns: Float[np.ndarray, " time"],
    windows: Sequence[Window],
    *,
    name: str,
    alphas: tuple[float, ...],
    ranks: TailRanks,
    horizon: int,
) -> TailForecast:
    """Forecasts of a model without estimation, or with a sample deviation for all of it."""
    whole = Window(windows[0].fit_end, windows[0].start, windows[-1].stop)
    if name in HISTORICAL:
        following = compounded(returns, horizon=horizon)[whole.start : whole.stop]
        made = historical_forecast(
            returns,
            whole,
            alphas=alphas,
            memory=HISTORICAL[name],
            at=following / np.sqrt(horizon),
        )
        return over_horizon(made, horizon=horizon)
    if name == "parametric":
        paths = [(window, static_path(returns, window)) for window in windows]
    else:
        paths = [(whole, ewma_path(returns))]
    served: Served = []
    for window, path in paths:
        at = residual_to_judge(returns, path, window, horizon=horizon)
        if name == "ewma_fhs":
            tail = empirical_tail(path.residual, window, ranks=ranks, at=at)
        else:
            tail = normal_tail(path.residual, window, alphas=alphas, at=at)
        served.append((window, path, tail))
    whole_life = assemble(returns.size, alphas=alphas, served=served)
    return over_horizon(whole_life, horizon=horizon)
