"""The calibration session of a week has one effect, and says so where there is nothing to see."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from flows.clock import FixedClock
from flows.desk_settings import DeskSettings
from flows.feedback_rule import FeedbackRule
from flows.flag_blocks import CHALLENGE, TRAINING, drawn_arm
from flows.flags import record_flag
from flows.ledger.ledger import Ledger
from flows.outputs import file_digest
from flows.refusal import BlockedError, RefusedError
from flows.weekly import WeeklyDone, weekly_session
from tests.flows.desk_sessions import ALPHA, record_session

DESK = DeskSettings()
SATURDAY = datetime(2020, 3, 21, 13, tzinfo=UTC)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(datetime(2020, 3, 12, tzinfo=UTC))


@pytest.fixture
def ledger(tmp_path: Path, clock: FixedClock) -> Iterator[Ledger]:
    opened = Ledger.open(tmp_path, clock=clock)
    yield opened
    opened.close()


@pytest.fixture
def week(ledger: Ledger, clock: FixedClock) -> None:
    """Two books in week 12 of 2020; `fx` is exceeded on Tuesday, flagged with a quiet Thursday."""
    record_session(ledger, clock, "2020-03-13", books=("fx", "bonds"))
    for day in range(16, 21):
        pnl = {"fx": -0.03 if day == 17 else 0.001, "bonds": 0.002}
        record_session(ledger, clock, f"2020-03-{day}", books=("fx", "bonds"), pnl=pnl)
    flag(ledger, "2020-03-17")
    flag(ledger, "2020-03-19")
    clock.set(SATURDAY)


def flag(ledger: Ledger, session: str, portfolio: str = "fx") -> None:
    with ledger.transaction() as tx:
        record_flag(
            tx, actor="ada", portfolio=portfolio, session=session, reason="odd", alpha=ALPHA
        )


def hold(ledger: Ledger, root: Path, desk: DeskSettings = DESK) -> WeeklyDone:
    return weekly_session(ledger, root, desk=desk)


@pytest.mark.usefixtures("week")
def test_a_session_judges_draws_and_shows_the_worst_first(ledger: Ledger, tmp_path: Path) -> None:
    done = hold(ledger, tmp_path)
    content = done.content
    assert (done.week, content["status"], content["at"][:10]) == ("2020-W12", "ok", "2020-03-21")
    assert content["overall"]["calls"] == 10
    assert content["overall"]["exceedances"] == 1
    assert content["overall"]["expected"] == pytest.approx(0.25)
    worst = [(one["portfolio"], one["target"]) for one in content["worst"]]
    assert worst[2] == ("fx", "2020-03-17")  # bonds come first by name
    assert len(worst) == 4
    assert [one["right"] for one in content["flags"]["judged"]] == [True, False]
    assert content["flags"]["tally"] == {"flags": 2, "judged": 2, "right": 1}
    (drawn,) = content["assignments"]
    assert drawn["block"] == "2020-W12"
    assert drawn["arm"] in (TRAINING, CHALLENGE)
    assert json.loads(done.json.read_bytes()) == content
    assert ledger.verify() == []


@pytest.mark.usefixtures("week")
def test_ten_identical_schedules_have_one_effect(ledger: Ledger, tmp_path: Path) -> None:
    def attempt(_: int) -> WeeklyDone | None:
        try:
            return hold(ledger, tmp_path)
        except BlockedError:  # another one is at it
            return None

    with ThreadPoolExecutor(10) as pool:
        done = [one for one in pool.map(attempt, range(10)) if one is not None]
    assert [one.fresh for one in done].count(True) == 1
    again = hold(ledger, tmp_path)
    assert not again.fresh
    assert all(one.content == again.content for one in done)
    with ledger.reading() as tx:
        counts = [len(tx.rows(kind)) for kind in ("flag_verdict", "assignment", "effect")]
    assert counts == [2, 1, 1]


@pytest.mark.usefixtures("week")
def test_a_page_that_is_gone_is_made_again_and_is_the_same(ledger: Ledger, tmp_path: Path) -> None:
    first = hold(ledger, tmp_path)
    before = [file_digest(path) for path in (first.page, first.json)]
    for path in (first.page, first.json):
        path.unlink()
    again = hold(ledger, tmp_path)
    assert [file_digest(path) for path in (again.page, again.json)] == before


@pytest.mark.usefixtures("week")
def test_other_settings_of_flags_are_another_session_and_other_ones_are_not(
    ledger: Ledger, tmp_path: Path
) -> None:
    hold(ledger, tmp_path)
    schedules = DESK.schedules.model_copy(update={"weekly": "0 10 * * 6"})
    assert not hold(ledger, tmp_path, DeskSettings(schedules=schedules)).fresh
    stricter = hold(ledger, tmp_path, DeskSettings(feedback=FeedbackRule(margin=0.1)))
    assert stricter.fresh
    assert stricter.content["flags"]["judged"] == []  # a verdict is given once
    assert len(stricter.content["flags"]["before"]) == 2


def test_an_empty_week_is_said_to_be_empty(
    ledger: Ledger, clock: FixedClock, tmp_path: Path
) -> None:
    clock.set(SATURDAY)
    done = hold(ledger, tmp_path)
    assert done.content["status"].startswith("The ledger has no session yet")
    assert "no session yet" in done.page.read_text()
    record_session(ledger, clock, "2020-03-27")
    clock.set(datetime(2020, 4, 11, tzinfo=UTC))
    later = hold(ledger, tmp_path)
    assert later.week == "2020-W15"
    assert "last session is 2020-03-27, of 2020-W13" in later.content["status"]


def test_a_flag_whose_outcome_is_to_come_is_drawn_and_stays_open(
    ledger: Ledger, clock: FixedClock, tmp_path: Path
) -> None:
    record_session(ledger, clock, "2020-03-19")
    clock.set(datetime(2020, 3, 20, 15, tzinfo=UTC))
    flag(ledger, "2020-03-20")
    clock.set(SATURDAY)
    done = hold(ledger, tmp_path)
    assert len(done.content["flags"]["open"]) == len(done.content["assignments"]) == 1
    record_session(ledger, clock, "2020-03-23")
    with ledger.transaction() as tx:  # Friday's return is known late
        assert tx.rows("flag_verdict") == []


@pytest.mark.usefixtures("week")
def test_a_session_stops_where_an_arm_was_chosen(ledger: Ledger, tmp_path: Path) -> None:
    with ledger.transaction() as tx:
        wrong = next(a for a in (TRAINING, CHALLENGE) if a != drawn_arm(tx.head, "2020-W12"))
        tx.append("assignment", actor="eve", block="2020-W12", arm=wrong)
    with pytest.raises(RefusedError, match="not what the chain drew"):
        hold(ledger, tmp_path)
    with ledger.reading() as tx:
        assert tx.rows("flag_verdict") == []
        assert tx.rows("effect") == []


@pytest.mark.usefixtures("week")
def test_a_session_whose_page_cannot_be_written_has_not_been_held(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> str:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr("flows.weekly.write_whole", full)
        with pytest.raises(OSError, match="No space"):
            hold(ledger, tmp_path)
    with ledger.reading() as tx:
        recorded = [len(tx.rows(kind)) for kind in ("flag_verdict", "assignment", "effect")]
        assert recorded == [0, 0, 0]
        assert [row["status"] for row in tx.rows("run_end")] == ["failed"]
    assert hold(ledger, tmp_path).fresh
