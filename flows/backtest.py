"""Walk-forward forecasts of every series by every model: the forecast table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from features.market import MarketData
from features.panel import Panel
from features.returns import History
from flows.panels import panel_of
from flows.plan import Plan, make_plan
from flows.processes import processes, release
from flows.refusal import RefusedError
from flows.seed_evidence import seed_evidence
from flows.settings import (
    BAR,
    CLAIM,
    LEARNED,
    MINIMUM_HISTORY,
    SESSIONS_BETWEEN_REFITS,
    Settings,
)
from flows.table import Block, assemble, block
from flows.units import UnitStore
from models.base import TailForecast

if TYPE_CHECKING:
    from models.tail.candidate import Candidate
    from models.tail.feedback import Feedback
    from models.tail.walk_forward import Learned, LearnedSettings

BASE = ("gjr_fhs", "gjr_evt")
"""What the learned tails start from."""
LONGER_BASE = ("gjr_fhs", "gjr_fhs_sqrt")
"""The same over several sessions; the second is what they learn from, read as one session."""

Progress = Callable[[int, int], None]


def unseen(done: int, total: int) -> None:
    """Progress that nobody watches."""


@dataclass(frozen=True, slots=True)
class Statistical:
    """Forecasts of the statistical models, and the base of the learned ones.

    Attributes
    ----------
    blocks : list of Block
        Rows of the models asked for.
    base : mapping of series to mapping of {"gjr_fhs", "gjr_evt"} to TailForecast
        Or of `LONGER_BASE`.
        Of every series that is judged or trains; empty where no learned model is asked for.
    left_out : mapping of series to reason
        Series the models refused.
    """

    blocks: list[Block]
    base: Mapping[str, Mapping[str, TailForecast]]
    left_out: Mapping[str, str]

    @property
    def models(self) -> set[str]:
        """Models that were run, whether or not their forecasts were asked for."""
        bases = {name for base in self.base.values() for name in base}
        return bases | {one.model for one in self.blocks}


@dataclass(frozen=True, slots=True)
class Heads:
    """The learned tails' forecasts and last heads, or the reason why there are none.

    Attributes
    ----------
    learned : Learned or None
    reason : str
    seeds : tuple of dict
        How far each learned model hangs on its seeds, see `flows.seed_evidence`.
    challenge : DataFrame or None
        Forecast table of the last heads and ``gjr_fhs`` in the weeks of the challenge set that the
        heads were not trained on, for `flows.challenge.table_scores`; None where there are none.
    feedback : Feedback or None
        What they were told of flags; its ``parameters`` belong into the manifest.
    """

    learned: Learned | None = None
    reason: str = ""
    seeds: tuple[dict[str, Any], ...] = ()
    challenge: pd.DataFrame | None = None
    feedback: Feedback | None = None

    def without_forecasts(self) -> Heads:
        """The same heads; the forecasts of many series are large."""
        learned = self.learned and replace(self.learned, forecasts={}, challenge={})
        return replace(self, learned=learned)


def forecast_table(
    market: MarketData,
    *,
    settings: Settings,
    units: UnitStore | None = None,
    progress: Progress = unseen,
) -> pd.DataFrame:
    """Forecast table of a market by the contract's columns.

    The same market, settings and seed give the same table, bit for bit, whether or not some units
    were finished before.

    Parameters
    ----------
    market : MarketData
    settings : Settings
    units : UnitStore, optional
        Finished units are found there, and new ones put there as soon as they are made.
    progress : callable
        Called with (parts done, parts in all).
    """
    plan = make_plan(market, settings)
    statistical = forecast_statistical(plan, settings, units=units, progress=progress)
    panel = features_of(market, plan, settings)
    heads = train_heads(plan, settings, statistical, panel, units=units, progress=progress)
    return tabulate(plan, settings, statistical, heads)


def learns(settings: Settings) -> bool:
    """Whether a learned model is asked for."""
    return any(name in LEARNED for name in settings.chosen_models)


def features_of(market: MarketData, plan: Plan, settings: Settings) -> Panel | None:
    """Panel of every series that is judged or trains; None where no model reads it."""
    return panel_of(market, plan.histories) if learns(settings) else None


def forecast_statistical(
    plan: Plan,
    settings: Settings,
    *,
    units: UnitStore | None = None,
    progress: Progress = unseen,
) -> Statistical:
    """Walk-forward forecasts of the statistical models, parallel over series."""
    from models.baselines import forecast_many

    wanted = tuple(name for name in settings.chosen_models if name not in LEARNED)
    levels = _levels(settings)
    base_of = _base(settings) if learns(settings) else ()
    judged = {history.name for history in plan.judged}
    jobs = [
        (plan.judged, tuple(dict.fromkeys((*wanted, *base_of)))),
        (tuple(h for h in plan.histories if h.name not in judged), base_of),
    ]
    total = sum(len(histories) for histories, names in jobs if names)
    blocks: list[Block] = []
    base: dict[str, Mapping[str, TailForecast]] = {}
    left_out: dict[str, str] = {}
    done = 0
    for histories, names in jobs:
        if not (histories and names):
            continue
        for history, forecasts in forecast_many(
            histories,
            models=names,
            alphas=levels,
            first=MINIMUM_HISTORY,
            every=SESSIONS_BETWEEN_REFITS,
            evaluate_from=plan.start,
            store=units,
            jobs=processes(len(histories), worth=8),
            horizon=settings.horizon,
            seed=settings.seed,
        ):
            done += 1
            progress(done, total)
            if isinstance(forecasts, ValueError):
                if settings.portfolios is not None and history.name in settings.portfolios:
                    raise RefusedError(f"portfolios: {history.name}: {forecasts}") from forecasts
                left_out[history.name] = str(forecasts)
                continue
            if history.name in judged:
                blocks.extend(_blocks(plan, settings, history, forecasts, wanted))
            if base_of:
                base[history.name] = {name: forecasts[name] for name in base_of}
    return Statistical(blocks, base, left_out)


def train_heads(
    plan: Plan,
    settings: Settings,
    statistical: Statistical,
    panel: Panel | None,
    *,
    units: UnitStore | None = None,
    progress: Progress = unseen,
    feedback: Feedback | None = None,
) -> Heads:
    """Train the pooled heads walk-forward; every instrument trains, no judged book does.

    Flags teach what `models.tail.feedback` says; without any the heads are the same bits. They are
    of forecasts for the next session, and teach nothing of longer horizons.

    Raises
    ------
    RefusedError
        If a learned model is asked for by name and the market is too short to train it.
    """
    if panel is None:
        return Heads()
    from models.tail.walk_forward import Refits, forecast_learned

    feedback = feedback if settings.horizon == 1 else None
    candidates = candidates_of(plan, settings, statistical)
    try:
        learned = forecast_learned(
            candidates,
            panel,
            alphas=settings.alphas,
            first_year=plan.start.year,
            models=settings.chosen_models,
            settings=learned_settings(settings),
            store=units,
            jobs=processes(len(candidates), worth=8),
            refits=Refits(every=settings.refit_years),
            on_fit=progress,
            on_trained=release,
            feedback=feedback,
            unfinished=None if units is None else units.path.parent / "unfinished",
        )
    except ValueError as error:
        if settings.models is not None:
            raise RefusedError(f"models: {error}") from error
        return Heads(reason=str(error))
    seeds: tuple[dict[str, Any], ...] = ()
    if settings.horizon == 1:  # evidence for the gates, which only versions of one session meet
        seeds = seed_evidence(
            learned.heads,
            candidates,
            panel,
            models=[name for name in settings.chosen_models if name in LEARNED],
            weights=learned_settings(settings).weights,
        )
    challenge = _challenge(plan, settings, statistical, learned)
    return Heads(learned, seeds=seeds, challenge=challenge, feedback=feedback)


def candidates_of(plan: Plan, settings: Settings, statistical: Statistical) -> list[Candidate]:
    """Every series that the learned tails judge or learn from, with the base they start from."""
    from models.square_root import of_one_session
    from models.tail.candidate import Candidate

    judged = {history.name for history in plan.judged}
    trains = {history.name for history in plan.instruments}
    start, beside = _base(settings)
    return [
        Candidate(
            history,
            fhs=statistical.base[history.name][start],
            evt=statistical.base[history.name][beside],
            teacher=None
            if settings.horizon == 1
            else of_one_session(statistical.base[history.name][beside]),
            judged=history.name in judged,
            trains=history.name in trains,
        )
        for history in plan.histories
        if history.name in statistical.base
    ]


def tabulate(
    plan: Plan, settings: Settings, statistical: Statistical, heads: Heads
) -> pd.DataFrame:
    """Put all forecasts into one table.

    Raises
    ------
    RefusedError
        If there is none.
    """
    blocks = list(statistical.blocks)
    if heads.learned is not None:
        wanted = [name for name in settings.chosen_models if name in LEARNED]
        for history in plan.judged:
            if history.name in heads.learned.forecasts:
                forecasts = heads.learned.forecasts[history.name]
                blocks.extend(_blocks(plan, settings, history, forecasts, wanted))
    if not any(len(one.origin) for one in blocks):
        reasons = "; ".join(f"{name}: {why}" for name, why in statistical.left_out.items())
        raise RefusedError(
            f"start {plan.start.date()} to {plan.end.date()}: no forecast could be made"
            f"{f' ({reasons})' if reasons else ''}. Choose other dates, or give longer histories."
        )
    return assemble(blocks, alphas=settings.alphas)


def learned_settings(settings: Settings) -> LearnedSettings:
    """The default of the learned tails at a horizon, started from the seed asked for.

    Over several sessions the shares of ``combined`` are those chosen there; the last is that of
    the root of time.
    """
    from models.tail.combine import Weights
    from models.tail.walk_forward import LearnedSettings

    default = LearnedSettings()
    if settings.horizon > 1:
        shares = Weights(mlp=0.5, linear=0.2, transformer=0.0, fhs=0.0, evt=0.3)
        default = replace(default, weights=shares)
    return replace(
        default,
        linear=replace(default.linear, seed=settings.seed),
        mlp=replace(default.mlp, seed=settings.seed),
        transformer=replace(default.transformer, seed=settings.seed),
    )


def _challenge(
    plan: Plan, settings: Settings, statistical: Statistical, learned: Learned
) -> pd.DataFrame | None:
    """Table of what the last heads say of the challenge weeks, with the bar they are held to."""
    whole = replace(plan, start=pd.Timestamp.min, end=pd.Timestamp.max, upcoming={})
    blocks: list[Block] = []
    for history in plan.judged if learned.challenge else ():
        said = learned.challenge.get(history.name)
        if said is None:
            continue
        base = statistical.base[history.name][BAR]
        served = np.isfinite(said[CLAIM].sigma)
        bar = replace(base, sigma=np.where(served, base.sigma, np.nan))
        names = [BAR, *(name for name in settings.chosen_models if name in LEARNED)]
        blocks.extend(_blocks(whole, settings, history, {**said, BAR: bar}, names))
    return assemble(blocks, alphas=settings.alphas) if blocks else None


def _base(settings: Settings) -> tuple[str, str]:
    return BASE if settings.horizon == 1 else LONGER_BASE


def _levels(settings: Settings) -> tuple[float, ...]:
    if not learns(settings):
        return settings.alphas
    from models.tail.walk_forward import base_levels

    return base_levels(settings.alphas)


def _blocks(
    plan: Plan,
    settings: Settings,
    history: History,
    forecasts: Mapping[str, TailForecast],
    names: Sequence[str],
) -> list[Block]:
    return [
        block(
            history,
            name,
            forecasts[name],
            alphas=settings.alphas,
            start=plan.start,
            end=plan.end,
            upcoming=plan.upcoming.get(history.name),
        )
        for name in names
    ]
