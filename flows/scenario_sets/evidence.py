"""What a generated set is held against: joint history from the same origin, and real windows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from jaxtyping import Bool

from features.market import MarketData
from models.base import Asset, ScenarioModel
from validation.certify import Evidence
from validation.memorisation import learned_part
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
    jobs : int
        Processes that fit.

    Raises
    ------
    ValueError
        If history is too short to hold two years out.
    """
    from models.scenarios.registry import NEURAL, fit_generator

    names = [asset.instrument for asset in model.assets]

    def fit(name: str, until: pd.Timestamp) -> ScenarioModel:
        return fit_generator(name, market, names, as_of=until, seed=seed, jobs=jobs)

    joint = model if model.name == "fhs" else fit("fhs", as_of)
    reference = drawn(joint, paths=REFERENCE, horizon=horizon, seed=seed + OTHER_SEED)
    if model.name not in NEURAL or not audit:
        return Evidence(reference)
    until = as_of - TWIN
    last, real = real_windows(market, model.assets, horizon=horizon, as_of=as_of)
    twin = fit(model.name, until)
    return Evidence(
        reference,
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


def _learned(twin: ScenarioModel, *, horizon: int, seed: int) -> PathSample:
    """What a twin draws apart from its declared share of history."""
    from models.scenarios.chunks import chunks

    safe: Safeguarded = twin  # pyright: ignore[reportAssignmentType] - every learned generator is
    mask = np.concatenate(
        [safe.historical(one.index, seed=seed)[: one.paths] for one in chunks(TWIN_PATHS)]
    )
    return learned_part(drawn(twin, paths=TWIN_PATHS, horizon=horizon, seed=seed), mask)
