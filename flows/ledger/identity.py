"""People: who they are, what they may do, and how they prove it.

An account is a row that a newer one replaces, so that who could do what at any time stays known.
A secret is kept as scrypt's output beside its salt, never as itself.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flows.ledger.schema import ROLES
from flows.refusal import RefusedError
from flows.simulated import played

if TYPE_CHECKING:
    from flows.ledger.ledger import Transaction

SHORTEST = 12
"""Characters a secret has at least."""
PROXY_HEADER = "FORESHOCK_PROXY_HEADER"
"""Variable that names the header in which a trusted proxy says who somebody is."""

SERVICES = ("scheduler", "system")
"""Actors that are no people; no account has their name."""

_COST, _BLOCK, _LANES = 2**15, 8, 1  # 32 MiB and about 0.1 s: scrypt's advice for a log-in
_MEMORY = 64 * 2**20


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who has proved who they are.

    Attributes
    ----------
    user : str
    role : str
        One of `flows.ledger.schema.ROLES`.
    """

    user: str
    role: str

    def must_be(self, *roles: str, to: str) -> None:
        """Refuse what the role does not allow.

        Raises
        ------
        RefusedError
            If the role is none of those named.
        """
        if self.role not in roles:
            raise RefusedError(
                f"--as: {self.user} is {self.role}; to {to} takes {' or '.join(roles)}. Ask one."
            )


def add_user(
    tx: Transaction, user: str, *, role: str, secret: str, actor: str, replay: bool = False
) -> None:
    """Make an account.

    Parameters
    ----------
    tx : Transaction
    user : str
        Names that differ in case alone are the same person.
    role : {"viewer", "developer", "validator", "approver", "admin"}
    secret : str
    actor : str
        Who makes it.
    replay : bool
        Whether a replay makes it, for a person it plays.

    Raises
    ------
    RefusedError
        If the name is taken or unfit, the role is unknown, or the secret is short.
    """
    name = one_name(user)
    if played(name) and not replay:
        raise RefusedError(
            f"user: {name} is a person of replays, whose decisions count nowhere else. Choose "
            f"another."
        )
    if role not in ROLES:
        raise RefusedError(f"--role: {role!r} is unknown. Choose from {', '.join(ROLES)}.")
    if _account(tx, name) is not None:
        raise RefusedError(f"user: {name} has an account. Choose another name, or passwd.")
    if name in SERVICES:
        raise RefusedError(f"user: {name} is a service's name. Choose another.")
    _record(tx, name, role=role, secret=_long_enough(secret), actor=actor)


def set_secret(tx: Transaction, user: str, *, secret: str, actor: str) -> None:
    """Give a person another secret; the account is active again.

    Raises
    ------
    RefusedError
        If there is no such account, or the secret is short.
    """
    account = _known(tx, user)
    _record(tx, account["user"], role=account["role"], secret=_long_enough(secret), actor=actor)


def disable(tx: Transaction, user: str, *, actor: str) -> None:
    """Let a person in no more; what they decided stands.

    Raises
    ------
    RefusedError
        If there is no such account, or it is the last active admin's.
    """
    account = _known(tx, user)
    admins = [one for one in users(tx) if one["role"] == "admin" and one["active"]]
    if [one["user"] for one in admins] == [account["user"]]:
        raise RefusedError(f"user: {account['user']} is the last admin. Make another one first.")
    same = {name: account[name] for name in ("user", "role", "salt", "secret_hash")}
    tx.append("account", actor=actor, active=False, **same)


def users(tx: Transaction) -> list[dict[str, Any]]:
    """Every account as it is now: ``user``, ``role`` and ``active``, by name."""
    latest = {row["user"]: row for row in tx.rows("account")}
    return [
        {"user": name, "role": row["role"], "active": bool(row["active"])}
        for name, row in sorted(latest.items())
    ]


def authenticate(tx: Transaction, user: str, secret: str) -> Person:
    """Who somebody is, proved by their secret.

    An unknown name takes as long as a wrong secret and is answered alike.

    Raises
    ------
    RefusedError
        If the two do not belong together, or the account is disabled.
    """
    account = _account(tx, one_name(user))
    salt = account["salt"] if account else "00" * 16
    found = _hashed(secret, salt)
    right = hmac.compare_digest(found, account["secret_hash"] if account else "")
    if account is None or not right or not account["active"]:
        raise RefusedError(
            f"--as: no active account of {user!r} has this secret. Try again, or ask an admin."
        )
    tx.vouched(account["seq"])
    return Person(account["user"], account["role"])


def person_of_proxy(tx: Transaction, headers: Mapping[str, str]) -> Person | None:
    """Who a trusted proxy says is there; enough to read, never to decide.

    Parameters
    ----------
    tx : Transaction
    headers : mapping of str to str
        Of the request, as the proxy sent them.

    Returns
    -------
    Person or None
        None where ``FORESHOCK_PROXY_HEADER`` names no header, or the header no active account.
    """
    wanted = os.environ.get(PROXY_HEADER, "").casefold()
    told = [value for name, value in headers.items() if wanted and name.casefold() == wanted]
    if len(told) != 1:  # a second one was slipped in past the proxy
        return None
    try:
        account = _account(tx, one_name(told[0]))
    except RefusedError:
        return None
    if account is None or not account["active"]:
        return None
    return Person(account["user"], account["role"])


def one_name(user: str) -> str:
    """The one spelling of a name: composed, folded, without anything that does not show.

    Raises
    ------
    RefusedError
        If nothing is left, or something that cannot be told by eye.
    """
    name = unicodedata.normalize("NFKC", user).strip().casefold()
    if not name or not name.isprintable() or len(name) > 100 or any(map(str.isspace, name)):
        raise RefusedError(
            f"user: {user!r} must be 1 to 100 printable characters without a space. Choose another."
        )
    return name


def _record(tx: Transaction, user: str, *, role: str, secret: str, actor: str) -> None:
    salt = secrets.token_hex(16)
    hashed = _hashed(secret, salt)
    tx.append(
        "account", actor=actor, user=user, role=role, salt=salt, secret_hash=hashed, active=True
    )


def _account(tx: Transaction, name: str) -> dict[str, Any] | None:
    return tx.last("account", user=name)


def _known(tx: Transaction, user: str) -> dict[str, Any]:
    account = _account(tx, one_name(user))
    if account is None:
        known = ", ".join(str(one["user"]) for one in users(tx)) or "none"
        raise RefusedError(f"user: {user!r} has no account. Accounts: {known}.")
    return account


def _long_enough(secret: str) -> str:
    if len(secret) < SHORTEST:
        raise RefusedError(
            f"secret: must have {SHORTEST} characters or more, got {len(secret)}. Lengthen it."
        )
    return secret


def _hashed(secret: str, salt: str) -> str:
    return hashlib.scrypt(
        secret.encode(),
        salt=bytes.fromhex(salt),
        n=_COST,
        r=_BLOCK,
        p=_LANES,
        maxmem=_MEMORY,
    ).hex()
