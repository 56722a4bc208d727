"""What a person sees: one line a step, and nothing on standard output."""

from __future__ import annotations

import pytest

from flows.terminal import Terminal


def test_each_step_ends_in_one_line_with_its_number_and_outcome(capfd: pytest.CaptureFixture[str]):
    terminal = Terminal(total=2)
    for title, outcome in (("ingest", "23 feeds checked, 1 rejected [7.4%]"), ("features", "")):
        with terminal.step(title) as step:
            step.advance(1, 2)
            step.summary = outcome
    out, err = capfd.readouterr()
    assert out == ""
    first, second = err.splitlines()
    assert first.startswith(" 1/2  ingest")
    assert first.endswith("23 feeds checked, 1 rejected [7.4%]")  # no markup is read into it
    assert second.split() == ["2/2", "features", "0.0", "s"]


def test_a_step_that_fails_claims_nothing(capfd: pytest.CaptureFixture[str]):
    with pytest.raises(ZeroDivisionError), Terminal().step("ingest"):
        raise ZeroDivisionError
    assert capfd.readouterr().err == ""


def test_quiet_is_quiet(capfd: pytest.CaptureFixture[str]):
    terminal = Terminal(quiet=True)
    with terminal.step("ingest"):
        terminal.say("working")
    assert capfd.readouterr() == ("", "")
