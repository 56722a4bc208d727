"""A quarter replayed: every session once, both faults found, decisions that count nowhere else."""

from __future__ import annotations

import json
import shutil
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from flows.desk_settings import DeskSettings
from flows.ledger.decisions import approve, promote, request_promotion
from flows.ledger.ledger import Ledger
from flows.refusal import BlockedError, RefusedError
from flows.replay import people
from flows.replay.run import FEWEST, STEPS, Replayed, replay
from flows.replay.script import Script
from flows.settings import Settings
from flows.simulated import MARK, MARKER, played
from flows.terminal import Terminal
from validation.gates import GATES, Gate

START = pd.Timestamp("2021-10-05")  # crises begin on 2021-10-22 and 2021-12-02
SESSIONS = [f"{day:%Y-%m-%d}" for day in pd.bdate_range(START, "2021-12-31")]
DATA_FAULT, MODEL_FAULT = SESSIONS[6], SESSIONS[12]  # a tenth and a fifth of 64
SCRIPT = Script(data_fault=0.1, data_fault_sessions=1, model_fault=0.2, scale=0.3, drift_every=100)
KINDS = ("approval", "request", "veto", "override", "flag")
"""Rows that a person makes."""


def open_gates(*_: object, **__: object) -> tuple[Gate, ...]:
    """What a run is judged by; in a market without a crisis no version would pass."""
    return tuple(Gate(name, 0.0, 0.0, True, ()) for name in GATES[:-1])


