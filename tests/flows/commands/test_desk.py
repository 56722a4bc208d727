"""The desk's commands ask for everything a decision needs, and read times as UTC."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from typer.testing import CliRunner

from flows.cli import app
from flows.commands.desk import _instant
from flows.refusal import RefusedError


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2024-03-08", datetime(2024, 3, 9, tzinfo=UTC)),  # the end of the day
        ("2024-03-08T18:00", datetime(2024, 3, 8, 18, tzinfo=UTC)),
        ("2024-03-08T18:00:00-05:00", datetime(2024, 3, 8, 23, tzinfo=UTC)),
    ],
)
def test_a_date_ends_with_its_day_and_an_instant_is_utc(text: str, at: datetime) -> None:
    assert _instant(text) == at


def test_no_date_is_guessed_at() -> None:
    with pytest.raises(RefusedError, match="no date or instant"):
        _instant("8.3.24")


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (["override", "fx", "--alpha", "0.99", "--var", "0.03"], "--es, --reason, --as: missing"),
        (["release", "7", "--as", "ada"], "--reason: missing"),
    ],
)
def test_a_decision_without_all_its_parts_is_refused(asked: list[str], told: str) -> None:
    result = CliRunner().invoke(app, asked)
    assert result.exit_code == 2
    assert told in result.output
