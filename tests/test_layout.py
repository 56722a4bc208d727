"""The house rules that no linter knows: where files stand, how large they are, what they import."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.metadata import packages_distributions, version
from itertools import chain
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("flows", "models", "features", "validation")
TOP_LEVEL = {
    *ROOMS,
    "tests",
    "infra",
    "mlruns",
    "pyproject.toml",
    "README.md",
    "LICENSE",
    "Makefile",
}
OF_A_WHOLE_ROOM = {
    "features/test_truncation.py",  # one test for every feature there is
    "flows/test_kills.py",  # and one for every command that changes what is kept
    "flows/risk/test_book_properties.py",  # what holds of every number of every book
}
LOCKS = ("infra/requirements.lock", "infra/requirements-public.lock")


@cache
def repository_files() -> tuple[Path, ...]:
    """Files that git tracks or would track, relative to the root."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    paths = (Path(name) for name in listed.stdout.split("\0") if name)
    return tuple(path for path in paths if (ROOT / path).is_file())


def python_files(*tops: str) -> list[Path]:
    return [path for path in repository_files() if path.suffix == ".py" and path.parts[0] in tops]


def imported_names(path: Path) -> set[str]:
    """Top-level names that a file imports, wherever in the file it does."""
    modules: list[str] = []
    for node in ast.walk(ast.parse((ROOT / path).read_text())):
        if isinstance(node, ast.Import):
            modules += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            modules.append(node.module or "")
    return {module.split(".")[0] for module in modules}


def siblings(path: Path) -> set[str]:
    """What a script of infra may import from beside itself; a room imports by its full name."""
    beside = (ROOT / path).parent.glob("*.py") if path.parts[0] == "infra" else ()
    return {file.stem for file in beside}


@cache
def owners() -> Mapping[str, list[str]]:
    """Installed distributions by the import names they claim."""
    return packages_distributions()


def normalised(distribution: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution).lower()


def pins(lock: str) -> dict[str, str]:
    """Version by distribution of one lock file."""
    lines = (ROOT / lock).read_text().splitlines()
    pinned = (line.removesuffix(" \\").split("==") for line in lines if re.match(r"\w", line))
    return {normalised(name): release for name, release in pinned}


def test_the_top_level_holds_the_rooms_and_nothing_else():
    entries = {path.parts[0] for path in repository_files()}
    assert {name for name in entries if not name.startswith(".")} == TOP_LEVEL


def test_every_room_test_mirrors_a_module():
    tests = [path for path in python_files("tests") if path.name.startswith("test_")]
    tests = [path.relative_to("tests") for path in tests if len(path.parts) > 2]
    orphans = [
        str(path)
        for path in tests
        if not (ROOT / path.with_name(path.name.removeprefix("test_"))).is_file()
        and str(path) not in OF_A_WHOLE_ROOM
    ]
    assert orphans == []


def test_tests_are_no_package():
    assert [str(path) for path in python_files("tests") if path.name == "__init__.py"] == []


def test_no_file_is_longer_than_400_lines():
    lengths = {
        str(path): len((ROOT / path).read_text().splitlines())
        for path in python_files(*ROOMS, "tests", "infra")
    }
    assert {path: length for path, length in lengths.items() if length > 400} == {}


def test_no_drawer_for_odds_and_ends():
    drawers = {"utils", "util", "common", "core", "helpers", "helper", "misc"}
    stems = {str(path): {*path.parent.parts, path.stem} for path in repository_files()}
    assert [path for path, names in stems.items() if names & drawers] == []


def test_a_package_opens_with_one_sentence_and_no_code():
    bodies = {
        str(path): ast.parse((ROOT / path).read_text())
        for path in python_files(*ROOMS)
        if path.name == "__init__.py"
    }
    assert {str(Path(room) / "__init__.py") for room in ROOMS} <= bodies.keys()
    assert [
        path
        for path, module in bodies.items()
        if len(module.body) != 1 or not ast.get_docstring(module)
    ] == []


@pytest.mark.parametrize("room", ROOMS)
def test_no_stranger_installs_a_package_of_our_name(room: str):
    assert set(owners().get(room, [])) <= {"foreshock"}


def test_every_import_is_declared():
    """What a room imports is a dependency by its own name, not another library's by luck."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    declared = {
        normalised(re.split(r"[^\w.-]", requirement, maxsplit=1)[0])
        for requirement in chain.from_iterable(groups)
    }
    known = {*sys.stdlib_module_names, *ROOMS, "infra", "tests"}
    undeclared = {
        f"{path}: {name}"
        for path in python_files(*ROOMS, "tests", "infra")
        for name in imported_names(path) - known - siblings(path)
        if not {normalised(owner) for owner in owners().get(name, [])} & declared
    }
    assert undeclared == set()


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_host_and_hashes_every_package(lock: str):
    text = (ROOT / lock).read_text()
    assert "://" not in text
    entries = re.split(r"\n(?=\w)", text)
    assert [entry for entry in entries if not re.search(r"--hash=sha256:[0-9a-f]{64}", entry)] == []


def test_both_locks_agree_on_everything_but_torch_and_cuda():
    cpu, public = (pins(lock) for lock in LOCKS)
    assert cpu.pop("torch") == public.pop("torch") + "+cpu"
    cuda = {name for name in public if re.match(r"nvidia-|cuda-|triton$", name)}
    assert cpu == {name: release for name, release in public.items() if name not in cuda}


def test_the_environment_is_what_the_lock_says():
    """A result names the hash of the lock; that means nothing where other versions ran."""
    pinned = pins(LOCKS[0])
    pinned["torch"] = pinned["torch"].removesuffix("+cpu")
    installed = {name: version(name).removesuffix("+cpu") for name in pinned}
    assert installed == pinned


def test_no_file_is_larger_than_a_megabyte():
    sizes = {str(path): (ROOT / path).stat().st_size for path in repository_files()}
    assert {path: size for path, size in sizes.items() if size > 1_000_000} == {}
