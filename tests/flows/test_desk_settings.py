"""The file that ships says the defaults, and a mistyped setting is no default."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from flows.desk_settings import DeskSettings, read_desk_settings
from flows.refusal import RefusedError
from flows.settings import checkout

SHIPPED = checkout() / "infra" / "settings" / "desk.yaml"


def test_the_file_that_ships_holds_every_default() -> None:
    written = yaml.safe_load(SHIPPED.read_text())
    assert written == DeskSettings().model_dump(mode="json")
    assert read_desk_settings(SHIPPED).digest == DeskSettings().digest


def test_without_a_file_the_defaults_hold() -> None:
    assert read_desk_settings() == DeskSettings()


def test_the_environment_names_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "desk.yaml"
    file.write_text("guardrail:\n  above: 3\n")
    monkeypatch.setenv("FORESHOCK_DESK", str(file))
    read = read_desk_settings()
    assert read.guardrail.above == 3.0
    assert read.digest != DeskSettings().digest


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("guardrail:\n  abov: 3\n", "guardrail.abov"),
        ("guardrail:\n  above: 0.5\n", "guardrail.above"),
        ("notify: mailto://a:b@c\n", "notify"),
        ("- above\n", "part:"),
        ("guardrail: [\n", "readable"),
    ],
)
def test_a_setting_that_breaks_its_rule_is_refused(tmp_path: Path, text: str, named: str) -> None:
    file = tmp_path / "desk.yaml"
    file.write_text(text)
    with pytest.raises(RefusedError, match=named):
        read_desk_settings(file)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="absent"):
        read_desk_settings(tmp_path / "absent.yaml")
