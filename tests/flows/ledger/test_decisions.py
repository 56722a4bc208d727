"""No version reaches the desk without evidence and two people; one is enough to keep it away."""

from __future__ import annotations

import shutil
import sqlite3
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import DBAPIError, IntegrityError

from flows.clock import FixedClock
from flows.findings import close_finding, record_finding
from flows.ledger.champions import champion_of
from flows.ledger.decisions import approve, promote, request_promotion, request_unveto, veto
from flows.ledger.identity import Person
from flows.ledger.ledger import Ledger
from flows.refusal import BlockedError, RefusedError
from tests.flows.ledger.conftest import NOON
from tests.flows.ledger.people import ADA, BEN, DAN, VERA, promotable
from tests.flows.recorded_version import MODEL, append_gate, record_version


def ask(ledger: Ledger, number: int = 1, requester: Person = DAN) -> int:
    with ledger.transaction() as tx:
        return request_promotion(
            tx, number, model=MODEL, requester=requester, reason="better in every crisis"
        )


def agree(ledger: Ledger, request: int, approver: Person = ADA) -> int:
    with ledger.transaction() as tx:
        return approve(tx, request, approver=approver, reason="read it")


def install(ledger: Ledger, root: Path, request: int, actor: Person = ADA) -> int | None:
    with ledger.transaction() as tx:
        return promote(tx, root, request, actor=actor).number


def now(ledger: Ledger) -> int | None:
    with ledger.reading() as tx:
        return champion_of(tx, MODEL).number


def test_a_version_is_promoted_by_two_people(ledger: Ledger, tmp_path: Path):
    promotable(ledger, tmp_path)
    assert now(ledger) is None
    request = ask(ledger)
    agree(ledger, request)
    assert now(ledger) is None
    assert install(ledger, tmp_path, request) == 1
    with ledger.reading() as tx:
        champion = champion_of(tx, MODEL)
    assert (champion.generation, champion.cause, champion.by) == (1, "promotion", "ada")
    assert ledger.verify() == []


def test_nobody_approves_their_own(ledger: Ledger, tmp_path: Path):
    promotable(ledger, tmp_path)
    request = ask(ledger, requester=ADA)
    with pytest.raises(BlockedError, match="nobody approves their own"):
        agree(ledger, request, ADA)
    agree(ledger, request, BEN)


def test_the_database_refuses_a_self_approval_that_goes_around_the_code(
    ledger: Ledger, tmp_path: Path
):
    promotable(ledger, tmp_path)
    request = ask(ledger, requester=ADA)
    about = {"request": request, "approver": "ada", "digest": "0", "expires": "2027"}
    for requester in ("ada", "ben"):  # as it is, and with somebody else put in her place
        with pytest.raises(IntegrityError), ledger.transaction() as tx:
            tx.append("approval", actor="ada", requester=requester, **about)


def test_an_approval_promotes_once(ledger: Ledger, tmp_path: Path):
    promotable(ledger, tmp_path)
    request = ask(ledger)
    approval = agree(ledger, request)
    install(ledger, tmp_path, request)
    with pytest.raises(BlockedError, match="was approved by ada"):
        agree(ledger, request, BEN)
    with pytest.raises(BlockedError, match=r"was used by ada at .*: version 1 is champion"):
        install(ledger, tmp_path, request)
    again = {"version": 1, "cause": "promotion", "approval": approval, "reason": "again"}
    with pytest.raises(IntegrityError), ledger.transaction() as tx:
        tx.append("champion", actor="ada", model=MODEL, generation=2, **again)


@pytest.mark.parametrize("approved", [False, True])
def test_after_its_expiry_a_request_is_void_whoever_approved(
    ledger: Ledger, tmp_path: Path, clock: FixedClock, approved: bool
):
    promotable(ledger, tmp_path)
    request = ask(ledger)  # on a Tuesday; five weekdays end on the next one
    if approved:
        agree(ledger, request)
    clock.advance(timedelta(days=7, microseconds=-1))
    with ledger.reading() as tx:
        assert tx.last("request", seq=request) is not None
    clock.advance(timedelta(microseconds=1))
    with pytest.raises(BlockedError, match="has expired at 2026-12-01"):
        install(ledger, tmp_path, request) if approved else agree(ledger, request)
    with ledger.transaction() as tx:  # what is recorded after it, sets the time of the ledger
        tx.append("flag", actor="ada", portfolio="fx", date="2026-12-01", reason="late")
    clock.advance(timedelta(days=-6))
    with pytest.raises(BlockedError, match="has expired"):
        install(ledger, tmp_path, request) if approved else agree(ledger, request)


