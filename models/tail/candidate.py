"""A series with the statistical forecasts that the learned ones start from."""

from __future__ import annotations

from dataclasses import dataclass

from features.returns import History
from models.base import TailForecast


@dataclass(frozen=True, slots=True)
class Candidate:
    """One series with the statistical forecasts that the learned ones start from.

    Attributes
    ----------
    history : History
    fhs, evt : TailForecast
        ``gjr_fhs`` and ``gjr_evt`` at `models.tail.walk_forward.base_levels`, all candidates at
        one horizon. Over several sessions ``gjr_fhs_sqrt`` takes the place of ``gjr_evt``, which
        there says what ``gjr_fhs`` says.
    judged : bool
        Whether forecasts are wanted.
    trains : bool
        Whether the heads learn from it; a book that is judged never trains.
    teacher : TailForecast, optional
        The base that the heads learn from, where it is not ``fhs``: one session ahead, for a
        forecast of several. Spans of ten sessions that overlap hold a tenth of what as many
        single ones tell, and what a head says of a scale in units of sigma can be read off
        either.
    """

    history: History
    fhs: TailForecast
    evt: TailForecast
    judged: bool
    trains: bool
    teacher: TailForecast | None = None
