"""Where alerts are told of: a log file always, and what ``FORESHOCK_NOTIFY`` names through Apprise.

By default nothing leaves the machine. The URLs hold passwords and tokens, often where a host
would stand, so that nothing of them but the scheme is ever shown or recorded.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from flows.refusal import RefusedError

ENVIRONMENT = "FORESHOCK_NOTIFY"
"""Apprise URLs, separated by white space: ``mailto://``, ``jsons://`` (a webhook) and others."""


class UndeliveredError(RuntimeError):
    """A notification that did not arrive; says where to and why, without the URL."""


@dataclass(frozen=True, slots=True)
class Message:
    """What is told.

    Attributes
    ----------
    key : str
        Of the alert; the same alert told twice has the same key.
    severity : str
        ``info``, ``warning`` or ``critical``.
    title, body : str
        A line, and what it rests on.
    at : str
        Instant of the alert.
    """

    key: str
    severity: str
    title: str
    body: str
    at: str


@runtime_checkable
class Notifier(Protocol):
    """A place that messages are sent to."""

    @property
    def name(self) -> str:
        """How it is called in the ledger; holds no secret."""
        ...

    def send(self, message: Message) -> None:
        """Send a message, or raise `UndeliveredError`."""
        ...


@dataclass(frozen=True, slots=True)
class LogFile:
    """A file with one JSON line a message."""

    path: Path
    name: str = "log"

    def send(self, message: Message) -> None:
        """Append a line that is on disk when this returns."""
        line: dict[str, Any] = {
            "at": message.at,
            "key": message.key,
            "severity": message.severity,
            "title": message.title,
            "body": message.body,
        }
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line, sort_keys=True, ensure_ascii=False) + "\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise UndeliveredError(f"{self.path}: {error.strerror}. Make room.") from error


@dataclass(frozen=True, slots=True)
class Remote:
    """One Apprise URL.

    Parameters
    ----------
    url : str
        Secret; left out of every text this object gives of itself.
    """

    url: str = field(repr=False)

    @property
    def name(self) -> str:
        """Scheme and a short hash, e.g. ``jsons-3f2a9c1b``."""
        return redacted(self.url)

    def send(self, message: Message) -> None:
        """Hand the message to Apprise; it waits some seconds at most."""
        apprise = _silent_apprise()
        sender = apprise.Apprise()
        if not sender.add(self.url):
            raise UndeliveredError(f"{self.name}: no URL that Apprise knows. Correct it.")
        kinds = {
            "info": apprise.NotifyType.INFO,
            "warning": apprise.NotifyType.WARNING,
            "critical": apprise.NotifyType.FAILURE,
        }
        sent = sender.notify(
            title=" ".join(message.title.split()),  # a line break would start a header
            body=f"{message.body}\n\n{message.at} {message.key}",
            notify_type=kinds[message.severity],
            body_format=apprise.NotifyFormat.TEXT,
        )
        if not sent:
            raise UndeliveredError(f"{self.name}: the other side did not take it.")


def redacted(url: str) -> str:
    """Name of a URL that tells it from others and holds nothing of it but the scheme."""
    scheme, separator, _ = url.partition("://")
    known = separator and scheme.isalnum() and len(scheme) < 16
    safe = scheme.lower() if known else "unknown"  # a bare token has no scheme to show
    return f"{safe}-{hashlib.sha256(url.encode()).hexdigest()[:8]}"


def notifiers(root: Path, environment: Mapping[str, str] | None = None) -> list[Notifier]:
    """The log file of a state root, then every URL of the environment.

    Parameters
    ----------
    root : Path
        State root; the log is its ``alerts.log``.
    environment : mapping, optional
        By default that of the process.

    Raises
    ------
    RefusedError
        If Apprise does not know what a URL asks for.
    """
    urls = (os.environ if environment is None else environment).get(ENVIRONMENT, "").split()
    remotes = [Remote(url) for url in dict.fromkeys(urls)]
    if remotes:
        apprise = _silent_apprise()
        for place, remote in enumerate(remotes, start=1):
            if apprise.Apprise.instantiate(remote.url) is None:
                raise RefusedError(
                    f"{ENVIRONMENT}: entry {place} of {len(remotes)} ({remote.name}) is no URL "
                    f"that Apprise knows. Write e.g. jsons://host/path or mailto://user:password@"
                    f"host, separated by spaces."
                )
    return [LogFile(root / "alerts.log"), *remotes]


def _silent_apprise() -> Any:
    """Apprise, which otherwise logs the addresses it fails to reach."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of what its plugins import
        import apprise

        apprise.Apprise.instantiate("json://localhost")  # it loads them all at the first
    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
    return apprise