def test_what_was_not_approved_is_not_promoted(ledger: Ledger, tmp_path: Path):
    promotable(ledger, tmp_path)
    with pytest.raises(BlockedError, match="is not approved"):
        install(ledger, tmp_path, ask(ledger))


def test_an_approval_of_another_expiry_or_manifest_is_void(ledger: Ledger, tmp_path: Path):
    promotable(ledger, tmp_path)
    request = ask(ledger)
    with ledger.transaction() as tx:
        about = {"request": request, "requester": "dan", "approver": "ada", "digest": "f" * 64}
        tx.append("approval", actor="ada", expires="2027-01-01T00:00:00.000000Z", **about)
    with pytest.raises(BlockedError, match="another manifest, decision or expiry"):
        install(ledger, tmp_path, request)


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("request", "UPDATE request SET expires = '2099-01-01T00:00:00.000000Z'"),
        ("request", "UPDATE request SET requester = 'eve'"),
        ("approval", "UPDATE approval SET expires = '2099-01-01T00:00:00.000000Z'"),
        ("approval", "UPDATE approval SET approver = 'eve'"),
        ("version", "UPDATE version SET manifest_sha256 = 'eve'"),
        ("gate", "UPDATE gate SET value = 0.2"),
        ("gate", "DELETE FROM gate"),
        ("finding", "UPDATE finding SET severity = 'low'"),
        ("veto", "DELETE FROM veto"),
    ],
)
def test_a_row_that_was_altered_is_named_before_it_promotes(
    tmp_path: Path, clock: FixedClock, table: str, change: str
):
    ledger = Ledger.open(tmp_path, clock=clock)
    promotable(ledger, tmp_path)
    with ledger.transaction() as tx:
        about: dict[str, Any] = {"owner": "dan", "due": tx.now.date(), "text": "ES"}
        record_finding(tx, 1, model=MODEL, actor="vera", severity="high", **about)
        veto(tx, 1, model=MODEL, actor=VERA, reason="gilts")
    request = ask(ledger)
    agree(ledger, request)
    with sqlite3.connect(tmp_path / "ledger.db") as database:
        database.execute("PRAGMA foreign_keys = OFF")
        database.execute(f"DROP TRIGGER {table}_no_{change.split(maxsplit=1)[0].lower()}")
        database.execute(change)
    with pytest.raises(RefusedError, match=rf"ledger entry \d+ \({table}\): its row is"):
        install(ledger, tmp_path, request)
    ledger.close()


@pytest.mark.parametrize(
    ("attack", "told"),
    [
        ("approval VALUES ({seq}, {own}, 'ada', 'ada', 'd', NULL, '2027')", "second_person"),
        ("approval VALUES ({seq}, {own}, 'ben', 'ada', 'd', NULL, '2027')", "(?i)foreign key"),
        ("approval VALUES ({seq}, {request}, 'dan', 'ben', 'd', NULL, '2027')", "(?i)unique"),
        ("champion VALUES ({seq}, 'b', 1, {version}, 'promotion', {approval}, 'r')", "(?i)unique"),
        ("champion VALUES ({seq}, 'b', 1, {version}, 'promotion', NULL, 'r')", "is_approved"),
        ("UPDATE request SET expires = '2099'", "append-only: UPDATE of request"),
        ("UPDATE approval SET approver = 'ben'", "append-only: UPDATE of approval"),
        ("UPDATE champion SET version = NULL", "append-only: UPDATE of champion"),
        ("DELETE FROM approval", "append-only: DELETE of approval"),
        ("DELETE FROM champion", "append-only: DELETE of champion"),
        ("DELETE FROM entry", "append-only: DELETE of entry"),
    ],
)
def test_the_database_itself_refuses_who_writes_to_it_by_hand(
    ledger: Ledger, tmp_path: Path, attack: str, told: str
):
    version = promotable(ledger, tmp_path)
    own, request = ask(ledger, requester=ADA), ask(ledger)
    approval = agree(ledger, request)
    install(ledger, tmp_path, request)

    def by_hand() -> None:
        with ledger.transaction() as tx:
            # its entry is a flag's, to have a place in the chain
            seq = tx.append("flag", actor="ada", portfolio="fx", date="2026-11-24", reason="r")
            places = {"own": own, "request": request, "approval": approval, "version": version}
            statement = attack.format(seq=seq, **places)
            insert = "" if statement.startswith(("UPDATE", "DELETE")) else "INSERT INTO "
            tx.connection.exec_driver_sql(insert + statement)

    with pytest.raises(DBAPIError, match=told):
        by_hand()
    assert ledger.verify() == []
    assert now(ledger) == 1


