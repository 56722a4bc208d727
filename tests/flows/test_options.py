"""Exit codes and messages: a refusal is one line and no traceback, a signal is told apart."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from features.findings import Answer, Finding, UnreadableError
from flows.options import answer, guarded, names
from flows.refusal import RefusedError
from flows.settings import checkout

BROKEN = Finding(
    Answer.REJECT, "text", "prices.csv", "SPY", 1, (), "has text in row 418.", "Use a point."
)


def outcome(error: BaseException | None, code: int | None = None):
    app = typer.Typer()

    @app.command()
    @guarded
    def fail() -> int | None:
        if error is not None:
            raise error
        return code

    return CliRunner().invoke(app, [])


@pytest.mark.parametrize(
    ("error", "code", "says"),
    [
        (RefusedError("alphas: 2 is out of range."), 2, "alphas: 2 is out of range."),
        (UnreadableError(BROKEN), 2, "prices.csv: SPY has text in row 418. Use a point."),
        (KeyboardInterrupt(), 130, "Interrupted. Finished units are kept"),
        (OSError(28, "No space left on device", "/state"), 1, "/state: No space left on device"),
    ],
)
def test_a_failure_is_a_code_and_one_line(error: BaseException, code: int, says: str):
    result = outcome(error)
    assert result.exit_code == code
    assert result.stderr.startswith(says)
    assert len(result.stderr.splitlines()) == 1
    assert result.stdout == ""


def test_a_command_s_own_code_is_kept():
    assert outcome(None, 2).exit_code == 2
    assert outcome(None).exit_code == 0


def test_a_defect_is_not_dressed_up_as_a_refusal():
    result = outcome(ValueError("shapes (3,) and (4,)"))
    assert result.exit_code == 1
    assert isinstance(result.exception, ValueError)


SLEEPER = """
import time, typer
from flows.options import guarded

app = typer.Typer()

@app.command()
@guarded
def sleep() -> None:
    print("ready", flush=True)
    time.sleep(60)

app()
"""


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_terminated_and_interrupted_are_told_apart(sent: signal.Signals, code: int):
    process = subprocess.Popen(
        [sys.executable, "-c", SLEEPER],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(checkout())},
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(sent)
    _, err = process.communicate(timeout=60)
    assert process.returncode == code
    assert "Finished units are kept" in err
    assert "Traceback" not in err


def test_json_goes_to_a_file_or_takes_standard_output(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert answer({"rows": 3}, tmp_path / "deep" / "answer.json") is False
    assert json.loads((tmp_path / "deep" / "answer.json").read_text()) == {"rows": 3}
    assert answer({"rows": 3}, Path("-")) is True
    assert json.loads(capsys.readouterr().out) == {"rows": 3}
    assert answer({"rows": 3}, None) is False


def test_lists_are_split_at_commas():
    assert names("hs_250, gjr_fhs") == ("hs_250", "gjr_fhs")
    assert names(None) is None
