"""A champion stays until beaten, on sessions that neither version knew; the first is not judged."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from math import log
from pathlib import Path

import pytest

from flows.champion_gate import gate_before_shadow, judge_against_champion, shared_sessions
from flows.desk_settings import ENVIRONMENT
from flows.ledger.champions import move, stop
from flows.ledger.decisions import approve, promote, request_promotion
from flows.ledger.ledger import Ledger
from flows.refusal import BlockedError, RefusedError
from tests.flows.ledger.people import ADA, DAN, promotable, shadow_session
from tests.flows.recorded_version import MODEL, noon, record_version
from validation.gates import GateRule

FIVE = GateRule(champion_sessions=5)
QUIET = [0.01] * 5
Both = tuple[float, float]


class Desk:
    """A ledger with version 1 in office and version 2 trained on the same data."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.ledger = Ledger.open(root, clock=noon())
        self.old, self.new = (record_version(self.ledger, root, number=n, seed=n) for n in (1, 2))

    def in_office(self) -> Desk:
        with self.ledger.transaction() as tx:
            about = {"cause": "rollback", "after": 0, "actor": "ada", "reason": "by hand"}
            move(tx, MODEL, to=self.old, **about)  # type: ignore[arg-type]
        return self

    def shadow(self, old: Both, new: Both | None, pnl: Sequence[float | None], *, day: int = 0):
        """Both forecast the same VaR and ES each day, and what came of it is known."""
        said = {self.old: old} | ({} if new is None else {self.new: new})
        with self.ledger.transaction() as tx:
            for n, came in enumerate([0.0, *pnl]):
                shadow_session(tx, day + n, said, pnl=came, settings=f"{day} {n} {said}")

    def judged(self, number: int = 2, rule: GateRule = FIVE):
        """The gate as it is on record."""
        with self.ledger.transaction() as tx:
            version = tx.rows("version", number=number)[0]
            judge_against_champion(tx, version, rule=rule)
            return tx.last("gate", name="champion_fz0", version=version["seq"])

    def reason(self) -> str:
        row = self.judged()
        assert row is not None
        return row["evidence"][0]["reason"]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    opened = Desk(tmp_path)
    yield opened
    opened.ledger.close()


def test_where_nobody_is_in_office_the_gate_is_passed(desk: Desk):
    row = desk.judged(rule=GateRule())
    assert row is not None
    assert (row["passed"], row["value"], row["actor"]) == (True, 0.0, "system")
    assert row["evidence"] == [{"reason": "no champion"}]
    desk.in_office()
    with desk.ledger.transaction() as tx:
        stop(tx, MODEL, actor=ADA, reason="alarm")
    assert desk.reason() == "no champion"


@pytest.mark.parametrize(("es", "passed", "relative"), [(4, False, 1), (2, True, 0), (1, True, -1)])
def test_hand_counted_where_no_loss_exceeds_var(desk: Desk, es: float, passed: bool, relative: int):
    """FZ0 is VaR / ES + log ES - 1: at 2% log 2 for the champion; at 4% twice that, at 1% zero."""
    desk.in_office().shadow((0.02, 0.02), (es / 100, es / 100), QUIET)
    row = desk.judged()
    assert row is not None
    assert row["passed"] == passed
    assert row["value"] == pytest.approx(relative, abs=1e-12)
    told = row["evidence"][0]
    assert (told["n_dates"], told["champion"]) == (5, 1)
    assert (told["from"], told["to"]) == ("2025-01-02", "2025-01-06")


def test_hand_counted_where_a_loss_exceeds_both(desk: Desk):
    """A loss of 3% adds (3 - VaR) / (0.01 ES): 200 to a candidate at 1%, 50 to one at 2%."""
    desk.in_office().shadow((0.02, 0.02), (0.01, 0.01), [-0.03, *[0.01] * 9])
    row = desk.judged()
    assert row is not None
    champion, candidate = 5 + log(2), 20
    assert row["value"] == pytest.approx((candidate - champion) / champion)
    assert not row["passed"]


def test_with_a_session_less_than_asked_the_champion_stays(desk: Desk):
    desk.in_office().shadow((0.02, 0.02), (0.01, 0.01), QUIET[1:])
    row = desk.judged()
    assert row is not None
    assert (row["passed"], row["value"]) == (False, None)
    assert row["evidence"][0]["reason"].startswith("too few sessions: 4 of 5")