DAYS = st.lists(st.integers(-10, 10), max_size=6)
DEADLINE = 7  # in days: the request of a Tuesday ends five weekdays later


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=DAYS, last=st.integers(-10, 10))
def test_a_clock_that_is_set_back_revives_nothing(
    approved_ledger: tuple[Path, int], moves: list[int], last: int
):
    root, request = approved_ledger
    clock = FixedClock(NOON)
    with TemporaryDirectory() as folder:
        shutil.copy(root / "ledger.db", folder)
        ledger = Ledger.open(Path(folder), clock=clock)
        for days in moves:
            clock.set(NOON + timedelta(days=days))
            with ledger.transaction() as tx:
                tx.append("flag", actor="ada", portfolio="fx", date="2026-11-24", reason="r")
        clock.set(NOON + timedelta(days=last))
        if max([*moves, last]) < DEADLINE:
            assert install(ledger, root, request) == 1
        else:
            with pytest.raises(BlockedError, match="has expired at 2026-12-01"):
                install(ledger, root, request)
        ledger.close()


@pytest.fixture(scope="module")
def approved_ledger(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    """State root whose one version has an approved request, and its number."""
    root = tmp_path_factory.mktemp("approved")
    ledger = Ledger.open(root, clock=FixedClock(NOON))
    promotable(ledger, root)
    request = ask(ledger)
    agree(ledger, request)
    ledger.close()
    return root, request


def test_a_request_that_expired_unapproved_and_was_overtaken_is_told_all_of_it(
    ledger: Ledger, tmp_path: Path, clock: FixedClock
):
    promotable(ledger, tmp_path)
    request, other = ask(ledger), ask(ledger)
    agree(ledger, other)
    install(ledger, tmp_path, other)
    clock.advance(timedelta(days=8))
    with pytest.raises(BlockedError) as blocked:
        install(ledger, tmp_path, request)
    told = "\n".join(str(blocked.value).splitlines()[1:])
    assert told == (
        f"- request {request} is not approved. A second person approves it.\n"
        f"- request {request} has expired at 2026-12-01T12:00:00.000000Z. Ask again.\n"
        "- it was asked against generation 0, but version 1 is champion since "
        "2026-11-24T12:00:00.000000Z, by ada (generation 1). Ask again."
    )


def test_every_reason_against_is_told_at_once(ledger: Ledger, tmp_path: Path):
    seq = record_version(ledger, tmp_path)
    with ledger.transaction() as tx:
        append_gate(tx, seq, "worst_crisis", passed=False)
        about: dict[str, Any] = {
            "severity": "high",
            "owner": "dan",
            "due": tx.now.date(),
            "text": "gilts",
        }
        finding = record_finding(tx, 1, model=MODEL, actor="vera", **about)
        veto(tx, 1, model=MODEL, actor=VERA, reason="too low in gilts")
    request = ask(ledger)
    agree(ledger, request)
    with pytest.raises(BlockedError) as blocked:
        install(ledger, tmp_path, request)
    told = str(blocked.value).splitlines()
    assert told[0] == "VERSION: 1 may not be promoted:"
    assert told[1] == "- gate worst_crisis: -0.9 against -0.25"
    assert told[2].startswith("- never judged by exceedance_deviation, tail_accuracy,")
    assert told[3] == "- inventory: not written. Run `foreshock documents`."
    assert "- foreshock-tail v1: the ledger holds no weights of it." in blocked.value.args[0]
    assert len(told) == 1 + 1 + 1 + 16 + 1 + 1 + 1
    assert told[-2].startswith(f"- finding {finding}, high, open, dan until 2026-11-24: gilts")
    assert told[-1].endswith("by vera at 2026-11-24T12:00:00.000000Z: too low in gilts")


def test_an_open_finding_of_high_severity_blocks_until_it_is_closed(ledger: Ledger, tmp_path: Path):
    promotable(ledger, tmp_path)
    with ledger.transaction() as tx:
        about: dict[str, Any] = {"owner": "dan", "due": tx.now.date(), "text": "ES"}
        record_finding(tx, 1, model=MODEL, actor="vera", severity="medium", **about)
        high = record_finding(tx, 1, model=MODEL, actor="vera", severity="high", **about)
    request = ask(ledger)
    agree(ledger, request)
    with pytest.raises(BlockedError, match=f"finding {high}, high"):
        install(ledger, tmp_path, request)
    with ledger.transaction() as tx:
        close_finding(tx, high, actor="vera", text="refitted")
    assert install(ledger, tmp_path, request) == 1


def test_a_veto_takes_one_and_its_lifting_two(ledger: Ledger, tmp_path: Path):
    promotable(ledger, tmp_path)
    request = ask(ledger)
    agree(ledger, request)
    with ledger.transaction() as tx:
        veto(tx, 1, model=MODEL, actor=VERA, reason="too low in gilts")
    with pytest.raises(BlockedError, match=r"veto .* by vera"):
        install(ledger, tmp_path, request)
    with ledger.transaction() as tx:
        lifting = request_unveto(tx, 1, model=MODEL, requester=ADA, reason="the feed was wrong")
    with pytest.raises(BlockedError, match="nobody approves their own"):
        agree(ledger, lifting, ADA)
    with pytest.raises(BlockedError, match=r"veto .* by vera"):
        install(ledger, tmp_path, request)
    agree(ledger, lifting, BEN)
    assert install(ledger, tmp_path, request) == 1
    with pytest.raises(BlockedError, match="no veto of 1 stands"), ledger.transaction() as tx:
        request_unveto(tx, 1, model=MODEL, requester=ADA, reason="again")


def test_two_vetoes_are_lifted_one_by_one(ledger: Ledger, tmp_path: Path):
    promotable(ledger, tmp_path)
    request = ask(ledger)
    agree(ledger, request)
    with ledger.transaction() as tx:
        veto(tx, 1, model=MODEL, actor=VERA, reason="gilts")
        veto(tx, 1, model=MODEL, actor=BEN, reason="yen")
        lifting = request_unveto(tx, 1, model=MODEL, requester=VERA, reason="gilts are right")
    agree(ledger, lifting)
    with pytest.raises(BlockedError, match=r"by ben at .*: yen"):
        install(ledger, tmp_path, request)


@pytest.mark.parametrize(
    ("person", "told"),
    [(Person("vic", "viewer"), "vic is viewer"), (Person("root", "admin"), "root is admin")],
)
def test_a_role_decides_what_it_may(ledger: Ledger, tmp_path: Path, person: Person, told: str):
    promotable(ledger, tmp_path)
    request = ask(ledger)
    with pytest.raises(RefusedError, match=told):
        ask(ledger, requester=person)
    with pytest.raises(RefusedError, match=told):
        agree(ledger, request, person)
    with pytest.raises(RefusedError, match=told), ledger.transaction() as tx:
        veto(tx, 1, model=MODEL, actor=person, reason="no")
    agree(ledger, request)
    with pytest.raises(RefusedError, match=told):
        install(ledger, tmp_path, request, person)


def test_what_does_not_exist_is_refused(ledger: Ledger, tmp_path: Path):
    with pytest.raises(RefusedError, match="no version 1"):
        ask(ledger)
    with pytest.raises(RefusedError, match="no request 7"):
        agree(ledger, 7)
    promotable(ledger, tmp_path)
    with pytest.raises(RefusedError, match="--reason: is empty"), ledger.transaction() as tx:
        request_promotion(tx, 1, model=MODEL, requester=DAN, reason=" ")
