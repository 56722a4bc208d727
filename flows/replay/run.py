"""`foreshock replay`: a state root of its own, every session in order, and one page at the end."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from features.sources.bundled import bundled_market
from flows.clock import FixedClock
from flows.desk_settings import DeskSettings
from flows.ingest import ingest
from flows.ledger.ledger import Ledger
from flows.outputs import json_bytes, write_whole
from flows.refusal import RefusedError
from flows.replay.page import render_page
from flows.replay.play import Play
from flows.replay.script import Script, dated
from flows.replay.stage import Stage
from flows.replay.timeline import timeline
from flows.serving import made_ready
from flows.settings import canonical_digest
from flows.simulated import MARKER
from flows.terminal import Step, Terminal
from flows.units import UnitStore

FEWEST = 60
"""Sessions without which a script has no room."""
STEPS = 4


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay left.

    Attributes
    ----------
    root : Path
        Its state root; ``FORESHOCK_HOME`` pointed there shows it to every other command.
    page : Path
        The timeline.
    content : mapping
        Everything the page shows, as plain values; ``replay.json`` beside it.
    """

    root: Path
    page: Path
    content: dict[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """Plain values, as they go into JSON."""
        return {**self.content, "root": str(self.root), "page": str(self.page)}


def replay(
    *,
    root: Path,
    desk: DeskSettings,
    terminal: Terminal,
    data: Path | None = None,
    start: pd.Timestamp | None = None,
    end: pd.Timestamp | None = None,
    script: Script | None = None,
) -> Replayed:
    """Play the whole lifecycle on history, session by session, on a clock of its own.

    The same request goes on where it was killed; one that was finished is told again.

    Parameters
    ----------
    root : Path
        State root of the desk; the replay's own is made below its ``replays``.
    desk : DeskSettings
    terminal : Terminal
        `STEPS` steps are shown.
    data : Path, optional
        Market directory; by default the bundled one.
    start, end : Timestamp, optional
        First and last session; by default the last year of the data.
    script : Script, optional
        What is planted, and when.

    Raises
    ------
    RefusedError
        If the span has fewer than `FEWEST` sessions.
    """
    directory = (data or bundled_market(root)).absolute()
    script = script or Script()
    with terminal.step("ingest") as step:
        found = ingest(directory, as_of=end)
        last = found.market.as_of
        first = start or last - pd.DateOffset(years=1) + pd.Timedelta(days=1)
        step.summary = f"{len(found.verdicts.feeds)} feeds checked, to {last:%Y-%m-%d}"
    home = root / "replays" / _name(found.market.snapshot, first, last, script, desk)
    request = {
        "schema": "foreshock.replay/1",
        "data": str(directory),
        "snapshot": found.market.snapshot,
        "start": f"{first:%Y-%m-%d}",
        "end": f"{last:%Y-%m-%d}",
        "script": script.model_dump(mode="json"),
    }
    write_whole(home / MARKER, json_bytes(request))
    with terminal.step("forecast") as step, UnitStore(home / "units.db") as units:
        serving = made_ready(
            found,
            alphas=desk.monitor.alphas,
            units=units,
            since=first,
            watch=desk.watch,
            progress=step.advance,
        )
        step.summary = f"{len(serving.plan.judged)} books"
    stage = Stage(home, directory, serving, desk.monitor.alphas)
    sessions = stage.sessions(first, last)
    if len(sessions) < FEWEST:
        raise RefusedError(
            f"--start {first:%Y-%m-%d}, --end {last:%Y-%m-%d}: {len(sessions)} sessions, and a "
            f"replay needs {FEWEST}. Choose a longer span."
        )
    clock = FixedClock(stage.closed(sessions[0]))
    ledger = Ledger.open(home, clock=clock)
    try:
        play = Play(stage, script, dated(script, sessions), ledger, clock, desk, terminal.say)
        with terminal.step("sessions") as step:
            _played(play, sessions, step)
        with terminal.step("timeline") as step:
            content = request | timeline(ledger, play, sessions)
            page = home / "timeline.html"
            write_whole(page, render_page(content).encode())
            write_whole(home / "timeline.json", json_bytes(content))
            step.summary = f"{len(content['events'])} events"
    finally:
        ledger.close()
    return Replayed(home, page, content)


def _played(play: Play, sessions: list[pd.Timestamp], step: Step) -> None:
    play.begin(sessions[0])
    for done, as_of in enumerate(sessions, start=1):
        play.session(as_of)
        step.advance(done, len(sessions))
    step.summary = f"{len(sessions)} sessions, {sessions[0]:%Y-%m-%d} to {sessions[-1]:%Y-%m-%d}"


def _name(
    snapshot: str, first: pd.Timestamp, last: pd.Timestamp, script: Script, desk: DeskSettings
) -> str:
    """Directory of a replay: the same request has the same."""
    about = [snapshot, script.model_dump(mode="json"), desk.model_dump(mode="json")]
    return f"{first:%Y-%m-%d}_{last:%Y-%m-%d}-{canonical_digest(about)[:8]}"
