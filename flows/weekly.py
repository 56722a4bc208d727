"""The weekly calibration session: looks back on a week, judges flags, draws, writes the page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.clock import instant_text
from flows.desk_settings import DeskSettings
from flows.feedback import refuse_misdrawn
from flows.flag_blocks import assign_blocks
from flows.flag_verdicts import judge_flags
from flows.ledger.jobs import effect_of, running
from flows.outputs import json_bytes, write_whole
from flows.settings import canonical_digest
from flows.simulated import banner
from flows.week_review import reviewed_flags, reviewed_learning, reviewed_week
from flows.weekly_page import render_week
from flows.weeks import closed_week

if TYPE_CHECKING:
    from flows.ledger.jobs import Run
    from flows.ledger.ledger import Ledger, Transaction

JOB = "weekly"


@dataclass(frozen=True, slots=True)
class WeeklyDone:
    """What came of a calibration session.

    Attributes
    ----------
    week : str
        ISO week.
    content : mapping
        Everything the page shows, as plain values.
    page, json : Path
        The files.
    fresh : bool
        False where the session was held before.
    """

    week: str
    content: Mapping[str, Any]
    page: Path
    json: Path
    fresh: bool

    def as_dict(self) -> dict[str, Any]:
        """Plain values, as they go into JSON."""
        files = {"page": str(self.page), "json": str(self.json)}
        return {**self.content, "files": files, "fresh": self.fresh}


def weekly_session(
    ledger: Ledger,
    root: Path,
    *,
    desk: DeskSettings,
    week: str | None = None,
    actor: str = "scheduler",
) -> WeeklyDone:
    """Hold the session of a week, once for each week and settings of flags.

    Every flag whose outcome is in gets its verdict, every flagged week its arm, and the page is
    written. A week without sessions or flags has its page, too, and says so.

    Parameters
    ----------
    ledger : Ledger
    root : Path
        State root; the page is ``documents/sessions/WEEK.html``, JSON beside it.
    desk : DeskSettings
    week : str, optional
        ISO week whose weekdays are over; by default the last one.
    actor : str

    Raises
    ------
    RefusedError
        If the week is not over, or an arm in the ledger was not drawn.
    AlreadyRunningError
        If the session is being held at this moment.
    """
    key_of = canonical_digest(desk.feedback.model_dump(mode="json"))
    with ledger.reading() as tx:
        week = closed_week(tx.now, week)
        before = effect_of(tx, JOB, f"{week}:{key_of}")
    if before is not None:
        return _filed(root, week, before["summary"], fresh=False)
    with running(ledger, JOB, f"{week}:{key_of}") as run, ledger.transaction() as tx:
        content = _held(tx, run, week, desk, actor=actor)
        return _filed(root, week, content, fresh=True)


def _held(
    tx: Transaction, run: Run, week: str, desk: DeskSettings, *, actor: str
) -> dict[str, Any]:
    rule = desk.feedback
    refuse_misdrawn(tx)
    verdicts = judge_flags(tx, rule=rule, actor=actor)
    assignments = assign_blocks(tx, actor=actor)
    content = {
        "schema": "foreshock.weekly/1",
        "at": instant_text(tx.now),
        "rule": rule.model_dump(mode="json"),
        **reviewed_week(tx, week, rule=rule),
        "flags": reviewed_flags(tx, fresh=[one["flag"] for one in verdicts]),
        "assignments": assignments,
        "learning": reviewed_learning(tx, rule=rule),
    }
    run.commit(tx, sha256=canonical_digest(content), summary=content)
    return content


def _filed(root: Path, week: str, content: Mapping[str, Any], *, fresh: bool) -> WeeklyDone:
    """The files of a session; they are whole before its effect is seen, and made again if gone."""
    folder = root / "documents" / "sessions"
    page, data = folder / f"{week}.html", folder / f"{week}.json"
    if fresh or not page.exists():
        write_whole(page, render_week(content, banner=banner(root)).encode())
    if fresh or not data.exists():
        write_whole(data, json_bytes(dict(content)))
    return WeeklyDone(week, content, page, data, fresh)
