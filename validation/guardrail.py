"""The guardrail: which forecasts are unlike what the model usually says, and which of those stop.

A number is unusual where it is above twice or below half its norm, the median of the model's own
numbers on the sessions before, and farther from it than three median absolute deviations. In a
crisis every honest model is unusual, so an alert alone would always be red: a number is held only
where the same day's GJR-FHS does not say much the same. A crisis also hides faults: a number that
should have tripled and was then cut to a third looks usual. So a conditional model's number is
unusual, too, where it is more than twice or less than half of GJR-FHS, and where it stands still.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped
from pydantic import BaseModel, ConfigDict, Field

Numbers = Float[np.ndarray, "*number"]
History = Float[np.ndarray, "session *number"]

OK, ALERT, HOLD, NOT_COMPUTABLE = "ok", "alert", "hold", "not_computable"


class GuardrailRule(BaseModel):
    """When a VaR or an ES is unusual, and when it may not be published as it is.

    Attributes
    ----------
    sessions : int
        Trailing sessions whose median is the norm; the session that is judged is none of them.
    minimum : int
        Known numbers among them below which there is no norm.
    above, below : float
        Multiples of the norm; a number on the multiple itself is not unusual.
    deviations : float
        Median absolute deviations, not scaled to a normal law, that it must lie beyond as well.
    corroborated_from, corroborated_to : float
        Ratio to the same day's GJR-FHS that confirms it, both ends included.
    apart_above, apart_below : float
        Multiples of the same day's GJR-FHS beyond which a conditional model's number is unusual,
        whatever its norm.
    frozen : int
        Sessions in a row with the same number, to the last bit, that make one unusual.
    deadline_hours : float
        Hours within which a person decides on a hold.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    sessions: Annotated[int, Field(ge=2)] = 250
    minimum: Annotated[int, Field(ge=2)] = 125
    above: Annotated[float, Field(gt=1)] = 2.0
    below: Annotated[float, Field(gt=0, lt=1)] = 0.5
    deviations: Annotated[float, Field(ge=0)] = 3.0
    corroborated_from: Annotated[float, Field(gt=0, le=1)] = 0.67
    corroborated_to: Annotated[float, Field(ge=1)] = 1.5
    apart_above: Annotated[float, Field(gt=1)] = 2.0
    apart_below: Annotated[float, Field(gt=0, lt=1)] = 0.5
    frozen: Annotated[int, Field(ge=2)] = 3
    deadline_hours: Annotated[float, Field(gt=0)] = 12.0


