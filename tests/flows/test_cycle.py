"""The daily job: one effect however often it is started, by the best version that is whole."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from flows import cycle as module
from flows.clock import FixedClock
from flows.cycle import STEPS, UNFIT, cycle, session_key, session_line, spoke_last
from flows.daily import MODEL, SessionDone
from flows.desk_settings import DeskSettings
from flows.held_models import CHAMPION_DAMAGED
from flows.ingest import Ingested, ingest
from flows.ledger.champions import move
from flows.ledger.ledger import Ledger
from flows.notifiers import LogFile, Message, UndeliveredError
from flows.refusal import BlockedError, RefusedError
from flows.serving import Serving, made_ready
from flows.steps import Steps
from flows.terminal import Terminal
from flows.units import UnitStore
from tests.flows.recorded_version import record_version
from tests.flows.served_model import save_served
from validation.guardrail import GuardrailRule

pytestmark = pytest.mark.slow  # a market is made ready, once for all of them

DESK = DeskSettings()
TUESDAY, WEDNESDAY, THURSDAY, FRIDAY = pd.bdate_range("2021-12-28", "2021-12-31")


class Spoken(Steps):
    """Steps that keep their names and what was said between them."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.said: list[str] = []

        def recorder(name: str, work: Any) -> Any:
            self.names.append(name)
            return work()

        super().__init__(Terminal(quiet=True), recorder)

    def say(self, text: str) -> None:
        self.said.append(text)


