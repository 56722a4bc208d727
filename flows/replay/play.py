"""The replay itself: sessions in order, with what schedules, alarms and people do between them.

Every act goes through the functions that a live desk uses, and is done once: a replay that was
killed goes on with the session that it had not recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from flows.alerts import record_signals
from flows.clock import FixedClock
from flows.cycle import refused_signal, voices_of
from flows.daily import MODEL, SessionDone, SessionInputs, recorded_before, run_session
from flows.desk_history import DeskHistory
from flows.desk_settings import DeskSettings
from flows.flags import record_flag
from flows.ledger.champions import challenger_of, champion_of
from flows.ledger.ledger import Ledger
from flows.refusal import RefusedError
from flows.replay import people
from flows.replay.faults import too_small, widest_held
from flows.replay.script import Dates, Script
from flows.replay.stage import Stage
from flows.retrain import retrain
from flows.session_monitor import Monitors
from flows.settings import Settings
from flows.simulated import MARK
from flows.steps import Steps
from flows.terminal import Terminal
from flows.weekly import weekly_session
from flows.weeks import week_of

if TYPE_CHECKING:
    from flows.ledger.ledger import Transaction

MODELS = ("hs_250", "gjr_fhs", "gjr_evt", "linear", "mlp", "combined")
"""Models of a retrain: the legacy, the bar, and what is learned."""
_MORNING = timedelta(hours=7)

Say = Callable[[str], None]


@dataclass(slots=True)
class Play:
    """A replay under way.

    Attributes
    ----------
    stage : Stage
    script : Script
    dates : Dates
    ledger : Ledger
        Of the replay's own state root, on ``clock``.
    clock : FixedClock
    desk : DeskSettings
    say : callable
        Told of what happens, one line each.
    """

    stage: Stage
    script: Script
    dates: Dates
    ledger: Ledger
    clock: FixedClock
    desk: DeskSettings
    say: Say
    _history: DeskHistory | None = None
    _before: dict[str, Monitors] | None = None
    _reign: int | None = None

    @property
    def root(self) -> Path:
        """State root of the replay."""
        return self.stage.root

    def begin(self, first: pd.Timestamp) -> None:
        """Before the first session: accounts, a first version, and its promotion."""
        with self.ledger.reading() as tx:
            if tx.last("session") is not None:
                return
        self.clock.set(self.stage.closed(first) - timedelta(days=1))
        with self.ledger.transaction() as tx:
            people.made_known(tx)
        self._retrain(first - pd.Timedelta(days=1), "hand", {"reason": "first version"})
        self._promote("the first version, on its backtest")

    def session(self, as_of: pd.Timestamp) -> SessionDone | None:
        """One session and everything that follows from it before the next; None if refused."""
        if (told := self._told(as_of)) is not None:
            return told
        self.clock.set(self.stage.closed(as_of))
        try:
            done = self._recorded(as_of)
        except RefusedError as refusal:
            with self.ledger.transaction() as tx:
                record_signals(tx, [refused_signal(as_of, str(refusal))], actor="scheduler")
            self.say(str(refusal))
            return None
        self.clock.set(datetime.combine(as_of + pd.Timedelta(days=1), datetime.min.time(), UTC))
        self.clock.advance(_MORNING)
        self._veto(as_of, done)
        if as_of == self.dates.override:
            self._override(done)
        for trigger in done.triggers:
            self._retrain(as_of, trigger.cause, trigger.evidence)
        if as_of in self.dates.schedule:
            self._retrain(as_of, "schedule", {})
        self._promote_if_wanted(done)
        if as_of in self.dates.week_ends:
            self._hold_weekly(as_of, done)
        return done

    def _told(self, as_of: pd.Timestamp) -> SessionDone | None:
        """What came of a session after which another was recorded: all that followed was done.

        To decide once more would be to decide by what came later.
        """
        with self.ledger.reading() as tx:
            known = tx.last("session", as_of=f"{as_of:%Y-%m-%d}")
            last = tx.last("session")
        if known is None or last is None or known["seq"] == last["seq"]:
            return None
        return recorded_before(known)

    def _recorded(self, as_of: pd.Timestamp) -> SessionDone:
        with self.ledger.reading() as tx:
            known = tx.last("session", as_of=f"{as_of:%Y-%m-%d}")
            voices, _, spoke = voices_of(tx, self.root, self.stage.serving)
            reign = champion_of(tx, MODEL).generation
            if self._history is None and known is None:
                self._history = DeskHistory.read(
                    tx, alphas=self.stage.alphas, before=f"{as_of:%Y-%m-%d}"
                )
        if known is not None:
            return recorded_before(known)
        serving, health = self.stage.serving, {"checked": self.stage.serving.health["checked"]}
        if as_of in self.dates.data_fault:
            serving = self.stage.at_fault(
                as_of,
                instrument=widest_held(serving.market.portfolios),
                dates=[day for day in self.dates.data_fault if day <= as_of],
                factor=self.script.unit,
            )
            health = dict(serving.health)
        drift = self.stage.drift(as_of) if as_of in self.dates.drift else ()
        inputs = serving.inputs(as_of, voices, spoke=spoke, drift=drift, health=health)
        inputs = self._faulted(as_of, inputs)
        done = run_session(
            replace(inputs, snapshot=self.stage.serving.market.snapshot),
            ledger=self.ledger,
            desk=self.desk,
            history=self._history,
            before=self._before if reign == self._reign else None,
        )
        self._before, self._reign = dict(done.monitors), reign
        return done

    def _faulted(self, as_of: pd.Timestamp, inputs: SessionInputs) -> SessionInputs:
        version = self._version_at_fault(as_of)
        if version is None:
            return inputs
        return too_small(inputs, version=version, factor=self.script.scale)

    def _version_at_fault(self, as_of: pd.Timestamp) -> int | None:
        """The champion in office when the fault was planted, until it is vetoed."""
        if as_of < self.dates.model_fault:
            return None
        planted = f"{self.dates.model_fault:%Y-%m-%d}"
        with self.ledger.reading() as tx:
            office = [row for row in tx.rows("champion", model=MODEL) if row["at"][:10] <= planted]
            if not office or office[-1]["version"] is None:
                return None
            version = office[-1]["version"]
            return None if tx.last("veto", version=version) else version

    def _veto(self, as_of: pd.Timestamp, done: SessionDone) -> None:
        """The validator vetoes the version at fault once the monitor calls a book degraded."""
        version = self._version_at_fault(as_of)
        degraded = {
            name: one["reasons"]
            for name, one in done.summary["monitor"]["books"].items()
            if one["degraded"]
        }
        if version is None or not degraded:
            return
        with self.ledger.reading() as tx:
            (row,) = tx.rows("version", seq=version)
        book, reasons = next(iter(degraded.items()))
        now = people.vetoed(self.ledger, row["number"], why=f"{book}: {reasons[0]}")
        self.say(f"veto of version {row['number']}; {now}")

    def _override(self, done: SessionDone) -> None:
        """The approver puts a more conservative number in place of the widest one for a day."""
        with self.ledger.reading() as tx:
            if tx.last("override") is not None:
                return
        pairs: dict[str, dict[str, float | str]] = {}
        for number in done.summary["numbers"]:
            if number["alpha"] == max(self.stage.alphas):
                about = {"portfolio": number["portfolio"], "alpha": number["alpha"]}
                pairs.setdefault(number["portfolio"], about)[number["measure"]] = number[
                    "published"
                ]
        widest = max(pairs.values(), key=lambda pair: pair["es"])
        put = people.overridden(
            self.ledger,
            widest,
            factor=self.script.override_factor,
            why="an event that no model has seen",
            desk=self.desk,
        )
        self.say(f"override of {put}")

    def _retrain(self, as_of: pd.Timestamp, cause: str, evidence: Mapping[str, Any]) -> None:
        serving = self.stage.serving
        made = retrain(
            Settings(
                data=self.stage.directory,
                as_of=as_of.date(),
                portfolios=tuple(history.name for history in serving.plan.judged),
                alphas=self.stage.alphas,
                models=MODELS,
            ),
            root=self.root,
            steps=Steps(Terminal(quiet=True)),
            cause=cause,
            evidence=evidence,
            clock=self.clock,
        )
        if made.fresh:
            self.say(f"version {made.version} trained because of {cause}")

    def _promote_if_wanted(self, done: SessionDone) -> None:
        """Where nobody is champion, or the shadow advises it, the challenger is put forward."""
        shadow = done.summary["shadow"]
        advised = shadow and shadow["role"] == "challenger"
        if people.champion_number(self.ledger) is None:
            self._promote("no champion is in office")
        elif advised and shadow["advice"]["advice"] == "promote":
            self._promote(shadow["advice"]["reason"])

    def _promote(self, why: str) -> None:
        """Put the challenger forward, once."""
        with self.ledger.reading() as tx:
            challenger = challenger_of(tx, MODEL)
            if challenger is None or tx.last("request", version=challenger["seq"]) is not None:
                return
        done, told = people.promoted(
            self.ledger, self.root, challenger["number"], why=why, desk=self.desk
        )
        self.say(told if done else f"not promoted: {told}")

    def _hold_weekly(self, as_of: pd.Timestamp, done: SessionDone) -> None:
        """The requester flags the week's exceedances, and the calibration session is held."""
        saturday = as_of + pd.Timedelta(days=5 - as_of.dayofweek)
        self.clock.set(datetime.combine(saturday, datetime.min.time(), UTC))
        self.clock.advance(_MORNING)
        self._flag(as_of, done)
        weekly_session(self.ledger, self.root, desk=self.desk, week=week_of(as_of.date()))

    def _flag(self, as_of: pd.Timestamp, done: SessionDone) -> None:
        monday = f"{as_of - pd.Timedelta(days=as_of.dayofweek):%Y-%m-%d}"
        alpha = self.desk.feedback.alpha
        with self.ledger.transaction() as tx:
            history = self._history or DeskHistory.read(
                tx, alphas=self.stage.alphas, before=f"{as_of + pd.Timedelta(days=1):%Y-%m-%d}"
            )
            level = history.alphas.index(alpha)
            for book, record in history.books.items():
                said = record.said.get(str(done.summary["model"]))
                if said is None:
                    continue
                week = list(zip(record.targets, record.pnl, said, strict=True))[-5:]
                for target, pnl, numbers in week:
                    exceeded = -pnl > numbers[0, level]
                    about = {"actor": people.REQUESTER.user, "portfolio": book}
                    if target < monday or not exceeded or _flagged(tx, date=target, **about):
                        continue
                    record_flag(
                        tx,
                        **about,
                        session=target,
                        reason=f"{MARK}: lost {-pnl:.2%}, VaR {numbers[0, level]:.2%}",
                        alpha=alpha,
                    )


def _flagged(tx: Transaction, *, actor: str, portfolio: str, date: str) -> bool:
    """Whether a person flagged a call before."""
    return any(row["actor"] == actor for row in tx.rows("flag", portfolio=portfolio, date=date))