@dataclass(frozen=True, slots=True)
class Norm:
    """What a model usually says; every array is shaped like the numbers that are judged.

    Attributes
    ----------
    median : array
        NaN where no number is known.
    deviation : array
        Median absolute deviation from it.
    known : int array
        Numbers it rests on.
    """

    median: Numbers
    deviation: Numbers
    known: Int[np.ndarray, "*number"]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the guardrail says of each number; every array has the shape of the numbers.

    Attributes
    ----------
    light : array of str
        ``ok``, ``alert``, ``hold`` or ``not_computable``.
    norm : Norm
    high, low, apart, frozen : bool array
        Why a number is unusual: against its norm, against GJR-FHS, or because it stands still.
    corroborated : bool array
        Whether GJR-FHS says much the same; a missing number confirms nothing.
    published : array
        The number itself where the light is ok or alert. Elsewhere the higher of it and GJR-FHS,
        or of it and the norm where GJR-FHS has none; NaN where there is none of these.
    """

    light: Shaped[np.ndarray, "*number"]
    norm: Norm
    high: Bool[np.ndarray, "*number"]
    low: Bool[np.ndarray, "*number"]
    apart: Bool[np.ndarray, "*number"]
    frozen: Bool[np.ndarray, "*number"]
    corroborated: Bool[np.ndarray, "*number"]
    published: Numbers


def judge(
    number: Numbers,
    fallback: Numbers,
    past: History,
    *,
    rule: GuardrailRule | None = None,
    conditional: bool = True,
) -> Judgement:
    """Judge the numbers of one session.

    Parameters
    ----------
    number : array of shape (*number,)
        VaR or ES of the model; losses are positive, in any unit.
    fallback : array of shape (*number,)
        The same day's of GJR-FHS, in the same unit.
    past : array of shape (session, *number)
        The model's numbers of the sessions before, oldest first, NaN where it gave none. The
        session that is judged is not among them.
    rule : GuardrailRule, optional
    conditional : bool
        Whether the model follows the day's volatility, as GJR-FHS does. A historical simulation
        does not: its number stays for weeks and lies far from GJR-FHS in every crisis, so that
        only its norm tells.

    Returns
    -------
    Judgement
    """
    rule = rule or GuardrailRule()
    recent = past[max(0, len(past) - rule.sessions) :]
    repeats = recent[len(recent) - min(len(recent), rule.frozen - 1) :]
    unchanged = np.full(number.shape, len(repeats) == rule.frozen - 1)
    unchanged &= (repeats == number).all(axis=0)
    return _judged(number, fallback, norm_of(recent), unchanged, rule, conditional)


def judge_history(
    numbers: History,
    fallback: History,
    *,
    rule: GuardrailRule | None = None,
    conditional: bool = True,
) -> Judgement:
    """Judge every session of a history, each by the sessions before it only.

    Parameters
    ----------
    numbers, fallback : array of shape (session, *number)
        As `judge` takes them, oldest first.
    rule : GuardrailRule, optional
    conditional : bool

    Returns
    -------
    Judgement
        For each session what `judge` says of it; a later session changes no earlier one.
    """
    rule = rule or GuardrailRule()
    count = len(numbers)
    absent = np.full((rule.sessions, *numbers.shape[1:]), np.nan)
    padded = np.concatenate([absent, numbers])[: count + rule.sessions - 1]
    if count:
        windows = np.lib.stride_tricks.sliding_window_view(padded, rule.sessions, axis=0)
        norm = norm_of(np.moveaxis(windows, -1, 0))
    else:
        norm = norm_of(np.empty((0, *numbers.shape)))
    unchanged = np.full(numbers.shape, True)
    for back in range(1, rule.frozen):
        unchanged[:back] = False
        unchanged[back:] &= numbers[back:] == numbers[: count - back]
    return _judged(numbers, fallback, norm, unchanged, rule, conditional)


def norm_of(past: History) -> Norm:
    """Median and median absolute deviation over the first axis, of what is known.

    Parameters
    ----------
    past : array of shape (session, *number)
        NaN where there is no number.
    """
    known = np.isfinite(past).sum(axis=0)
    median = _median(past, known)
    return Norm(median, _median(np.abs(past - median), known), known)


def _median(values: History, known: Int[np.ndarray, "*number"]) -> Numbers:
    """Median over the first axis; a sort puts NaN last, so the known ones come first."""
    if not len(values):
        return np.full(known.shape, np.nan)
    ordered = np.sort(np.where(np.isfinite(values), values, np.nan), axis=0)
    lower, upper = ((np.maximum(known, 1) - 1) // 2, known // 2)
    ends = (np.take_along_axis(ordered, at[None], axis=0)[0] for at in (lower, upper))
    return np.mean(np.stack(list(ends)), axis=0)


def _judged(
    number: Numbers,
    fallback: Numbers,
    norm: Norm,
    unchanged: Bool[np.ndarray, "*number"],
    rule: GuardrailRule,
    conditional: bool,
) -> Judgement:
    given = np.isfinite(number)
    computable = (norm.known >= rule.minimum) & (norm.median >= 0.0) & given
    beyond = computable & (np.abs(number - norm.median) > rule.deviations * norm.deviation)
    high = beyond & (number > rule.above * norm.median)
    low = beyond & (number < rule.below * norm.median)
    corroborated = (number >= rule.corroborated_from * fallback) & (
        number <= rule.corroborated_to * fallback
    )
    apart = (number > rule.apart_above * fallback) | (number < rule.apart_below * fallback)
    apart = apart & conditional
    empty = (number == 0.0) & (fallback == 0.0)  # a book without risk has none to move
    frozen = unchanged & ~empty & conditional
    unusual = high | low | apart | frozen | ~given
    light = np.where(
        unusual,
        np.where(corroborated, ALERT, HOLD),
        np.where(computable, OK, NOT_COMPUTABLE),
    )
    second = np.where(np.isfinite(fallback), fallback, norm.median)
    passes = (light == OK) | (light == ALERT)
    published = np.where(passes, number, np.fmax(number, second))
    return Judgement(light, norm, high, low, apart, frozen, corroborated, published)
