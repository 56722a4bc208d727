"""Stresses by name: every crisis of the catalogue, and the files that come with Foreshock."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flows.refusal import RefusedError
from flows.scenario_sets.stress_file import Stress, read_stress
from flows.settings import checkout
from validation.crises import CATALOGUE

SCHEMA = "foreshock.stresses/1"
LIST = "list"
"""What is asked for instead of a stress to see their names."""


NOTE = (
    "A replay is refused where the data do not cover it. Files name instruments of the example "
    "market: copy one and write your own."
)


def shipped() -> dict[str, Path]:
    """Files that come with Foreshock, by name."""
    found = sorted((checkout() / "infra" / "examples" / "stress").glob("*.yaml"))
    return {path.stem: path for path in found}


def stress_of(text: str) -> Stress:
    """The stress that a person names: a file of theirs, a crisis, or a file of ours.

    Raises
    ------
    RefusedError
        If it is none of them, or the file is refused.
    """
    path, ours = Path(text), shipped()
    if path.is_file():
        return read_stress(path)
    crisis = next((one for one in CATALOGUE if one.name == text), None)
    if crisis is not None:
        return Stress(name=f"{crisis.title}, {crisis.first} to {crisis.last}", replay=crisis.name)
    if text in ours:
        return read_stress(ours[text])
    if path.suffix or path.parent != Path():
        return read_stress(path)
    names = ", ".join([*(one.name for one in CATALOGUE), *ours])
    raise RefusedError(
        f"--stress: {text} is no file, and no stress has that name. There are {names}."
    )


def listed() -> list[dict[str, Any]]:
    """Every stress that has a name, for people."""
    replays = [
        {
            "name": crisis.name,
            "kind": "replay",
            "title": crisis.title,
            "first": crisis.first.isoformat(),
            "last": crisis.last.isoformat(),
            "source": crisis.source,
        }
        for crisis in CATALOGUE
    ]
    files = [
        {"name": name, "kind": "file", "title": read_stress(path).name, "path": str(path)}
        for name, path in shipped().items()
    ]
    return [*replays, *files]


def listed_lines() -> list[str]:
    """`listed` as a table."""
    told = listed()
    wide = max(len(one["name"]) for one in told)
    lines = [
        f"{one['name']:<{wide}}  {one['title']}"
        + (f", {one['first']} to {one['last']}" if one["kind"] == "replay" else "")
        for one in told
    ]
    return [*lines, NOTE]
