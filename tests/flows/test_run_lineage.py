"""A run's lineage names its version, and a replay's says what it is."""

from __future__ import annotations

from pathlib import Path

from flows.provenance import provenance
from flows.record import Version
from flows.run_lineage import run_lineage
from flows.settings import Settings
from flows.simulated import MARK, MARKER


def test_a_run_without_a_version_says_so(tracked_root: Path):
    told = run_lineage(
        Settings(), provenance(), Version("foreshock-tail", None, "r"), tracked_root, left_out={}
    )
    assert told["model"]["version"] == "none registered"
    assert told["configurations_seen"] == 1
    assert told["banner"] == ""


def test_a_replays_run_is_marked(tracked_root: Path):
    (tracked_root / MARKER).write_text("{}")
    version = Version("foreshock-tail", 3, "r")
    told = run_lineage(Settings(), provenance(), version, tracked_root, left_out={"X": "short"})
    assert told["banner"].startswith(MARK)
    assert told["model"]["version"] == 3
    assert told["skipped"] == {"X": "short"}
