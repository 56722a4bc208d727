"""What follows from a session of a replay: each act once, by the right person, in its order."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from flows.clock import FixedClock
from flows.desk_settings import DeskSettings
from flows.ledger.chain import bulk_digest
from flows.ledger.champions import move
from flows.ledger.ledger import Ledger
from flows.ledger.schema import forecast, outcome
from flows.refusal import RefusedError
from flows.replay import play as module
from flows.replay.play import MODELS, Play
from flows.replay.script import Script, dated
from flows.settings import Settings
from flows.simulated import MARK
from tests.flows.recorded_version import MODEL, record_version
from tests.flows.replay.small_stage import book_of, small_market, small_stage

SESSIONS = list(pd.bdate_range("2021-12-06", periods=20))  # to New Year's Eve
SCRIPT = Script(data_fault=0.1, model_fault=0.5, override=0.9)
FRIDAY = SESSIONS[4]


@pytest.fixture
def play(tmp_path: Path) -> Iterator[Play]:
    market = small_market()
    clock = FixedClock(datetime(2021, 12, 1, tzinfo=UTC))
    ledger = Ledger.open(tmp_path, clock=clock)
    stage = small_stage(tmp_path, market, book_of(market))
    dates = dated(SCRIPT, SESSIONS)
    yield Play(stage, SCRIPT, dates, ledger, clock, DeskSettings(), say=lambda _: None)
    ledger.close()


@pytest.fixture(autouse=True)
def retrained(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Settings, str, Any]]:
    """Retrains that were asked for; none is done."""
    asked: list[tuple[Settings, str, Any]] = []

    def told(settings: Settings, **given: Any) -> Any:
        asked.append((settings, given["cause"], given["evidence"]))
        return SimpleNamespace(fresh=True, version=len(asked))

    monkeypatch.setattr(module, "retrain", told)
    return asked


def recorded(play: Play, as_of: pd.Timestamp, *, pnl: float = 0.001, **more: Any) -> dict[str, Any]:
    """A session in the ledger: VaR 2% of two books for the next day, P&L of one today."""
    play.clock.set(play.stage.closed(as_of))
    following = as_of + pd.offsets.BDay(1)
    said = [
        {
            "portfolio": book,
            "role": role,
            "model": model,
            "version": None,
            "alpha": alpha,
            "horizon": 1,
            "origin": f"{as_of:%Y-%m-%d}",
            "target": f"{following:%Y-%m-%d}",
            "var": 0.02,
            "es": 0.03,
            "sigma": 0.01,
            "pit": None,
        }
        for book in ("all", "few")
        for role, model in (("legacy", "hs_250"), ("fallback", "gjr_fhs"))
        for alpha in (0.975, 0.99)
    ]
    came = [{"portfolio": "all", "target": f"{as_of:%Y-%m-%d}", "pnl": pnl, "pits": None}]
    summary: dict[str, Any] = {"standing": "legacy", "model": "hs_250", "champion": None}
    summary |= {"numbers": [], "monitor": {"books": {}}, "shadow": None, "regime": None}
    summary |= {"triggers": []} | more
    with play.ledger.transaction() as tx:
        seq = tx.append(
            "session",
            actor="scheduler",
            as_of=f"{as_of:%Y-%m-%d}",
            settings_sha256="0" * 64,
            forecasts_sha256=bulk_digest(said),
            outcomes_sha256=bulk_digest(came),
            summary=summary,
        )
        for table, rows in ((forecast, said), (outcome, came)):
            tx.connection.execute(table.insert(), [row | {"session": seq} for row in rows])
    return summary


def rows(play: Play, kind: str, /) -> list[dict[str, Any]]:
    with play.ledger.reading() as tx:
        return tx.rows(kind)


def head(play: Play) -> str:
    with play.ledger.reading() as tx:
        return tx.head


def number(book: str, measure: str, published: float, alpha: float = 0.99) -> dict[str, Any]:
    return {"portfolio": book, "measure": measure, "alpha": alpha, "published": published}


NUMBERS = [
    number("all", "var", 0.02),
    number("all", "es", 0.03),
    number("few", "var", 0.03),
    number("few", "es", 0.04),
    number("all", "es", 0.9, alpha=0.975),
]
DEGRADED = {"all": {"degraded": True, "reasons": ["too many exceedances"]}}


def test_the_first_version_is_trained_the_day_before_by_hand(
    play: Play, retrained: list[tuple[Settings, str, Any]]
) -> None:
    play.begin(SESSIONS[0])
    ((settings, cause, evidence),) = retrained
    assert f"{settings.as_of}" == "2021-12-05"
    assert (cause, evidence) == ("hand", {"reason": "first version"})
    assert (settings.portfolios, settings.models) == (("all",), MODELS)
    assert settings.data == play.stage.directory
    assert play.clock() == play.stage.closed(SESSIONS[0]) - timedelta(days=1)
    assert len(rows(play, "account")) == 4


def test_what_was_begun_is_not_begun_again(
    play: Play, retrained: list[tuple[Settings, str, Any]]
) -> None:
    recorded(play, SESSIONS[0])
    before = head(play)
    play.begin(SESSIONS[0])
    assert (head(play), retrained) == (before, [])


def test_a_session_after_which_another_was_recorded_sets_nothing_off(
    play: Play, retrained: list[tuple[Settings, str, Any]]
) -> None:
    """What it advised was decided then; now it would be decided by what came later."""
    at = SESSIONS[18]
    trigger = {"cause": "drift", "subject": "inputs", "evidence": {}}
    summary = recorded(play, at, numbers=NUMBERS, triggers=[trigger], monitor={"books": DEGRADED})
    recorded(play, SESSIONS[19])
    before = head(play)
    told = play.session(at)
    assert told is not None
    assert (told.fresh, told.summary) == (False, summary)
    assert (head(play), retrained) == (before, [])


def test_alarms_and_the_quarter_retrain_as_of_the_session(
    play: Play, retrained: list[tuple[Settings, str, Any]]
) -> None:
    trigger = {"cause": "regime", "subject": "crisis", "evidence": {"from": "low"}}
    recorded(play, SESSIONS[1], triggers=[trigger])
    play.session(SESSIONS[1])
    ((settings, cause, evidence),) = retrained
    assert (f"{settings.as_of}", cause, evidence) == ("2021-12-07", "regime", {"from": "low"})
    play.dates = dated(SCRIPT, [pd.Timestamp("2021-09-30"), *SESSIONS[2:]])
    recorded(play, SESSIONS[2])
    play.session(SESSIONS[2])
    assert [cause for _, cause, _ in retrained] == ["regime", "schedule"]


def test_the_widest_number_is_overridden_once_on_its_day(play: Play) -> None:
    recorded(play, SESSIONS[17], numbers=NUMBERS)
    play.session(SESSIONS[17])
    assert rows(play, "override") == []
    recorded(play, SESSIONS[18], numbers=NUMBERS)
    for _ in range(2):
        play.session(SESSIONS[18])
    (override,) = rows(play, "override")
    assert (override["portfolio"], override["alpha"]) == ("few", 0.99)
    assert (override["var"], override["es"]) == pytest.approx((1.25 * 0.03, 1.25 * 0.04))
    assert override["reason"].startswith(MARK)
    assert override["at"][:13] == "2021-12-31T07"  # the morning after


def in_office(play: Play) -> int:
    """A version that becomes champion before the first session."""
    version = record_version(play.ledger, play.root)
    with play.ledger.transaction() as tx:
        move(tx, MODEL, to=version, cause="rollback", after=0, actor="replay-x", reason="it is")
    return version


def test_the_version_at_fault_is_vetoed_once_a_book_is_degraded(play: Play) -> None:
    version = in_office(play)
    recorded(play, SESSIONS[9], monitor={"books": DEGRADED})  # a session before the fault
    play.session(SESSIONS[9])
    recorded(play, SESSIONS[10])  # at fault, and nobody has noticed
    play.session(SESSIONS[10])
    assert rows(play, "veto") == []
    recorded(play, SESSIONS[11], monitor={"books": DEGRADED})
    for _ in range(2):
        play.session(SESSIONS[11])
    (veto,) = rows(play, "veto")
    assert (veto["version"], veto["actor"]) == (version, "replay-validator")
    assert veto["reason"] == f"{MARK}: all: too many exceedances"
    assert veto["at"][:13] == "2021-12-22T07"


def test_where_nobody_was_in_office_nobody_is_vetoed(play: Play) -> None:
    recorded(play, SESSIONS[11], monitor={"books": DEGRADED})
    play.session(SESSIONS[11])
    assert rows(play, "veto") == []


def test_the_weeks_exceedances_are_flagged_once_and_its_session_is_held(play: Play) -> None:
    losses = (0.001, -0.05, -0.0199, -0.021, -0.02)  # of a VaR of 2%, strictly beyond it
    for at, pnl in enumerate(losses):
        recorded(play, SESSIONS[at], pnl=pnl)
    assert rows(play, "flag") == []
    for _ in range(2):
        play.session(FRIDAY)
    flags = rows(play, "flag")
    assert [(flag["portfolio"], flag["date"]) for flag in flags] == [
        ("all", "2021-12-07"),
        ("all", "2021-12-09"),
    ]
    assert flags[0]["reason"] == f"{MARK}: lost 5.00%, VaR 2.00%"
    assert {flag["actor"] for flag in flags} == {"replay-requester"}
    assert (play.root / "documents" / "sessions" / "2021-W49.html").is_file()
    assert play.ledger.verify() == []


def test_last_weeks_exceedances_are_not_flagged_again(play: Play) -> None:
    for at, pnl in enumerate((0.001, -0.05)):
        recorded(play, SESSIONS[at], pnl=pnl)
    play.session(SESSIONS[1])  # not the end of a week
    for at in range(2, 10):
        recorded(play, SESSIONS[at])
    play.session(SESSIONS[9])
    assert rows(play, "flag") == []


def test_a_day_without_a_forecast_is_told_and_the_next_goes_on(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Play, as_of: pd.Timestamp) -> Any:
        raise RefusedError(f"as_of {as_of:%Y-%m-%d}: no book can be forecast.")

    monkeypatch.setattr(Play, "_recorded", refuse)
    assert play.session(SESSIONS[18]) is None
    with play.ledger.reading() as tx:
        (alert,) = tx.rows("alert", kind="session_refused")
        assert tx.rows("session") == []
    assert alert["severity"] == "critical"
    assert f"No session of {SESSIONS[18]:%Y-%m-%d}: as_of" in alert["message"]
