"""What a generated set is held against: joint history from the same origin, and real windows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float
from numpy.lib.stride_tricks import sliding_window_view

from features.market import MarketData
from features.shown_liquidity import shown_liquidity
from models.base import Asset, ScenarioModel
from validation.certify import Evidence
from validation.memorisation import learned_part
from validation.plausibility.liquidity import MEMORY
from validation.realism.sample import PathSample, windows

if TYPE_CHECKING:
    from models.scenarios.safety import Safeguarded

REFERENCE = 20_480
"""Paths of joint history that a set is held against."""
TWIN_PATHS = 4_096
TWIN = pd.DateOffset(years=2)
"""What the twin of a learned generator has not seen: one that remembers knows more of the rest."""
OTHER_SEED = 7919
"""Added to the seed of what a set is held against, so that it repeats no draw of the set."""


def evidence_of(
    model: ScenarioModel,
    market: MarketData,
    *,
    as_of: pd.Timestamp,
    horizon: int,
    seed: int,
    audit: bool,
    liquid: bool = False,
    jobs: int = 1,
) -> Evidence:
    """Fit what a set of this model is held against.

    Parameters
    ----------
    model : ScenarioModel
        That made the set.
    market : MarketData
    as_of : Timestamp
    horizon : int
    seed : int
        Of the set.
    audit : bool
        Whether to fit a twin of a learned generator; see `Evidence.twin`.
    liquid : bool
        Whether the set has spread and depth, to be held against what history has shown.
    jobs : int
        Processes that fit.

    Raises
    ------
    ValueError
        If history is too short to hold two years out.
    """
    from models.scenarios.liquid import Liquid
    from models.scenarios.registry import NEURAL, fit_generator

    names = [asset.instrument for asset in model.assets]

    def fit(name: str, until: pd.Timestamp) -> ScenarioModel:
        return fit_generator(name, market, names, as_of=until, seed=seed, jobs=jobs)

    bare = model.model if isinstance(model, Liquid) else model
    joint = bare if bare.name == "fhs" else fit("fhs", as_of)
    evidence = Evidence(drawn(joint, paths=REFERENCE, horizon=horizon, seed=seed + OTHER_SEED))
    if liquid:
        evidence = with_liquidity(evidence, market, model.assets, horizon=horizon, as_of=as_of)
    if model.name not in NEURAL or not audit:
        return evidence
    until = as_of - TWIN
    last, real = real_windows(market, model.assets, horizon=horizon, as_of=as_of)
    twin = fit(model.name, until)
    return replace(
        evidence,
        training=real.taken(np.flatnonzero(last <= until), block=real.block),
        # A window that straddles the date is half known and is left out of both.
        holdout=real.taken(
            np.flatnonzero(last > until + pd.tseries.offsets.BDay(horizon)), block=real.block
        ),
        twin=_learned(twin, horizon=horizon, seed=seed + OTHER_SEED),
    )


def drawn(model: ScenarioModel, *, paths: int, horizon: int, seed: int) -> PathSample:
    """Draws of a generator as a sample."""
    from models.scenarios.chunks import chunks

    parts = [
        model.chunk(one.index, paths=one.paths, horizon=horizon, seed=seed).paths
        for one in chunks(paths)
    ]
    return PathSample(np.concatenate(parts), logarithmic(model.assets))


def logarithmic(assets: Sequence[Asset]) -> Bool[np.ndarray, " asset"]:
    """Which assets move logarithmically."""
    return np.array([asset.move == "log" for asset in assets], dtype=np.bool_)


def real_windows(
    market: MarketData, assets: Sequence[Asset], *, horizon: int, as_of: pd.Timestamp
) -> tuple[pd.DatetimeIndex, PathSample]:
    """Every window of consecutive sessions on which all assets have a close, up to an as-of.

    Returns
    -------
    DatetimeIndex of shape (window,)
        Last session of each.
    PathSample
    """
    names = [asset.instrument for asset in assets]
    close = market.close.loc[:as_of, names].mask(market.imputed.loc[:as_of, names]).dropna()
    log = logarithmic(assets)
    level = np.where(log, np.log(close.where(close > 0.0)), close)
    sample = windows(np.diff(level, axis=0), horizon=horizon, logarithmic=log)
    return pd.DatetimeIndex(close.index[horizon:]), sample


def with_liquidity(
    evidence: Evidence,
    market: MarketData,
    assets: Sequence[Asset],
    *,
    horizon: int,
    as_of: pd.Timestamp,
) -> Evidence:
    """The evidence with windows of history whose spreads and depths are known.

    Each asset speaks on its own sessions: where it has no close of the day its cost is NaN, and
    the move in its place means nothing.
    """
    names = [asset.instrument for asset in assets]
    seen = market.close.loc[:as_of, names].mask(market.imputed.loc[:as_of, names])
    log = logarithmic(assets)
    level = np.where(log, np.log(seen.where(seen > 0.0)), seen)
    level = pd.DataFrame(level, seen.index).ffill().to_numpy()
    moves = np.nan_to_num(np.diff(level, axis=0))
    dates = pd.DatetimeIndex(seen.index[1:])
    costs = [
        np.where(seen.iloc[1:].notna(), cost, np.nan)
        for cost in shown_liquidity(market, names, dates)
    ]
    common = np.isfinite(costs[0]).any(axis=1)
    apart = max(1, horizon - MEMORY + 1)
    whole, spread, depth = (_windows(one[common], horizon, apart) for one in (moves, *costs))
    liquid = PathSample(whole, log, block=-(-max(20, 2 * horizon) // apart))
    return replace(evidence, liquid=liquid, spread=spread, depth=depth)


def _windows(
    rows: Float[np.ndarray, "time asset"], horizon: int, apart: int
) -> Float[np.ndarray, "window step asset"]:
    """Windows so far apart that each session is judged in one of them."""
    view = sliding_window_view(rows, horizon, axis=0)[::apart]
    return np.ascontiguousarray(view.transpose(0, 2, 1))


def _learned(twin: ScenarioModel, *, horizon: int, seed: int) -> PathSample:
    """What a twin draws apart from its declared share of history."""
    from models.scenarios.chunks import chunks

    safe: Safeguarded = twin  # pyright: ignore[reportAssignmentType] - every learned generator is
    mask = np.concatenate(
        [safe.historical(one.index, seed=seed)[: one.paths] for one in chunks(TWIN_PATHS)]
    )
    return learned_part(drawn(twin, paths=TWIN_PATHS, horizon=horizon, seed=seed), mask)
