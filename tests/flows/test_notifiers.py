"""Alerts are told of where the environment says, and no secret of it is ever shown."""

from __future__ import annotations

import json
import logging
import socketserver
import threading
from collections.abc import Generator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, cast

import pytest

from flows.notifiers import LogFile, Message, Remote, UndeliveredError, notifiers, redacted
from flows.refusal import RefusedError

CANARY = "canary7c1f"
MESSAGE = Message("drift:fx:1", "critical", "FX\r\nBcc: all", "three features", "2020-03-16")


class Hook(HTTPServer):
    """A webhook on loopback that keeps what it is sent."""

    def __init__(self, status: int) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.status = status
        self.received: list[dict[str, Any]] = []

    @property
    def url(self) -> str:
        return f"json://user:{CANARY}@127.0.0.1:{self.server_port}/{CANARY}?rto=2&cto=2"


class Handler(BaseHTTPRequestHandler):
    """Keeps the body and answers with the status of its server."""

    def do_POST(self) -> None:
        hook = cast("Hook", self.server)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        hook.received.append(json.loads(body))
        self.send_response(hook.status)
        self.end_headers()

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


@pytest.fixture
def hook(request: pytest.FixtureRequest) -> Generator[Hook, None, None]:
    with Hook(getattr(request, "param", 200)) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_by_default_nothing_leaves_the_machine(tmp_path: Path) -> None:
    assert notifiers(tmp_path, {}) == [LogFile(tmp_path / "alerts.log")]


def test_a_webhook_gets_the_alert(hook: Hook, tmp_path: Path) -> None:
    _, remote = notifiers(tmp_path, {"FORESHOCK_NOTIFY": hook.url})
    remote.send(MESSAGE)
    (sent,) = hook.received
    assert sent["type"] == "failure"
    assert sent["title"] == "FX Bcc: all"
    assert "three features" in sent["message"]
    assert "drift:fx:1" in sent["message"]


@pytest.mark.parametrize("hook", [500], indirect=True)
def test_a_refused_alert_is_undelivered_and_tells_no_secret(
    hook: Hook, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.WARNING), pytest.raises(UndeliveredError) as failure:
        Remote(hook.url).send(MESSAGE)
    shown = f"{failure.value} {caplog.text} {capfd.readouterr()} {Remote(hook.url)!r}"
    assert CANARY not in shown
    assert "127.0.0.1" not in shown


def test_nobody_listening_is_undelivered() -> None:
    with Hook(200) as gone:
        url = gone.url
    with pytest.raises(UndeliveredError, match="json-"):
        Remote(url).send(MESSAGE)


def test_the_log_takes_a_line_an_alert(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "deep" / "alerts.log")
    log.send(MESSAGE)
    log.send(MESSAGE)
    lines = [json.loads(line) for line in log.path.read_text().splitlines()]
    assert [line["key"] for line in lines] == ["drift:fx:1", "drift:fx:1"]
    assert lines[0]["title"] == MESSAGE.title


def test_a_log_that_cannot_be_written_is_undelivered(tmp_path: Path) -> None:
    with pytest.raises(UndeliveredError, match="directory"):
        LogFile(tmp_path).send(Message("alerts", "info", "", "", ""))


def test_a_url_nobody_knows_is_refused_without_showing_it(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="entry 1 of 1") as refusal:
        notifiers(tmp_path, {"FORESHOCK_NOTIFY": f"carrier-pigeon://{CANARY}"})
    assert CANARY not in str(refusal.value)


@pytest.mark.parametrize(
    "url", [f"slack://{CANARY}/b/c", f"mailto://me:{CANARY}@example.org", CANARY]
)
def test_only_the_scheme_is_left_of_a_url(url: str) -> None:
    assert CANARY not in redacted(url)
    assert redacted(url) == redacted(url) != redacted(url + "x")


class Mailbox(socketserver.TCPServer):
    """A mail server on loopback, as far as one mail needs one."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), MailHandler)
        self.lines: list[str] = []


class MailHandler(socketserver.StreamRequestHandler):
    """Says yes to everything and keeps what it hears."""

    def handle(self) -> None:
        box, in_mail = cast("Mailbox", self.server), False
        self.wfile.write(b"220 here\r\n")
        for raw in self.rfile:
            line = raw.decode().rstrip("\r\n")
            box.lines.append(line)
            word = line[:4].upper()
            if in_mail:
                in_mail = line != "."
                if not in_mail:
                    self.wfile.write(b"250 taken\r\n")
            elif word == "DATA":
                in_mail = True
                self.wfile.write(b"354 go on\r\n")
            elif word == "QUIT":
                self.wfile.write(b"221 bye\r\n")
                return
            else:
                self.wfile.write(b"250 yes\r\n")


def test_a_mail_arrives_and_its_subject_starts_no_header() -> None:
    with Mailbox() as box:
        thread = threading.Thread(target=box.handle_request)
        thread.start()
        port = box.server_address[1]
        query = "smtp=127.0.0.1&mode=insecure&from=risk@example.org&to=desk@example.org"
        Remote(f"mailto://127.0.0.1:{port}?{query}").send(MESSAGE)
        thread.join()
    assert "rcpt to:<desk@example.org>" in [line.lower() for line in box.lines]
    assert "Subject: FX Bcc: all" in box.lines
    assert not any(line.startswith("Bcc") for line in box.lines)


def test_mail_is_a_url_like_any_other(tmp_path: Path) -> None:
    names = [one.name for one in notifiers(tmp_path, {"FORESHOCK_NOTIFY": "mailto://a:b@c.org"})]
    assert names[0] == "log"
    assert names[1].startswith("mailto-")
