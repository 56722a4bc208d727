"""The legacy and statistical tail models by name, forecast together so that fits are shared."""

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

from features.returns import History
from features.splits import Window, refit_windows
from models.base import Refit, TailForecast
from models.evt import pareto_tail
from models.ewma import ewma_path
from models.garch import Params, filter_path, student_tail
from models.garch_fit import Family, fit_keys, fit_windows
from models.historical import historical_forecast
from models.measures import TailRanks, tail_ranks
from models.parametric import static_path
from models.residuals import FilteredPath, ResidualTail, assemble, empirical_tail, normal_tail

HISTORICAL = {"hs_250": 250, "hs_500": 500}
FITTED: dict[Family, tuple[str, ...]] = {
    "garch": ("garch_t", "garch_fhs"),
    "gjr": ("gjr_t", "gjr_fhs", "gjr_evt"),
}
NAMES = (*HISTORICAL, "ewma", "ewma_fhs", *FITTED["garch"], *FITTED["gjr"], "parametric")

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
) -> dict[str, TailForecast]:
    """Walk-forward one-session forecasts of one series by each model, origin by origin.

    All models have the same first origin. The GJR ones serve every origin from there, since
    learned heads train on them; the others, and the chain of GARCH fits, begin with the refit
    window that holds ``evaluate_from``.

    Parameters
    ----------
    returns : array of shape (time,)
        Simple returns of an instrument, or of a book at its present weights.
    models : iterable of str
        Among `NAMES`.
    alphas : iterable of float
        Confidence levels in (0.5, 1), ascending; 0.9 and above for ``gjr_evt``.
    first, every : int
        Observations behind the first origin; sessions between refits.
    evaluate_from : int
        Row of the first origin that will be judged.
    store : UnitStore, optional
        Fits found there are not made again; new ones are put there as soon as they are made.

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
    names, levels = _options(models, alphas)
    _check(returns, first=first, evaluate_from=evaluate_from)
    windows = refit_windows(returns.size, first=first, every=every)
    judged = [window for window in windows if window.stop > evaluate_from]
    ranks = tail_ranks(levels, largest=returns.size)
    forecasts: dict[str, TailForecast] = {}
    for family, members in FITTED.items():
        if wanted := [name for name in members if name in names]:
            chain = list(windows) if family == "gjr" else judged
            params = _fit(returns, chain, family=family, store=store)
            forecasts |= _fitted(returns, chain, params, names=wanted, alphas=levels, ranks=ranks)
    for name in names:
        if name not in forecasts:
            forecasts[name] = _unfitted(returns, judged, name=name, alphas=levels, ranks=ranks)
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
    models, alphas, first, every
        As in `forecast_series`.

    Raises
    ------
    ValueError
        If a model is unknown or the levels are out of order.
    """
    names, levels = _options(models, alphas)
    work = partial(
        _forecast_history,
        models=names,
        alphas=levels,
        first=first,
        every=every,
        evaluate_from=evaluate_from,
        store=store,
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
    models: Iterable[str], alphas: Iterable[float]
) -> tuple[tuple[str, ...], tuple[float, ...]]:
    names, levels = tuple(models), tuple(alphas)
    if unknown := [name for name in names if name not in NAMES]:
        raise ValueError(f"models: {unknown[0]!r} is not one of {', '.join(NAMES)}.")
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
) -> dict[str, TailForecast]:
    """Forecasts of the models that share one family's fits and filter."""
    served: dict[str, Served] = {name: [] for name in names}
    for window, fitted in zip(windows, params, strict=True):
        path = filter_path(returns[: window.stop + 1], fitted)
        past = empirical_tail(path.residual, window, ranks=ranks)
        for name in names:
            if name.endswith("_fhs"):
                tail = past
            elif name.endswith("_evt"):
                tail = pareto_tail(path.residual, window, alphas=alphas, body=past)
            else:
                tail = student_tail(path.residual, window, alphas=alphas, nu=fitted.nu)
            served[name].append((window, path, tail))
    refits = tuple(
        Refit(window, fitted.to_bytes()) for window, fitted in zip(windows, params, strict=True)
    )
    unconverged = sum(fitted.carried > 0.0 for fitted in params)
    return {
        name: replace(
            assemble(returns.size, alphas=alphas, served=served[name]),
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
) -> TailForecast:
    """Forecasts of a model without estimation, or with a sample deviation for all of it."""
    whole = Window(windows[0].fit_end, windows[0].start, windows[-1].stop)
    if name in HISTORICAL:
        return historical_forecast(returns, whole, alphas=alphas, memory=HISTORICAL[name])
    if name == "parametric":
        paths = [(window, static_path(returns, window)) for window in windows]
    else:
        paths = [(whole, ewma_path(returns))]
    served: Served = [
        (
            window,
            path,
            empirical_tail(path.residual, window, ranks=ranks)
            if name == "ewma_fhs"
            else normal_tail(path.residual, window, alphas=alphas),
        )
        for window, path in paths
    ]
    return assemble(returns.size, alphas=alphas, served=served)
