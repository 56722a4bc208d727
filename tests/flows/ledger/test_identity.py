"""Who somebody is is proved, and a name has one spelling."""

from __future__ import annotations

import hashlib

import pytest

from flows.ledger.identity import (
    PROXY_HEADER,
    Person,
    add_user,
    authenticate,
    disable,
    person_of_proxy,
    set_secret,
    users,
)
from flows.ledger.ledger import Ledger
from flows.refusal import RefusedError

SECRET = "correct horse"  # noqa: S105


@pytest.fixture
def ledger(ledger: Ledger) -> Ledger:
    """A ledger with one approver."""
    with ledger.transaction() as tx:
        add_user(tx, "Ada", role="approver", secret=SECRET, actor="root")
    return ledger


def test_the_right_secret_says_who_and_what(ledger: Ledger):
    with ledger.reading() as tx:
        assert authenticate(tx, "ada", SECRET) == Person("ada", "approver")
        assert authenticate(tx, " ADA", SECRET) == Person("ada", "approver")


@pytest.mark.parametrize(
    ("user", "secret"), [("ada", "wrong horse!"), ("bob", SECRET), ("ada", "")]
)
def test_a_wrong_name_and_a_wrong_secret_are_answered_alike(ledger: Ledger, user: str, secret: str):
    with ledger.reading() as tx, pytest.raises(RefusedError, match="no active account of"):
        authenticate(tx, user, secret)


def test_the_ledger_holds_what_scrypt_makes_of_a_secret_and_not_the_secret(ledger: Ledger):
    with ledger.reading() as tx:
        (row,) = tx.rows("account")
    salt = bytes.fromhex(row["salt"])
    by_hand = hashlib.scrypt(SECRET.encode(), salt=salt, n=2**15, r=8, p=1, maxmem=2**26)
    assert row["secret_hash"] == by_hand.hex()
    assert SECRET not in str(row)


def test_two_people_with_one_secret_have_two_hashes(ledger: Ledger):
    with ledger.transaction() as tx:
        add_user(tx, "ben", role="approver", secret=SECRET, actor="root")
        hashes = {row["secret_hash"] for row in tx.rows("account")}
    assert len(hashes) == 2


def test_a_name_that_looks_the_same_is_the_same_person(ledger: Ledger):
    for name in ("ADA", "ａｄａ", " ada "):
        with pytest.raises(RefusedError, match="has an account"), ledger.transaction() as tx:
            add_user(tx, name, role="approver", secret=SECRET, actor="root")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"user": "b\nob"}, "printable"),
        ({"user": "  "}, "printable"),
        ({"user": "b ob"}, "printable"),
        ({"user": " System"}, "a service's name"),
        ({"role": "king"}, "--role: 'king'"),
        ({"secret": "eleven char"}, "12 characters or more, got 11"),
    ],
)
def test_an_account_that_breaks_a_rule_is_refused(
    ledger: Ledger, changes: dict[str, str], told: str
):
    asked = {"user": "bob", "role": "viewer", "secret": SECRET} | changes
    with pytest.raises(RefusedError, match=told), ledger.transaction() as tx:
        add_user(tx, asked["user"], role=asked["role"], secret=asked["secret"], actor="root")


def test_a_disabled_account_opens_nothing_until_it_has_a_new_secret(ledger: Ledger):
    with ledger.transaction() as tx:
        disable(tx, "ada", actor="root")
    with ledger.reading() as tx, pytest.raises(RefusedError, match="no active account"):
        authenticate(tx, "ada", SECRET)
    with ledger.transaction() as tx:
        set_secret(tx, "ada", secret="another horse", actor="root")  # noqa: S106
        assert authenticate(tx, "ada", "another horse").role == "approver"
        with pytest.raises(RefusedError, match="no active account"):
            authenticate(tx, "ada", SECRET)
        assert len(tx.rows("account")) == 3  # who could do what when stays known


def test_the_last_admin_stays(ledger: Ledger):
    with ledger.transaction() as tx:
        add_user(tx, "root", role="admin", secret=SECRET, actor="root")
        with pytest.raises(RefusedError, match="last admin"):
            disable(tx, "root", actor="root")
        assert users(tx) == [
            {"user": "ada", "role": "approver", "active": True},
            {"user": "root", "role": "admin", "active": True},
        ]


def test_a_proxy_is_believed_only_where_its_header_was_named(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
):
    headers = {"X-Forwarded-User": "Ada"}
    with ledger.reading() as tx:
        monkeypatch.delenv(PROXY_HEADER, raising=False)
        assert person_of_proxy(tx, headers) is None
        assert person_of_proxy(tx, {"": "ada"}) is None
        monkeypatch.setenv(PROXY_HEADER, "x-forwarded-user")
        assert person_of_proxy(tx, headers) == Person("ada", "approver")
        assert person_of_proxy(tx, headers | {"x-forwarded-user": "ben"}) is None
        assert person_of_proxy(tx, {"X-Forwarded-User": "nobody\n"}) is None
