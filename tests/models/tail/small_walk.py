"""Three small series and what walks forward on them, for the tests of the learned tails."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from features.panel import Panel, SeriesFeatures
from features.returns import History
from models.base import TailForecast
from models.tail.combine import Weights
from models.tail.feedback import Feedback
from models.tail.learned import HeadSettings
from models.tail.transformer import Fusion
from models.tail.walk_forward import (
    NAMES,
    Candidate,
    Learned,
    LearnedSettings,
    Refits,
    forecast_learned,
)
from models.training import Schedule

ALPHAS = (0.95, 0.975, 0.99)
SMALL = Schedule(epochs=1, batch=64)
SETTINGS = LearnedSettings(
    linear=HeadSettings("linear", seeds=1, schedule=SMALL),
    mlp=HeadSettings("mlp", seeds=2, width=8, schedule=SMALL),
    transformer=HeadSettings(
        "transformer", seeds=2, schedule=SMALL, fusion=Fusion(width=8, heads=2)
    ),
    weights=Weights(mlp=0.3, linear=0.2, transformer=0.2, fhs=0.0, evt=0.3),
)
DATES = pd.bdate_range("2015-01-01", "2020-12-31")


class Store:
    """Units in memory, and a count of those that had to be made."""

    def __init__(self) -> None:
        self.units: dict[str, bytes] = {}

    def get_many(self, keys: Iterable[str]) -> Mapping[str, bytes]:
        return {key: self.units[key] for key in keys if key in self.units}

    def put(self, key: str, payload: bytes) -> None:
        self.units[key] = payload


def history(name: str, seed: int, dates: pd.DatetimeIndex = DATES) -> History:
    rng = np.random.default_rng(seed)
    returns = 0.01 * rng.standard_t(5, len(DATES))[: len(dates)]
    return History(
        name=name,
        asset_class="equity",
        dates=dates,
        returns=returns,
        clean=np.ones(len(dates), dtype=np.bool_),
        origins=dates.tz_localize("UTC") + pd.Timedelta(hours=22),
    )


def panel(histories: list[History]) -> Panel:
    values = {}
    for one in histories:
        own = np.column_stack([np.abs(one.returns) + 1e-4, one.returns])
        shared = np.cos(np.arange(len(one.dates)) / 50.0)[:, None]
        past = np.column_stack([one.returns, np.abs(one.returns), np.full(len(own), np.nan)])
        values[one.name] = SeriesFeatures(own=own, shared=shared, past=past)
    return Panel(
        own=("volatility_1", "last_return"),
        shared=("cycle",),
        values=values,
        modalities={"returns": ("volatility_1", "last_return"), "macro": ("cycle",)},
    )


def cut(base: TailForecast, size: int) -> TailForecast:
    """What the base had said by row ``size``; later rows of a refit do not change earlier ones."""
    refits = tuple(
        replace(refit, window=replace(refit.window, stop=min(refit.window.stop, size)))
        for refit in base.refits
        if refit.window.start < size
    )
    return replace(
        base, var=base.var[:size], es=base.es[:size], sigma=base.sigma[:size], refits=refits
    )


def run(
    bases: dict[str, dict[str, TailForecast]],
    *,
    size: int = len(DATES),
    store: Store | None = None,
    settings: LearnedSettings = SETTINGS,
    jobs: int = 1,
    feedback: Feedback | None = None,
    models: Sequence[str] = NAMES,
    refits: Refits | None = None,
    first_year: int = 2020,
) -> Learned:
    histories = [history(name, seed, DATES[:size]) for seed, name in enumerate(bases)]
    candidates = [
        Candidate(
            one,
            fhs=cut(bases[one.name]["gjr_fhs"], size),
            evt=cut(bases[one.name]["gjr_evt"], size),
            judged=True,
            trains=one.name != "BOOK",
        )
        for one in histories
    ]
    return forecast_learned(
        candidates,
        panel(histories),
        alphas=ALPHAS,
        first_year=first_year,
        models=models,
        settings=settings,
        store=store,
        jobs=jobs,
        feedback=feedback,
        refits=refits,
    )
