"""What a person sees while a command works: one line a step, with a bar where it takes long."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)


class Step:
    """One step while it runs.

    Attributes
    ----------
    summary : str
        What came of it; printed when the step ends.
    """

    def __init__(self, bar: Progress, title: str) -> None:
        self.summary = ""
        self._bar = bar
        self._task = bar.add_task(title, total=None)
        self._begun = time.monotonic()

    def advance(self, done: int, total: int) -> None:
        """Say that ``done`` of ``total`` parts are finished."""
        self._bar.update(self._task, completed=done, total=total)

    @property
    def seconds(self) -> float:
        """Time since the step began."""
        return time.monotonic() - self._begun


class Terminal:
    """Progress on standard error, so that standard output holds answers only.

    Parameters
    ----------
    total : int
        Steps the command has; zero where it does not say.
    quiet : bool
        Print nothing.
    """

    def __init__(self, *, total: int = 0, quiet: bool = False) -> None:
        self._console = Console(stderr=True, quiet=quiet, highlight=False, soft_wrap=True)
        self._total = total
        self._done = 0

    @contextmanager
    def step(self, title: str) -> Generator[Step, None, None]:
        """Show one step; its line is printed when the block ends without an error."""
        self._done += 1
        number = f"{self._done:>2}/{self._total}  " if self._total else ""
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=30),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
        )
        unwatched = not self._console.is_terminal  # a log file wants lines, not a moving bar
        with Progress(*columns, console=self._console, transient=True, disable=unwatched) as bar:
            step = Step(bar, f"{number}{title}")
            yield step
        line = f"{number}{title:<13}{_duration(step.seconds):>7}  {step.summary}"
        self._console.print(line.rstrip(), markup=False)

    def say(self, text: str) -> None:
        """Print a line between steps."""
        self._console.print(text, markup=False)


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{int(seconds) // 60}m {int(seconds) % 60:02d}s"
