"""The learned tails of many series, walk-forward: one pooled head a year, applied to the next."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Bool

from features.panel import Panel
from features.splits import PooledWindow, pooled_windows, serving_window
from models.base import TailForecast
from models.baselines import UnitStore
from models.tail.candidate import Candidate
from models.tail.combine import Weights
from models.tail.feedback import Feedback, held_out, lesson_of, weeks_of
from models.tail.fitting import fitted_heads
from models.tail.inputs import Rows, in_order_of_target, series_rows
from models.tail.joined import FactorSettings, Maps, calibrate, joined_maps, sessions_of
from models.tail.learned import Head, HeadSettings
from models.tail.learned_shares import Learning
from models.tail.mapped import mapped_forecasts
from models.tail.transformer import Fusion
from models.tail.transport import KNOTS, TailMap, unserved
from models.training import Schedule

HEADS = ("linear", "mlp", "transformer")
NAMES = (*HEADS, "combined")
RECENT = ("regimes", "liquidity", "orderflow", "headlines", "book")
"""Modalities that came after the heads were chosen: none reads them by default."""


def default_transformer() -> HeadSettings:
    """The transformer as chosen on targets up to 2014."""
    return HeadSettings(
        "transformer",
        scale_weight=4.0,
        scale_passes=1,
        schedule=Schedule(epochs=4, batch=1024),
        without=RECENT,
        fusion=Fusion(),
    )


@dataclass(frozen=True, slots=True)
class LearnedSettings:
    """The learned tails and how they are joined; chosen on targets up to 2014.

    Shares are fixed and nothing multiplies the combination: learned shares, walks down the score
    and factors by class and by regime are rows of the ablation, and off (infra/decisions/0038).
    """

    linear: HeadSettings = field(
        default_factory=lambda: HeadSettings(
            "linear", seeds=1, schedule=Schedule(rate=3e-3), without=RECENT
        )
    )
    mlp: HeadSettings = field(default_factory=lambda: HeadSettings("mlp", without=RECENT))
    transformer: HeadSettings = field(default_factory=default_transformer)
    weights: Weights = field(default_factory=Weights)
    learning: Learning | None = None
    calibration: FactorSettings | None = None


@dataclass(frozen=True, slots=True)
class Refits:
    """How often heads are trained.

    Attributes
    ----------
    every : int
        Years that each serves; one unless a comparison is to be cheap.
    last : bool
        Whether heads are made at the as-of as well, which no past forecast needs.
    """

    every: int = 1
    last: bool = True


@dataclass(frozen=True, slots=True)
class Learned:
    """Forecasts of the judged series, by name and model, and the last heads fitted.

    Attributes
    ----------
    forecasts : mapping of series to mapping of model to TailForecast
        At the levels asked for; the models are those of `NAMES` that were asked for, and
        ``combined``.
    heads : mapping of one of `HEADS` to bytes
        As safetensors, trained up to the as-of: the model version of the day. The forecasts are
        those of the heads before it, each trained on the years before its own.
    windows : tuple of PooledWindow
        The yearly ones, and last the one of ``heads``.
    challenge : mapping of series to mapping of model to TailForecast
        What ``heads`` say of the weeks of the challenge set that they were not trained on; NaN
        elsewhere. They know years that came later: it is held out, not walked forward.
    """

    forecasts: Mapping[str, Mapping[str, TailForecast]]
    heads: Mapping[str, bytes]
    windows: tuple[PooledWindow, ...]
    challenge: Mapping[str, Mapping[str, TailForecast]] = field(
        default_factory=dict[str, Mapping[str, TailForecast]]
    )


def base_levels(alphas: Sequence[float]) -> tuple[float, ...]:
    """Levels at which the statistical base is needed: the knots of the map and those asked for."""
    return tuple(sorted({*KNOTS, *alphas}))


def forecast_learned(
    candidates: Sequence[Candidate],
    panel: Panel,
    *,
    alphas: Sequence[float],
    first_year: int,
    models: Sequence[str] = NAMES,
    settings: LearnedSettings | None = None,
    store: UnitStore | None = None,
    jobs: int = 1,
    on_fit: Callable[[int, int], None] | None = None,
    on_trained: Callable[[], None] | None = None,
    feedback: Feedback | None = None,
    unfinished: Path | None = None,
    refits: Refits | None = None,
) -> Learned:
    """Train the heads year by year and forecast the year that follows with each.

    Every head sees only targets known at least ``horizon + 5`` sessions before the first origin it
    serves; the horizon is that of the base.
    Rows before the first served year are NaN.

    Parameters
    ----------
    candidates : sequence of Candidate
        Series that are judged, that train, or both.
    panel : Panel
        Features of all of them.
    alphas : sequence of float
        Confidence levels of the answer, in (0.5, 1), ascending.
    first_year : int
        First calendar year of origins to serve.
    models : sequence of str
        Of `NAMES`; heads that neither are asked for nor have a share in ``combined`` are not
        trained.
    settings : LearnedSettings, optional
    store : UnitStore, optional
        Heads found there are not trained again; new ones are put there as soon as they are made.
    jobs : int
        Processes that train; the heads do not depend on it.
    on_fit : callable, optional
        Called with (heads done, heads in all).
    on_trained : callable, optional
        Called once between the last head and the forecasts, which need no process beside this one.
    feedback : Feedback, optional
        What flags teach; each head is told what `Feedback.seen_by` lets it know.
    unfinished : Path, optional
        Directory in which trainings leave where they stand, so that a killed one is taken up.
    refits : Refits, optional
        By default every year, and heads of the day.

    Raises
    ------
    ValueError
        If the past of the first year is too short to learn from.
    """
    settings = settings or LearnedSettings()
    rows = {c.history.name: series_rows(c.history, c.fhs, panel) for c in candidates}
    pool = in_order_of_target(
        [
            rows[c.history.name] if c.teacher is None else series_rows(c.history, c.teacher, panel)
            for c in candidates
            if c.trains
        ]
    )
    judged = [c for c in candidates if c.judged]
    dates = sessions_of(candidates)
    horizon = candidates[0].fhs.horizon
    refits = refits or Refits()
    yearly = pooled_windows(dates, first_year=first_year, horizon=horizon)[:: refits.every]
    last = (serving_window(dates, horizon=horizon),) if refits.last else ()
    windows = (*yearly, *last)
    kinds = {
        kind: getattr(settings, kind)
        for kind in HEADS
        if kind in models or kind in settings.weights.heads
    }
    told = [feedback and lesson_of(feedback.seen_by(window), rows) for window in windows]
    weeks = told[-1].weeks if told[-1] is not None else weeks_of(())
    maps = _unserved(judged, rows, kinds)
    held = _unserved(judged, rows, kinds) if len(weeks) else {}
    payloads: dict[str, bytes] = {}
    fitted = fitted_heads(windows, told, kinds, pool, store, jobs, unfinished)
    for done, (window, kind, payload) in enumerate(fitted, start=1):
        if window is windows[-1]:
            payloads[kind] = payload
        head = Head.from_bytes(payload)
        for c in judged:
            mine = rows[c.history.name]
            if window.year is not None:
                years = range(window.year, window.year + refits.every)
                _serve(maps[c.history.name][kind], head, mine, c.history.dates.year.isin(years))
            elif len(weeks):
                _serve(held[c.history.name][kind], head, mine, held_out(mine.target, weeks))
        if on_fit is not None:
            on_fit(done, len(windows) * len(kinds))
    del pool, fitted
    if on_trained is not None:
        on_trained()
    maps = joined_maps(judged, rows, maps, settings.weights, settings.learning)
    if settings.calibration is not None:
        calibrate(judged, rows, maps, settings.calibration, panel)
    challenge: dict[str, dict[str, TailForecast]] = {}
    if len(weeks):
        challenge = _said(judged, joined_maps(judged, rows, held, settings.weights), alphas)
    heads = {kind: payloads[kind] for kind in kinds}
    return Learned(_said(judged, maps, alphas), heads, windows, challenge)


def _unserved(judged: Sequence[Candidate], rows: Mapping[str, Rows], kinds: Iterable[str]) -> Maps:
    """Maps of every judged series that say nothing yet."""
    return {
        c.history.name: {
            kind: unserved(torch.as_tensor(rows[c.history.name].var)) for kind in kinds
        }
        for c in judged
    }


def _serve(served: TailMap, head: Head, rows: Rows, wanted: Bool[np.ndarray, " row"]) -> None:
    """Fill some rows of a series' map with what a head says; the base must have said something."""
    wanted = wanted & np.isfinite(rows.var[:, 0])
    if wanted.any():
        said = head.map(rows.where(wanted))
        at = torch.as_tensor(np.flatnonzero(wanted))
        served.image[at], served.slope[at] = said.image, said.slope


def _said(
    judged: Sequence[Candidate], maps: Maps, alphas: Sequence[float]
) -> dict[str, dict[str, TailForecast]]:
    """Forecasts of every judged series by every map."""
    return {
        c.history.name: mapped_forecasts(
            c.history.returns, c.fhs, maps[c.history.name], alphas=alphas
        )
        for c in judged
    }
