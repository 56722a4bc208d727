"""The market of a replay, seen as of each session: as it was, or with a feed at fault."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from features.market import latest_origin
from features.panel import Panel, SeriesFeatures
from features.returns import History
from flows.ingest import ingest
from flows.monitor import drift
from flows.replay.faults import wrong_unit
from flows.serving import Serving, made_ready
from flows.units import UnitStore

_AFTER_CLOSE = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a replay plays.

    Attributes
    ----------
    root : Path
        State root of the replay.
    directory : Path
        Market directory.
    serving : Serving
        Of the whole span; it answers for each as-of with what was known then.
    alphas : tuple of float
    """

    root: Path
    directory: Path
    serving: Serving
    alphas: tuple[float, ...]

    def sessions(self, start: pd.Timestamp, end: pd.Timestamp) -> list[pd.Timestamp]:
        """Weekdays from ``start`` to ``end`` on which a book has a session."""
        dates = pd.DatetimeIndex([])
        for history in self.serving.plan.judged:
            dates = dates.union(history.dates)
        inside = dates[(dates >= start) & (dates <= end) & (dates.dayofweek < 5)]
        return list(inside)

    def closed(self, as_of: pd.Timestamp) -> datetime:
        """When the session's cycle starts: its numbers are known."""
        at = latest_origin(self.serving.market, as_of) + _AFTER_CLOSE
        return at.to_pydatetime()

    def at_fault(
        self, as_of: pd.Timestamp, *, instrument: str, dates: Sequence[pd.Timestamp], factor: float
    ) -> Serving:
        """The market of one session as the gate lets it through, a feed in the wrong unit."""
        directory = wrong_unit(
            self.directory,
            self.root / "markets" / "at_fault",
            instrument=instrument,
            dates=dates,
            factor=factor,
        )
        found = ingest(directory, as_of=as_of)
        with UnitStore(self.root / "units.db") as units:
            return made_ready(found, alphas=self.alphas, units=units)

    def drift(self, as_of: pd.Timestamp) -> list[dict[str, Any]]:
        """Drift of the last quarter, of what was known at the session."""
        panel, histories = _known_by(self.serving, as_of)
        out = self.root / "sessions" / f"{as_of:%Y-%m-%d}"
        return drift(panel, histories, out=out)["rows"]


def _known_by(serving: Serving, as_of: pd.Timestamp) -> tuple[Panel, list[History]]:
    instant = latest_origin(serving.market, as_of)
    histories: list[History] = []
    values: dict[str, SeriesFeatures] = {}
    for history in serving.plan.instruments or serving.plan.judged:
        size = int(history.origins.searchsorted(instant, side="right"))
        features = serving.panel.values[history.name]
        values[history.name] = SeriesFeatures(features.own[:size], features.shared[:size])
        histories.append(
            replace(
                history,
                dates=history.dates[:size],
                returns=history.returns[:size],
                clean=history.clean[:size],
                origins=history.origins[:size],
            )
        )
    return replace(serving.panel, values=values), [each for each in histories if len(each.dates)]
