"""A server that lost its command is stopped; one that has it, or another home, is not."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from flows.orphans import end_orphans
from flows.outputs import process_lives

SLEEP = "import time; time.sleep(60)"
PARENT = """
import subprocess, sys
sleeper = [sys.executable, "-c", "import time; time.sleep(60)"]
child = subprocess.Popen(sleeper, stdout=subprocess.DEVNULL)
print(child.pid, flush=True)
"""


def environment(home: Path) -> dict[str, str]:
    return os.environ | {"PREFECT__SERVER_EPHEMERAL": "1", "PREFECT_HOME": str(home)}


def orphan(home: Path) -> int:
    """A process in a session of its own whose parent has ended."""
    done = subprocess.run(
        [sys.executable, "-c", PARENT],
        check=True,
        env=environment(home),
        stdout=subprocess.PIPE,
        start_new_session=True,
        text=True,
    )
    return int(done.stdout)


def gone(pid: int) -> bool:
    """Whether it ended, or waits only to be reaped."""
    patience = time.monotonic() + 20
    while time.monotonic() < patience:
        stat = Path(f"/proc/{pid}/stat")
        if not process_lives(pid) or stat.read_text().rsplit(")", 1)[1].split()[0] == "Z":
            return True
        time.sleep(0.05)
    return False


def test_a_server_without_its_command_is_stopped(tmp_path: Path):
    left = orphan(tmp_path)
    assert end_orphans(tmp_path) == [left]
    assert gone(left)


def test_a_server_of_another_home_is_left_alone(tmp_path: Path):
    other = orphan(tmp_path / "other")
    assert end_orphans(tmp_path) == []
    assert end_orphans(tmp_path / "other") == [other]


@pytest.mark.parametrize("mark", ["1", "0"])
def test_a_server_that_has_its_command_is_left_alone(tmp_path: Path, mark: str):
    served = environment(tmp_path) | {"PREFECT__SERVER_EPHEMERAL": mark}
    with subprocess.Popen([sys.executable, "-c", SLEEP], env=served) as server:
        assert end_orphans(tmp_path) == []
        server.terminate()
