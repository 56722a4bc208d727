"""The champion pointer moves one generation at a time, whoever pulls at it."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from flows.clock import FixedClock
from flows.ledger.champions import Champion, champion_of, roll_back, stop
from flows.ledger.decisions import approve, promote, request_promotion, veto
from flows.ledger.ledger import Ledger
from flows.refusal import BlockedError, RefusedError
from flows.settings import checkout
from tests.flows.ledger.people import ADA, BEN, DAN, VERA, promotable
from tests.flows.recorded_version import MODEL

RACERS = 50


def approved(ledger: Ledger, root: Path, number: int) -> int:
    """A request for a version that may be promoted, with its approval."""
    promotable(ledger, root, number=number)
    with ledger.transaction() as tx:
        request = request_promotion(tx, number, model=MODEL, requester=DAN, reason="better")
        approve(tx, request, approver=ADA)
    return request


def crown(ledger: Ledger, root: Path, number: int) -> Champion:
    request = approved(ledger, root, number)
    with ledger.transaction() as tx:
        return promote(tx, root, request, actor=ADA)


def decided(ledger: Ledger, decision: Callable[..., Champion], **about: object) -> Champion:
    with ledger.transaction() as tx:
        return decision(tx, MODEL, actor=ADA, reason="alarm", **about)


def requests(ledger: Ledger, root: Path) -> list[int]:
    """Fifty approved requests for one version, all against the same champion."""
    promotable(ledger, root)
    made: list[int] = []
    with ledger.transaction() as tx:
        for _ in range(RACERS):
            made.append(request_promotion(tx, 1, model=MODEL, requester=DAN, reason="better"))
            approve(tx, made[-1], approver=ADA)
    return made


def test_of_fifty_racing_promoters_one_wins_and_the_others_learn_who_when_and_what(
    ledger: Ledger, tmp_path: Path
):
    def race(request: int) -> str:
        try:
            with ledger.transaction() as tx:
                return str(promote(tx, tmp_path, request, actor=BEN).generation)
        except BlockedError as blocked:
            return str(blocked)

    with ThreadPoolExecutor(RACERS) as pool:
        answers = list(pool.map(race, requests(ledger, tmp_path)))
    losers = [answer for answer in answers if answer != "1"]
    assert len(losers) == RACERS - 1
    told = r"version 1 is champion since 2026-11-24T12:00:00\.000000Z, by ben \(generation 1\)"
    assert all(re.search(told, answer) for answer in losers)
    with ledger.reading() as tx:
        assert len(tx.rows("champion")) == 1
    assert ledger.verify() == []


RACER = """
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from flows.clock import FixedClock
from flows.ledger.decisions import promote
from flows.ledger.identity import Person
from flows.ledger.ledger import Ledger
from flows.refusal import BlockedError
from tests.flows.ledger.conftest import NOON
root, url, *requests = sys.argv[1:]
ledger = Ledger.open(Path(root), clock=FixedClock(NOON), url=url or None)
def race(request):
    try:
        with ledger.transaction() as tx:
            return promote(tx, Path(root), int(request), actor=Person("ben", "approver")).generation
    except BlockedError as blocked:
        return "told" if "by ben (generation 1)" in str(blocked) else blocked
print("ready", flush=True)
sys.stdin.readline()
with ThreadPoolExecutor(len(requests)) as pool:
    print(*pool.map(race, requests))
