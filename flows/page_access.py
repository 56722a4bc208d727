"""Who may open the pages: anyone on this machine, or those who know a user and a password."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path

from flows.refusal import RefusedError

LOOPBACK = "127.0.0.1"
VARIABLE = "FORESHOCK_PAGES_AUTH"
FILE = f"{VARIABLE}_FILE"
_SHORTEST = 12
_KNOWN = ("password", "admin", "prefect", "mlflow", "foreshock", "changeme", "secret", "default")
"""What defaults and examples are made of; digits added to one of these do not make it another."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """User and password of the pages; they open them, and prove nothing about who decided."""

    user: str
    password: str = field(repr=False)

    @property
    def text(self) -> str:
        """Both, as Prefect takes them."""
        return f"{self.user}:{self.password}"


def credentials(environment: Mapping[str, str] = os.environ) -> Credentials | None:
    """User and password from the environment or a file it names; None where neither is given.

    Parameters
    ----------
    environment : mapping
        ``FORESHOCK_PAGES_AUTH`` is ``user:password``; ``FORESHOCK_PAGES_AUTH_FILE`` names a file
        that holds it.

    Raises
    ------
    RefusedError
        If both are given, the file cannot be read, a part is empty, or the password is short or a
        known default. No message repeats the password.
    """
    given, file = environment.get(VARIABLE), environment.get(FILE)
    if given is None and file is None:
        return None
    if given is not None and file is not None:
        raise RefusedError(f"{VARIABLE} and {FILE} are both set. Unset one.")
    name = VARIABLE
    if file is not None:
        name = f"{FILE} ({file})"
        try:
            given = Path(file).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise RefusedError(f"{name}: cannot be read ({type(error).__name__}).") from error
    user, colon, password = (given or "").strip().partition(":")
    if not (user and colon and password):
        raise RefusedError(f"{name} must be user:password, and one of them is empty. Set both.")
    if len(password) < _SHORTEST:
        raise RefusedError(
            f"{name}: a password has at least {_SHORTEST} characters, and this one has fewer. Make "
            f"one with `openssl rand -hex 16`."
        )
    if _guessable(user, password):
        raise RefusedError(
            f"{name}: this password is a known default or hardly more than one character. Make "
            f"one with `openssl rand -hex 16`."
        )
    return Credentials(user, password)


def refuse_open(host: str, known: Credentials | None) -> None:
    """Refuse a place that other machines reach where no password is set.

    Raises
    ------
    RefusedError
        If ``host`` is no loopback address and there are no credentials.
    """
    if known is None and not is_loopback(host):
        raise RefusedError(
            f"--host: {host} can be reached from other machines, and the pages have no password. "
            f"Set {VARIABLE}=user:password or {FILE}, or leave out --host."
        )


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address; a name is trusted where it is localhost."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _guessable(user: str, password: str) -> bool:
    letters = "".join(filter(str.isalpha, password.lower()))
    words = (*_KNOWN, user.lower())
    for word in sorted(words, key=len, reverse=True):
        letters = letters.replace(word, "")
    return len(set(password)) < 5 or (not letters and any(map(str.isalpha, password)))