@pytest.fixture(scope="module")
def units(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fits of the tiny market."""
    return tmp_path_factory.mktemp("units") / "units.db"


@pytest.fixture(scope="module")
def market(tiny_market: Path, units: Path) -> tuple[Ingested, Serving]:
    """The tiny market, ready for its last week: one look at it answers for every session."""
    found = ingest(tiny_market)
    with UnitStore(units) as store:
        serving = made_ready(found, alphas=DESK.monitor.alphas, units=store, since=TUESDAY)
    return found, serving


@pytest.fixture
def quick(market: tuple[Ingested, Serving], monkeypatch: pytest.MonkeyPatch) -> None:
    """Sessions that do not read the market anew, and measure no drift."""
    found, serving = market
    monkeypatch.setattr(module, "ingested", lambda steps, *_: steps("ingest", lambda _: found))
    monkeypatch.setattr(module, "made_ready", lambda *_, **__: serving)
    monkeypatch.setattr(module, "drift", lambda *_, **__: {"rows": []})
    monkeypatch.setattr(module, "reconcile", lambda *_, **__: [])


@dataclass
class Desk:
    """A desk whose sessions are done one after the other."""

    root: Path
    data: Path
    clock: FixedClock = field(
        default_factory=lambda: FixedClock(datetime(2021, 12, 27, tzinfo=UTC))
    )

    def do(self, as_of: pd.Timestamp, steps: Steps | None = None) -> SessionDone:
        """The session of an as-of, half an hour after ten in the evening."""
        self.clock.set(datetime.combine(as_of.date(), datetime.min.time(), UTC).replace(hour=22))
        return cycle(
            root=self.root,
            desk=DESK,
            steps=steps or Spoken(),
            data=self.data,
            as_of=as_of,
            clock=self.clock,
        )

    def promote(self, number: int, *, served: bool = True) -> int:
        """Record a version and make it champion."""
        ledger = Ledger.open(self.root, clock=self.clock)
        seq = record_version(ledger, self.root, number=number, seed=number, served=served)
        with ledger.transaction() as tx:
            # A promotion takes two people; who may promote is tested where they decide.
            move(tx, MODEL, to=seq, cause="rollback", after=number - 1, actor="ada", reason="test")
        ledger.close()
        return seq

    def rows(self, kind: str, /, **equal: Any) -> list[dict[str, Any]]:
        ledger = Ledger.open(self.root, clock=self.clock)
        try:
            assert ledger.verify() == []
            with ledger.reading() as tx:
                return tx.rows(kind, **equal)
        finally:
            ledger.close()

    def spoiled(self, number: int) -> None:
        """One bit of a version's weights is another."""
        (file,) = (self.root / "runs" / f"made-{number}" / "weights").glob("*.safetensors")
        content = bytearray(file.read_bytes())
        content[-1] ^= 1
        file.write_bytes(content)

    def roles(self) -> set[tuple[str, str]]:
        """Who spoke in the last session, by role and model."""
        from sqlalchemy import select

        from flows.ledger.schema import forecast

        ledger = Ledger.open(self.root, clock=self.clock)
        with ledger.reading() as tx:
            session = tx.rows("session")[-1]["seq"]
            query = select(forecast.c.role, forecast.c.model).where(forecast.c.session == session)
            found = {(row.role, row.model) for row in tx.connection.execute(query)}
        ledger.close()
        return found


STATED = {("legacy", "hs_250"), ("fallback", "gjr_fhs")}


@pytest.fixture
def desk(tracked_root: Path, tiny_market: Path) -> Desk:
    return Desk(tracked_root, tiny_market)


@pytest.fixture
def fitting(market: tuple[Ingested, Serving], monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Versions that read the panel of the tiny market."""
    panel = market[1].panel
    fits = partial(save_served, own=panel.own, shared=panel.shared)
    with monkeypatch.context() as patched:
        patched.setattr("tests.flows.recorded_version.save_served", fits)
        yield


def test_a_session_from_the_market_to_the_ledger(desk: Desk, units: Path, market: object) -> None:
    """Nothing is stood in for here but fits that were made before."""
    shutil.copy(units, desk.root / "units.db")
    steps = Spoken()
    done = desk.do(FRIDAY, steps)
    assert steps.names == ["ingest", "forecast", "drift", "serve", "session"]
    assert len(steps.names) == STEPS
    assert (done.fresh, done.as_of, done.summary["standing"]) == (True, "2021-12-31", "legacy")
    assert desk.roles() == STATED
    assert (desk.root / "sessions" / "2021-12-31" / "drift.json").is_file()
    (effect,) = desk.rows("effect", job="daily")
    assert (effect["key"], effect["summary"]["session"]) == (session_key(FRIDAY, DESK), done.seq)


@pytest.mark.usefixtures("quick")
def test_a_second_call_says_it_was_done_and_records_nothing(desk: Desk) -> None:
    first = desk.do(TUESDAY)
    before, steps = desk.rows("run"), Spoken()
    again = desk.do(TUESDAY, steps)
    assert steps.names == []
    assert (first.fresh, again.fresh) == (True, False)
    assert (again.seq, again.as_of) == (first.seq, "2021-12-28")
    assert again.summary == first.summary
    assert desk.rows("run") == before
    assert len(desk.rows("session")) == 1


@pytest.mark.usefixtures("quick")
def test_ten_schedules_at_once_have_one_effect(desk: Desk) -> None:
    desk.do(TUESDAY)

    def one(_: int) -> SessionDone | BlockedError:
        try:
            return desk.do(WEDNESDAY)
        except BlockedError as block:
            return block

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(one, range(10)))
    done = [answer for answer in answers if isinstance(answer, SessionDone)]
    assert sum(answer.fresh for answer in done) == 1
    assert len({answer.seq for answer in done}) == 1
    assert [row["as_of"] for row in desk.rows("session")] == ["2021-12-28", "2021-12-29"]
    assert len(desk.rows("effect", job="daily")) == 2
    assert desk.do(WEDNESDAY).seq == done[0].seq


@pytest.mark.usefixtures("quick")
def test_the_session_before_the_last_is_refused_and_leaves_no_effect(desk: Desk) -> None:
    desk.do(THURSDAY)
    with pytest.raises(RefusedError, match="2021-12-29 lies before the last session, 2021-12-30"):
        desk.do(WEDNESDAY)
    assert [row["as_of"] for row in desk.rows("session")] == ["2021-12-30"]
    assert [row["status"] for row in desk.rows("run_end")] == ["done"]
    assert desk.rows("alert", kind="session_refused") == []  # a mistyped date is nobody's alarm


@pytest.mark.usefixtures("quick")
def test_a_day_without_numbers_is_an_alert_until_there_are_some(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> Any:
        raise RefusedError("portfolios: no book passed the feed gate.\nPut one there.")

    with monkeypatch.context() as patched:
        patched.setattr(module, "made_ready", refuse)
        for _ in range(2):
            with pytest.raises(RefusedError, match="no book passed"):
                desk.do(TUESDAY)
    (alert,) = desk.rows("alert", kind="session_refused")
    assert alert["message"] == "No session of 2021-12-28: portfolios: no book passed the feed gate."
    assert "No session of 2021-12-28" in (desk.root / "alerts.log").read_text()
    desk.do(WEDNESDAY)
    (clear,) = desk.rows("alert", kind="all_clear", subject=alert["key"])
    assert clear["at"].startswith("2021-12-29")


def test_other_settings_are_another_session() -> None:
    other = DESK.model_copy(update={"guardrail": GuardrailRule(above=3.0)})
    assert session_key(TUESDAY, DESK) != session_key(TUESDAY, other)
    assert session_key(TUESDAY, DESK) != session_key(WEDNESDAY, DESK)
    assert session_key(TUESDAY, DESK) == session_key(TUESDAY + pd.Timedelta(hours=9), DESK)


@pytest.mark.usefixtures("quick", "fitting")
def test_the_version_that_fits_the_panel_speaks_from_its_promotion_on(desk: Desk) -> None:
    assert desk.do(TUESDAY).summary["standing"] == "legacy"
    version = desk.promote(1)
    done = desk.do(WEDNESDAY)
    assert (done.summary["standing"], done.summary["model"]) == ("champion", "linear")
    assert done.summary["champion"] == 1
    assert desk.roles() == STATED | {("champion", "linear")}
    assert desk.rows("alert", kind=CHAMPION_DAMAGED) == []
    ledger = Ledger.open(desk.root)
    with ledger.reading() as tx:
        assert spoke_last(tx) == {version}
    ledger.close()


@pytest.mark.usefixtures("quick", "fitting")
def test_a_challenger_speaks_beside_the_legacy_before_anybody_is_promoted(desk: Desk) -> None:
    ledger = Ledger.open(desk.root, clock=desk.clock)
    record_version(ledger, desk.root, served=True)
    ledger.close()
    assert desk.do(TUESDAY).summary["standing"] == "legacy"
    assert desk.roles() == STATED | {("challenger", "linear")}


@pytest.mark.usefixtures("quick")
def test_a_version_of_another_panel_is_named_and_not_served(desk: Desk) -> None:
    desk.promote(1)  # knows two features of its own
    done = desk.do(TUESDAY)
    assert done.summary["standing"] == "fallback"
    assert desk.roles() == STATED
    (alert,) = desk.rows("alert", kind=UNFIT)
    assert alert["severity"] == "critical"
    assert "version 1, champion, is not served: panel: " in alert["message"]
    assert "or retrain" in alert["message"]


@pytest.mark.usefixtures("quick", "fitting")
def test_altered_weights_are_never_served(desk: Desk) -> None:
    """The last good version answers, then the fallback; the desk is told, once each."""
    desk.promote(1)
    desk.promote(2)
    assert desk.do(TUESDAY).summary["champion"] == 2
    desk.spoiled(2)
    done = desk.do(WEDNESDAY)
    (alert,) = desk.rows("alert", kind=CHAMPION_DAMAGED)
    assert alert["severity"] == "critical"
    assert "version 1, champion before, is served in place of the champion" in alert["message"]
    assert "linear.safetensors" in alert["message"]
    spoke = {row["version"] for row in forecasts(desk, done.seq, role="champion")}
    assert spoke == {desk.rows("version", number=1)[0]["seq"]}
    desk.spoiled(1)
    assert desk.do(THURSDAY).summary["standing"] == "fallback"
    assert desk.roles() == STATED
    assert len(desk.rows("alert", kind=CHAMPION_DAMAGED)) == 1  # the same episode goes on


def forecasts(desk: Desk, session: int, *, role: str) -> list[dict[str, Any]]:
    from sqlalchemy import select

    from flows.ledger.schema import forecast

    ledger = Ledger.open(desk.root)
    with ledger.reading() as tx:
        query = select(forecast).where(forecast.c.session == session, forecast.c.role == role)
        found = [dict(row) for row in tx.connection.execute(query).mappings()]
    ledger.close()
    return found


class Deaf:
    """A target that takes nothing while it is deaf."""

    name = "deaf"
    deaf = True

    def __init__(self) -> None:
        self.heard: list[Message] = []

    def send(self, message: Message) -> None:
        if self.deaf:
            raise UndeliveredError("deaf: the other side did not take it.")
        self.heard.append(message)


@pytest.mark.usefixtures("quick")
def test_an_alert_that_did_not_arrive_is_said_and_told_by_the_next_call(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    deaf = Deaf()
    monkeypatch.setattr(module, "notifiers", lambda root: [LogFile(root / "alerts.log"), deaf])
    desk.promote(1)  # does not fit, so that there is something to tell
    steps = Spoken()
    desk.do(TUESDAY, steps)
    (alert,) = desk.rows("alert")
    assert steps.said == ["1 alerts did not arrive; the next session tries again."]
    assert alert["key"] in (desk.root / "alerts.log").read_text()
    deaf.deaf, steps = False, Spoken()
    desk.do(TUESDAY, steps)
    assert steps.said == []
    assert [message.key for message in deaf.heard] == [alert["key"]]


def test_a_session_in_one_line() -> None:
    number = {"deadline": None}
    books = {"fx": {"degraded": True}, "eq": {"degraded": False}}
    summary = {"standing": "champion", "model": "combined", "regime": "crisis"}
    summary |= {"numbers": [number, {"deadline": "soon"}], "monitor": {"books": books}}
    assert session_line(summary) == (
        "champion combined; 1 numbers on hold; degraded: fx; regime crisis"
    )
    calm = summary | {"numbers": [number], "monitor": {"books": {}}, "regime": None}
    assert session_line(calm) == "champion combined"
