"""What was forecast for each book and what happened, session by session, as the ledger has it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from validation.monitoring import BookHistory

if TYPE_CHECKING:
    from flows.ledger.ledger import Transaction

FALLBACK = "gjr_fhs"
"""The baseline that every number is held against, and what a stop leaves."""

CHALLENGER = "challenger"
"""Name under which the challengers of the days stand in a history, one after the other."""

_ROLES = ("challenger", "fallback", "legacy", "champion")
"""Where two of the other roles said something of one model, the later of these counts."""


@dataclass(frozen=True, slots=True)
class Said:
    """One model's forecast of one book for the book's next session.

    Attributes
    ----------
    origin, target : str
        ISO dates.
    numbers : array of shape (measure, level)
        VaR and ES, losses positive; NaN where there is none.
    """

    origin: str
    target: str
    numbers: NDArray[np.float64]


@dataclass(slots=True)
class BookRecord:
    """One book's sessions, oldest first.

    Attributes
    ----------
    targets, origins : list of str
        ISO dates.
    pnl : list of float
        Realised simple return; NaN where it is not clean.
    said : dict of model, or `CHALLENGER`, to list of array of shape (measure, level)
    pits : dict of model, or `CHALLENGER`, to list of float
    """

    targets: list[str] = field(default_factory=list[str])
    origins: list[str] = field(default_factory=list[str])
    pnl: list[float] = field(default_factory=list[float])
    said: dict[str, list[NDArray[np.float64]]] = field(
        default_factory=dict[str, list[NDArray[np.float64]]]
    )
    pits: dict[str, list[float]] = field(default_factory=dict[str, list[float]])


class DeskHistory:
    """Forecasts beside outcomes of all books; grows by a session at a time.

    Parameters
    ----------
    alphas : sequence of float
        Confidence levels, ascending.
    """

    def __init__(self, alphas: Sequence[float]) -> None:
        self.alphas = tuple(alphas)
        self.books: dict[str, BookRecord] = {}
        self.pending: dict[str, dict[str, Said]] = {}

    @classmethod
    def read(cls, tx: Transaction, *, alphas: Sequence[float], before: str) -> DeskHistory:
        """Everything the ledger has of sessions before one; a later row is not looked at.

        Parameters
        ----------
        tx : Transaction
        alphas : sequence of float
        before : str
            As-of, an ISO date.
        """
        from sqlalchemy import select

        from flows.ledger.schema import RECORDED, forecast, outcome

        session = RECORDED["session"]
        sessions = tx.connection.execute(
            select(session.c.seq, session.c.as_of)
            .where(session.c.as_of < before)
            .order_by(session.c.as_of, session.c.seq)
        ).all()
        known = select(session.c.seq).where(session.c.as_of < before)
        by_session: dict[int, tuple[list[Any], list[Any]]] = {}
        for place, table in enumerate((forecast, outcome)):
            query = select(table).where(table.c.session.in_(known))
            for row in tx.connection.execute(query).mappings():
                by_session.setdefault(row["session"], ([], []))[place].append(row)
        history = cls(alphas)
        for seq, _ in sessions:
            forecasts, outcomes = by_session.get(seq, ([], []))
            for row in outcomes:
                history.happened(row["portfolio"], row["pnl"], row["pits"] or {})
            history.forecast(forecasts)
        return history

    @property
    def awaited(self) -> dict[str, str]:
        """Session, an ISO date, that each book's last forecast speaks of and that has not come."""
        return {book: next(iter(said.values())).target for book, said in self.pending.items()}

    def happened(self, portfolio: str, pnl: float | None, pits: Mapping[str, float | None]) -> None:
        """Hold what was forecast for a book's session against what came.

        Parameters
        ----------
        portfolio : str
        pnl : float or None
            Realised simple return; None or NaN where it is not clean.
        pits : mapping of model to float
        """
        waiting = self.pending.pop(portfolio, None)
        if not waiting:
            return
        record = self.books.setdefault(portfolio, BookRecord())
        one = next(iter(waiting.values()))
        nothing = np.full((2, len(self.alphas)), np.nan)
        rows = len(record.pnl)
        for model in {*record.said, *waiting}:
            said = record.said.setdefault(model, [nothing] * rows)
            said.append(waiting[model].numbers if model in waiting else nothing)
            shown = record.pits.setdefault(model, [float("nan")] * rows)
            pit = pits.get(model) if model in waiting else None
            shown.append(float("nan") if pit is None else pit)
        record.pnl.append(float("nan") if pnl is None else pnl)
        record.targets.append(one.target)
        record.origins.append(one.origin)

    def forecast(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Take in a session's forecasts, one row per book, role, model, level; one day ahead."""
        ranked = sorted(
            (row for row in rows if row["horizon"] == 1 and row["alpha"] in self.alphas),
            key=lambda row: _ROLES.index(row["role"]),
        )
        fresh: dict[str, dict[str, Said]] = {}
        for row in ranked:
            models = fresh.setdefault(row["portfolio"], {})
            key = CHALLENGER if row["role"] == CHALLENGER else row["model"]
            said = models.get(key)
            if said is None:
                nothing = np.full((2, len(self.alphas)), np.nan)
                said = models[key] = Said(row["origin"], row["target"], nothing)
            at = self.alphas.index(row["alpha"])
            said.numbers[:, at] = row["var"], row["es"]
        self.pending |= fresh

    def of(self, portfolio: str, model: str, *, since: str = "") -> BookHistory | None:
        """One book's history of one model beside the baseline's, as the monitor takes it.

        Parameters
        ----------
        portfolio, model : str
        since : str
            ISO date from which the version is in use; sessions with an earlier origin came before.

        Returns
        -------
        BookHistory or None
            None where the book has no outcome, or the model forecast none of its sessions.
        """
        record = self.books.get(portfolio)
        if record is None or model not in record.said:
            return None
        mine = np.stack(record.said[model])
        base = np.stack(record.said[FALLBACK]) if FALLBACK in record.said else mine * np.nan
        return BookHistory(
            alphas=self.alphas,
            pnl=np.array(record.pnl),
            var=mine[:, 0],
            es=mine[:, 1],
            baseline_var=base[:, 0],
            baseline_es=base[:, 1],
            pit=np.array(record.pits[model]),
            since=sum(origin < since for origin in record.origins),
        )
