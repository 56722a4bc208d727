"""What the README tells a newcomer to type works as typed."""

import re
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from flows.cli import app

CHECKOUT = Path(__file__).resolve().parents[1]
README = (CHECKOUT / "README.md").read_text()
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)
IN_BLOCKS = [line for language, block in BLOCKS if not language for line in block.splitlines()]
TYPED = IN_BLOCKS + re.findall(r"`((?:foreshock|make|python) [^`]+)`", README)

PROGRAM = re.compile(r"(\.venv/bin/)?foreshock \w")


def commands() -> dict[str, Any]:
    group: Any = typer.main.get_command(app)
    return group.commands


def test_the_readme_has_commands_to_type() -> None:
    assert len(TYPED) > 10


@pytest.mark.parametrize(
    "line", [line for line in TYPED if re.match(r"(\.venv/bin/)?foreshock \w", line)]
)
def test_every_command_and_option_is_there(line: str) -> None:
    name, *rest = shlex.split(line)[1:]
    command = commands()[name]
    if rest and rest[0] in (inner := getattr(command, "commands", {})):  # e.g. `user add`
        command = inner[rest[0]]
    known = {name for parameter in command.params for name in parameter.opts}
    assert {word for word in rest if word.startswith("--")} <= known


@pytest.mark.parametrize("line", [line for line in TYPED if line.startswith("make ")])
def test_every_make_target_is_there(line: str) -> None:
    makefile = (CHECKOUT / "Makefile").read_text()
    assert re.search(rf"^{line.split()[1]}:", makefile, flags=re.MULTILINE)


@pytest.mark.parametrize("line", [line for line in TYPED if line.startswith("python ")])
def test_every_script_is_there(line: str) -> None:
    assert (CHECKOUT / line.split()[1]).is_file()


@pytest.mark.parametrize("line", [line for line in TYPED if line.startswith("cp ")])
def test_what_is_copied_passes_the_gate(line: str, tmp_path: Path) -> None:
    *_, source, _ = shlex.split(line)
    shutil.copytree(CHECKOUT / source, tmp_path / "mine")
    done = CliRunner().invoke(app, ["validate", "--data", str(tmp_path / "mine")])
    assert done.exit_code == 0, done.output


def test_the_table_of_commands_is_that_of_the_program() -> None:
    rows = re.findall(r"^\| (`foreshock [^|]+) \|", README, flags=re.MULTILINE)
    listed = {name for row in rows for name in re.findall(r"`(?:foreshock )?(\w+)[^`]*`", row)}
    assert listed == set(commands())