def test_a_version_that_nobody_ran_beside_the_champion_has_no_session(desk: Desk):
    desk.in_office()
    assert desk.reason() == "too few sessions: 0 of 5 that both forecast"
    desk.shadow((0.02, 0.02), None, QUIET)
    assert desk.reason() == "too few sessions: 0 of 5 that both forecast"


def test_sessions_that_a_training_has_seen_do_not_count(desk: Desk):
    """Both were trained up to 2024-12-31: of the sessions before, that day's forecast counts."""
    desk.in_office().shadow((0.02, 0.02), (0.01, 0.01), [0.01] * 20, day=-20)
    assert desk.reason().startswith("too few sessions: 1 of 5")


def test_a_session_recorded_again_counts_once_and_one_without_clean_pnl_never(desk: Desk):
    desk.in_office().shadow((0.02, 0.02), (0.04, 0.04), QUIET)
    desk.shadow((0.02, 0.02), (0.01, 0.01), [0.01, None, *QUIET[2:]])
    assert desk.reason().startswith("too few sessions: 4 of 5")
    with desk.ledger.reading() as tx:
        old, new = (tx.rows("version", number=n)[0] for n in (1, 2))
        table = shared_sessions(tx, new, old)
    assert len(table) == 10
    assert set(table.loc[table["model"] == "candidate", "var"]) == {0.01}


def test_the_champion_is_not_judged_against_itself(desk: Desk):
    desk.in_office().shadow((0.02, 0.02), (0.01, 0.01), QUIET)
    assert desk.judged(number=1) is None


@pytest.mark.parametrize("table", ["forecast", "outcome", "session"])
def test_an_altered_session_is_named_before_it_promotes(desk: Desk, table: str):
    desk.in_office().shadow((0.02, 0.02), (0.04, 0.04), QUIET)
    column = {"forecast": "var = 0.1", "outcome": "pnl = 0.3", "session": "forecasts_sha256 = '0'"}
    with sqlite3.connect(desk.root / "ledger.db") as database:
        named = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        for (name,) in database.execute(named).fetchall():
            database.execute(f'DROP TRIGGER "{name}"')
        database.execute(f"UPDATE {table} SET {column[table]}")  # noqa: S608 - names of the test
    with pytest.raises(RefusedError, match=r"ledger entry \d+ \(session\)"):
        desk.judged()


def test_a_fresh_version_waits_for_its_sessions_if_somebody_is_in_office(desk: Desk):
    assert gate_before_shadow(desk.root, MODEL, rule=FIVE).passed
    desk.in_office()
    gate = gate_before_shadow(desk.root, MODEL, rule=FIVE)
    assert (gate.passed, gate.value) == (False, None)


def test_the_gate_is_judged_again_at_each_request_and_promotion_by_the_desks_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    ledger = Ledger.open(tmp_path, clock=noon())
    old, new = (promotable(ledger, tmp_path, number=n) for n in (1, 2))

    def ask(number: int) -> int:
        with ledger.transaction() as tx:
            request = request_promotion(tx, number, model=MODEL, requester=DAN, reason="better")
            approve(tx, request, approver=ADA)
        return request

    def install(request: int) -> int | None:
        with ledger.transaction() as tx:
            return promote(tx, tmp_path, request, actor=ADA).number

    def answers() -> list[bool]:
        with ledger.reading() as tx:
            return [row["passed"] for row in tx.rows("gate", name="champion_fz0", version=new)]

    assert install(ask(1)) == 1
    file = tmp_path / "desk.yaml"
    monkeypatch.setenv(ENVIRONMENT, str(file))
    file.write_text("gates: {champion_sessions: 41}\n")
    request = ask(2)
    assert answers() == [False]
    with pytest.raises(BlockedError, match="champion_fz0: too few sessions: 40 of 41"):
        install(request)
    with ledger.transaction() as tx:  # one more session, in which version 2 said too much
        shadow_session(tx, 41, {old: (0.03, 0.04), new: (0.3, 0.4)})
        shadow_session(tx, 42, {old: (0.03, 0.04), new: (0.03, 0.04)})
    with pytest.raises(BlockedError, match=r"gate champion_fz0: 0\.0\d+ against 0\n|against 0$"):
        install(request)
    file.write_text("gates: {champion_fz0: 0.5}\n")
    assert install(request) == 2
    assert answers() == [False, True]  # what was blocked left nothing
    ledger.close()