@pytest.fixture(scope="module")
def market(learnable_market: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The learnable market with a second book, which a fault of the first may leave alone."""
    market = Path(shutil.copytree(learnable_market, tmp_path_factory.mktemp("two") / "market"))
    weights = "instrument,weight\nSTOCK5,0.4\nSTOCK6,0.3\nSTOCK7,0.3\n"
    (market / "portfolios" / "few.csv").write_text(weights)
    return market


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


def played_on(market: Path, home: Path) -> Replayed:
    """The replay, with one learned model whose backtest is short."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("flows.lifecycle.judged_gates", open_gates)
        patched.setattr("flows.replay.play.MODELS", ("hs_250", "gjr_fhs", "gjr_evt", "linear"))
        patched.setattr(
            "flows.replay.play.Settings", partial(Settings, start=date(2021, 6, 1), seed=1)
        )
        return replay(
            root=home,
            desk=DeskSettings(),
            terminal=Terminal(quiet=True),
            data=market,
            start=START,
            script=SCRIPT,
        )


@pytest.fixture(scope="module")
def done(market: Path, home: Path) -> Replayed:
    return played_on(market, home)


def rows(root: Path, kind: str, /, **equal: Any) -> list[dict[str, Any]]:
    ledger = Ledger.open(root)
    try:
        with ledger.reading() as tx:
            return tx.rows(kind, **equal)
    finally:
        ledger.close()


def summary_of(done: Replayed, day: str) -> dict[str, Any]:
    (row,) = rows(done.root, "session", as_of=day)
    return row["summary"]


@pytest.mark.slow
def test_every_session_is_recorded_once_in_a_ledger_that_verifies(done: Replayed) -> None:
    assert [row["as_of"] for row in rows(done.root, "session")] == SESSIONS
    assert [one["date"] for one in done.content["series"]] == SESSIONS
    ledger = Ledger.open(done.root)
    assert ledger.verify() == []
    ledger.close()


@pytest.mark.slow
def test_a_feed_in_the_wrong_unit_is_rejected_at_once_and_its_book_refused(done: Replayed) -> None:
    health = summary_of(done, DATA_FAULT)["health"]
    assert "jump by a factor of 100" in health["rejected"]["STOCK0"]
    numbers = summary_of(done, DATA_FAULT)["numbers"]
    assert {number["portfolio"] for number in numbers} == {"few"}
    day_after = summary_of(done, SESSIONS[7])
    assert day_after["health"].get("rejected", {}) == {}
    assert {number["portfolio"] for number in day_after["numbers"]} == {"all", "few"}
    fault = done.content["faults"][0]
    assert (fault["planted"], fault["alarms"]) == (DATA_FAULT, {"feeds": 0})


@pytest.mark.slow
def test_numbers_that_are_too_small_are_held_and_end_in_a_veto(done: Replayed) -> None:
    fault = done.content["faults"][1]
    assert fault["planted"] == MODEL_FAULT
    holds = [row["session"] for row in rows(done.root, "hold")]
    assert min(holds) == MODEL_FAULT
    assert fault["alarms"]["guardrail_hold"] == 0
    (veto,) = rows(done.root, "veto")
    assert veto["actor"] == people.VALIDATOR.user
    assert fault["ended"] == veto["at"][:10]
    assert 0 <= fault["alarms"]["degraded"] <= 20
    for row in rows(done.root, "hold"):  # what was shown is the higher of the two
        assert row["published"] == max(row["value"], row["fallback"])


@pytest.mark.slow
def test_an_alarm_is_followed_by_a_version_that_names_it(done: Replayed) -> None:
    told = {one["cause"]: one for one in done.content["retrains"]}
    assert done.content["retrains"][0]["cause"] == "hand"
    assert "degradation" in told
    assert "is degraded" in told["degradation"]["evidence"]
    for row in rows(done.root, "version"):
        assert row["at"][:10] <= str(pd.Timestamp(row["as_of"]) + pd.Timedelta(days=1))[:10]


@pytest.mark.slow
def test_only_people_of_the_replay_decide_and_every_reason_says_so(done: Replayed) -> None:
    for kind in KINDS:
        for row in rows(done.root, kind):
            assert played(row["actor"])
            assert row["reason"].startswith(MARK)
    (override,) = rows(done.root, "override")
    assert override["at"][:10] == str(date.fromisoformat(SESSIONS[57]) + pd.Timedelta(days=1))[:10]
    for row in rows(done.root, "approval"):
        assert row["requester"] != row["approver"]
    assert {row["user"] for row in rows(done.root, "account")} == {
        *("replay-admin", "replay-requester", "replay-approver", "replay-validator")
    }


@pytest.mark.slow
def test_every_page_says_that_nobody_decided(done: Replayed) -> None:
    ours = [done.page]
    for folder, kind in (("runs", "report"), ("documents", "*"), ("documents/sessions", "*")):
        found = list((done.root / folder).rglob(f"{kind}.html"))
        assert found
        ours += found
    assert [page for page in ours if MARK not in page.read_text()] == []


@pytest.mark.slow
def test_the_same_request_again_does_nothing_and_tells_the_same(
    done: Replayed, market: Path, home: Path
) -> None:
    page = done.page.read_bytes()
    before = {kind: len(rows(done.root, kind)) for kind in (*KINDS, "session", "run", "alert")}
    again = played_on(market, home)
    assert {kind: len(rows(done.root, kind)) for kind in before} == before
    assert again.content == done.content
    assert again.root == done.root
    assert done.page.read_bytes() == page
    assert json.loads((done.root / "timeline.json").read_text()) == done.content


@pytest.mark.slow
def test_its_ledger_promotes_nothing_outside(done: Replayed, tmp_path: Path) -> None:
    outside = Path(shutil.copytree(done.root, tmp_path / "outside"))
    (outside / MARKER).unlink()
    ledger = Ledger.open(outside)
    with ledger.transaction() as tx:
        asked = request_promotion(
            tx, 1, model=people.MODEL, requester=people.REQUESTER, reason="ours now"
        )
        approve(tx, asked, approver=people.APPROVER, reason="ours now")
    with (
        pytest.raises(BlockedError, match=f"{MARK}: replay-approver, replay-requester decided"),
        ledger.transaction() as tx,
    ):
        promote(tx, outside, asked, actor=people.APPROVER)
    ledger.close()


@pytest.mark.slow
def test_a_span_without_room_for_the_script_is_refused(market: Path, home: Path) -> None:
    with pytest.raises(RefusedError, match=rf"10 sessions, and a replay needs {FEWEST}\."):
        replay(
            root=home,
            desk=DeskSettings(),
            terminal=Terminal(quiet=True, total=STEPS),
            data=market,
            start=pd.Timestamp("2021-12-20"),
        )