"""
PROCESSES = 5


@pytest.mark.slow
def test_of_fifty_promoters_in_several_processes_one_wins(
    ledger: Ledger, tmp_path: Path, address: str | None
):
    asked = [str(request) for request in requests(ledger, tmp_path)]
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", RACER, str(tmp_path), address or "", *asked[k::PROCESSES]],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=checkout(),
        )
        for k in range(PROCESSES)
    ]
    for racer in racers:
        assert racer.stdout is not None
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("\n")
        racer.stdin.flush()
    answers = sorted(" ".join(racer.communicate()[0] for racer in racers).split())
    assert answers == ["1", *["told"] * (RACERS - 1)]
    assert ledger.verify() == []


@pytest.mark.slow
def test_where_writers_do_not_take_turns_the_database_lets_one_win(
    tmp_path: Path, clock: FixedClock, postgres_url: str, monkeypatch: pytest.MonkeyPatch
):
    """Two promoters look at once, both find nothing against it, and both write."""
    ledger = Ledger.open(tmp_path, clock=clock, url=postgres_url)
    first, second = requests(ledger, tmp_path)[:2]
    monkeypatch.setattr("flows.ledger.ledger.await_turn", lambda _: None)

    def slower() -> str:
        with ledger.transaction() as tx:
            try:
                return str(promote(tx, tmp_path, second, actor=BEN).generation)
            except BlockedError as blocked:
                return str(blocked)

    with ThreadPoolExecutor(1) as pool:
        with ledger.transaction() as tx:
            promote(tx, tmp_path, first, actor=ADA)
            later = pool.submit(slower)
            while not tx.connection.exec_driver_sql(
                "SELECT count(*) FROM pg_locks WHERE NOT granted"
            ).scalar_one():
                assert not later.done()  # it waits for a key that is not yet committed
        told = later.result()
    assert "is not the one this was asked against: version 1 is champion since 2026-11-24" in told
    assert "by ada (generation 1)" in told
    assert ledger.verify() == []
    ledger.close()


def test_the_database_refuses_a_second_champion_of_a_generation(ledger: Ledger, tmp_path: Path):
    crown(ledger, tmp_path, 1)
    again = {"model": MODEL, "generation": 1, "version": None, "cause": "stop", "reason": "r"}
    with pytest.raises(IntegrityError), ledger.transaction() as tx:
        tx.append("champion", actor="ada", **again)


@pytest.mark.parametrize(
    "wrong",
    [
        {"cause": "promotion", "version": 1},  # without an approval
        {"cause": "rollback", "version": None},
        {"cause": "whim", "version": 1},
    ],
)
def test_the_database_refuses_a_champion_without_a_right(
    ledger: Ledger, tmp_path: Path, wrong: dict[str, object]
):
    seq = promotable(ledger, tmp_path)
    about = {"model": MODEL, "generation": 1, "reason": "r"} | wrong
    about |= {"version": seq} if wrong["version"] else {}
    with pytest.raises(IntegrityError), ledger.transaction() as tx:
        tx.append("champion", actor="ada", **about)


def test_a_rollback_returns_to_the_champion_before(ledger: Ledger, tmp_path: Path):
    for number in (1, 2, 3):
        crown(ledger, tmp_path, number)
    back = decided(ledger, roll_back)
    assert (back.number, back.cause, back.generation) == (2, "rollback", 4)
    assert decided(ledger, roll_back).number == 1  # further back, not to what was just left
    with pytest.raises(BlockedError, match="no former champion without a veto"):
        decided(ledger, roll_back)
    assert decided(ledger, roll_back, to=3).number == 3  # whoever wants it back names it
    with pytest.raises(BlockedError, match="no former champion 9"):
        decided(ledger, roll_back, to=9)


def test_what_was_taken_back_does_not_follow_a_vetoed_champion(ledger: Ledger, tmp_path: Path):
    for number in (1, 2, 3):
        crown(ledger, tmp_path, number)
    assert decided(ledger, roll_back).number == 2
    with ledger.transaction() as tx:
        assert veto(tx, 2, model=MODEL, actor=VERA, reason="gilts").number == 1
    crown(ledger, tmp_path, 4)
    assert decided(ledger, roll_back).number == 1


def test_a_rollback_passes_over_a_vetoed_version(ledger: Ledger, tmp_path: Path):
    for number in (1, 2, 3):
        crown(ledger, tmp_path, number)
    with ledger.transaction() as tx:
        veto(tx, 2, model=MODEL, actor=VERA, reason="gilts")
        assert champion_of(tx, MODEL).number == 3
    assert decided(ledger, roll_back).number == 1


def test_a_vetoed_champion_leaves_office_at_once(ledger: Ledger, tmp_path: Path):
    crown(ledger, tmp_path, 1)
    crown(ledger, tmp_path, 2)
    with ledger.transaction() as tx:
        assert veto(tx, 2, model=MODEL, actor=VERA, reason="gilts").number == 1
        last = veto(tx, 1, model=MODEL, actor=VERA, reason="gilts, too")
    assert (last.number, last.cause) == (None, "stop")
    with pytest.raises(BlockedError, match="no former champion without a veto"):
        decided(ledger, roll_back)


def test_after_a_stop_there_is_nobody_and_a_rollback_brings_the_last_one_back(
    ledger: Ledger, tmp_path: Path, clock: FixedClock
):
    crown(ledger, tmp_path, 1)
    assert decided(ledger, stop).version is None
    with pytest.raises(BlockedError, match="it was stopped since 2026-11-24T12:00:00"):
        decided(ledger, stop)
    assert decided(ledger, roll_back).number == 1


def test_without_a_champion_there_is_a_stop_and_no_rollback(ledger: Ledger):
    with pytest.raises(BlockedError, match="nobody has been promoted"):
        decided(ledger, roll_back)
    assert decided(ledger, stop).generation == 1


def test_stopping_takes_a_role_and_a_reason(ledger: Ledger):
    with ledger.transaction() as tx:
        with pytest.raises(RefusedError, match="dan is developer; to stop takes approver or"):
            stop(tx, MODEL, actor=DAN, reason="alarm")
        with pytest.raises(RefusedError, match="dan is developer; to roll back takes approver"):
            roll_back(tx, MODEL, actor=DAN, reason="alarm")
        with pytest.raises(RefusedError, match="--reason: is empty"):
            stop(tx, MODEL, actor=ADA, reason="")
