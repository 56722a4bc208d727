"""A number of the desk: what is published for a book, level and measure, and why.

The numbers of one book are quantiles and tail means of one law, so they are held together: else
a held VaR could exceed an ES that passed, or a 97.5% level a 99% one. The higher of two ordered
laws is ordered, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from flows.clock import instant_text
from flows.overrides import Override
from validation.guardrail import HOLD as HELD
from validation.guardrail import NOT_COMPUTABLE, GuardrailRule, Judgement, judge
from validation.guardrail import OK as USUAL

if TYPE_CHECKING:
    import pandas as pd

State = Literal["PUBLISHED", "ALERT", "HOLD", "OVERRIDDEN", "STOPPED"]
Standing = Literal["champion", "legacy", "fallback"]
"""Whose number is the desk's: legacy while there is no champion, fallback after a stop."""

MEASURES = ("var", "es")
UNCONDITIONAL = ("hs_250", "hs_500")
"""Historical simulations, which do not follow the day's volatility."""

Cell = tuple[str, float, int]
"""Portfolio, alpha and horizon."""


@dataclass(frozen=True, slots=True)
class Number:
    """One number of the desk, and how it came about.

    Attributes
    ----------
    portfolio : str
    alpha : float
    horizon : int
    measure : str
        ``var`` or ``es``.
    standing : str
        Whose number ``model`` is: champion, legacy or fallback.
    model, fallback, legacy, norm : float or None
        Losses, positive, as fractions of value; None where there is none.
    state : str
        PUBLISHED, ALERT (published, and unusual), HOLD (the higher number until a person
        decides), OVERRIDDEN (a person's) or STOPPED (the fallback's, after a stop).
    published : float or None
    why : str
    deadline : str or None
        Instant by which a hold is decided on.
    """

    portfolio: str
    alpha: float
    horizon: int
    measure: str
    standing: Standing
    model: float | None
    fallback: float | None
    legacy: float | None
    norm: float | None
    state: State
    published: float | None
    why: str
    deadline: str | None = None

    @property
    def cell(self) -> Cell:
        """Portfolio, alpha and horizon."""
        return (self.portfolio, self.alpha, self.horizon)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, as they go into JSON."""
        return asdict(self)


def decide(
    forecasts: pd.DataFrame,
    past: Mapping[Cell, NDArray[np.float64]],
    *,
    standing: Standing,
    now: datetime,
    rule: GuardrailRule | None = None,
    overrides: Iterable[Override] = (),
) -> list[Number]:
    """Decide what is published of one session's forecasts.

    Parameters
    ----------
    forecasts : DataFrame
        One row per (portfolio, role, alpha, horizon): ``model``, ``var``, ``es``. Roles other
        than champion, legacy and fallback are not the desk's.
    past : mapping of cell to array of shape (session, measure)
        VaR and ES of the standing model on the sessions before, oldest first.
    standing : {"champion", "legacy", "fallback"}
    now : datetime
    rule : GuardrailRule, optional
    overrides : iterable of Override
        In force, or expired and not yet judged.

    Returns
    -------
    list of Number
        By portfolio, horizon, alpha and measure.
    """
    rule = rule or GuardrailRule()
    cells, roles, names = _by_role(forecasts)
    if not cells:
        return []
    model, fallback, legacy = roles[standing], roles["fallback"], roles["legacy"]
    judged = judge(
        model,
        fallback,
        _stacked(past, cells, rule.sessions),
        rule=rule,
        conditional=names.get(standing) not in UNCONDITIONAL,
    )
    numbers: list[Number] = []
    for book in sorted({(cell[0], cell[2]) for cell in cells}):
        rows = [at for at, cell in enumerate(cells) if (cell[0], cell[2]) == book]
        together = _together(judged, rows, cells, rule) if standing != "fallback" else ""
        for at in rows:
            for place, measure in enumerate(MEASURES):
                plain = Number(
                    *cells[at],
                    measure=measure,
                    standing=standing,
                    model=_known(model[at, place]),
                    fallback=_known(fallback[at, place]),
                    legacy=_known(legacy[at, place]),
                    norm=_known(judged.norm.median[at, place]),
                    state="STOPPED",
                    published=_known(fallback[at, place]),
                    why="the champion is stopped; the fallback's number stands",
                )
                if standing != "fallback":
                    plain = _guarded(plain, judged, (at, place), together, rule, now)
                numbers.append(plain)
    return with_overrides(numbers, overrides, now=now)


def with_overrides(
    numbers: Iterable[Number], overrides: Iterable[Override], *, now: datetime
) -> list[Number]:
    """The numbers, with those of people where there are any.

    An override in force is published as it is. One that has expired counts until it is judged, as
    the more conservative of it and what would be published without it.
    """
    by_cell = {override.cell: override for override in overrides}
    answer: list[Number] = []
    for number in numbers:
        override = by_cell.get(number.cell)
        if override is None:
            answer.append(number)
            continue
        size = override.var if number.measure == "var" else override.es
        until = instant_text(override.expires)
        if override.in_force(now):
            why = f"override {override.seq} by {override.actor} until {until}: {override.reason}"
            answer.append(replace(number, state="OVERRIDDEN", published=size, why=why))
        else:
            higher = size if number.published is None else max(size, number.published)
            why = (
                f"{number.why}; override {override.seq} expired at {until}: the more conservative "
                f"of it ({size:.4%}) and the model stands until it is judged"
            )
            state = "ALERT" if number.state == "PUBLISHED" else number.state
            answer.append(replace(number, state=state, published=higher, why=why))
    return answer


def _by_role(
    forecasts: pd.DataFrame,
) -> tuple[list[Cell], dict[str, NDArray[np.float64]], dict[str, str]]:
    """Cells in order, (cell, measure) arrays of each role, and the model behind each role."""
    columns = [forecasts[name] for name in ("portfolio", "alpha", "horizon", "role", "model")]
    values = forecasts[list(MEASURES)].to_numpy(dtype=np.float64)
    rows = [
        ((str(portfolio), float(alpha), int(horizon)), str(role), str(model))
        for portfolio, alpha, horizon, role, model in zip(*columns, strict=True)
    ]
    cells = sorted({row[0] for row in rows}, key=lambda cell: (cell[0], cell[2], cell[1]))
    place = {cell: at for at, cell in enumerate(cells)}
    roles = {
        role: np.full((len(cells), len(MEASURES)), np.nan)
        for role in ("champion", "legacy", "fallback")
    }
    names: dict[str, str] = {}
    for (cell, role, model), pair in zip(rows, values, strict=True):
        if role in roles:
            roles[role][place[cell]] = pair
            names[role] = model
    return cells, roles, names


def _stacked(
    past: Mapping[Cell, NDArray[np.float64]], cells: Sequence[Cell], sessions: int
) -> NDArray[np.float64]:
    """Past numbers of all cells, aligned at their last session; NaN before a cell began."""
    stacked = np.full((sessions, len(cells), len(MEASURES)), np.nan)
    for at, cell in enumerate(cells):
        known = past.get(cell, np.empty((0, len(MEASURES))))[-sessions:]
        stacked[sessions - len(known) :, at] = known
    return stacked


def _together(
    judged: Judgement, rows: Sequence[int], cells: Sequence[Cell], rule: GuardrailRule
) -> str:
    """Reason why all numbers of a book are held, of its first number that is; else empty."""
    for at in rows:
        for place, measure in enumerate(MEASURES):
            if judged.light[at, place] == HELD:
                return f"{_label(measure, cells[at][1])} {_unusual(judged, (at, place), rule)}"
    return ""


def _guarded(
    number: Number,
    judged: Judgement,
    at: tuple[int, int],
    together: str,
    rule: GuardrailRule,
    now: datetime,
) -> Number:
    light = judged.light[at]
    if together or light == HELD:
        by = instant_text(now + timedelta(hours=rule.deadline_hours))
        second = number.fallback if number.fallback is not None else number.norm
        higher = max((one for one in (number.model, second) if one is not None), default=None)
        why = (
            f"{together}, and GJR-FHS does not confirm it "
            f"({rule.corroborated_from:g} to {rule.corroborated_to:g} of it would); "
            f"the higher number stands until a person decides"
        )
        return replace(number, state="HOLD", published=higher, why=why, deadline=by)
    published = _known(judged.published[at])
    if light == USUAL:
        return replace(number, state="PUBLISHED", published=published, why="usual")
    if light == NOT_COMPUTABLE:
        why = (
            f"not_computable: {judged.norm.known[at]} past sessions, {rule.minimum} make a norm; "
            f"the higher of model and fallback stands"
        )
    else:
        why = f"{_label(number.measure, number.alpha)} {_unusual(judged, at, rule)}; GJR-FHS agrees"
    return replace(number, state="ALERT", published=published, why=why)


def _unusual(judged: Judgement, at: tuple[int, int], rule: GuardrailRule) -> str:
    norm = f"its norm {judged.norm.median[at]:.4%} of {judged.norm.known[at]} sessions"
    if judged.high[at]:
        return f"is above {rule.above:g} times {norm}"
    if judged.low[at]:
        return f"is below {rule.below:g} times {norm}"
    if judged.apart[at]:
        return f"is beyond {rule.apart_below:g} to {rule.apart_above:g} times GJR-FHS"
    if judged.frozen[at]:
        return f"has not moved for {rule.frozen} sessions"
    return "is missing"


def _label(measure: str, alpha: float) -> str:
    return f"{'VaR' if measure == 'var' else 'ES'} {100 * alpha:g}%"


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
