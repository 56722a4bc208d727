"""What changed since the last report of a book, and whether positions or markets did it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from flows.outputs import json_bytes, write_whole

ALPHA = 0.975


def change_since(
    kept: Path,
    *,
    as_of: str,
    holdings: Mapping[str, float],
    horizon: int,
    unit: str,
    es: float,
    es_of: Callable[[Mapping[str, float]], float | None],
) -> dict[str, Any]:
    """Change of ES since the last report kept, shared out between trades and markets.

    Today's scenarios on the last report's holdings tell what the markets did; the rest is the
    trades.

    Parameters
    ----------
    kept : Path
        Directory of a book's reports, one file an as-of.
    as_of : str
        ISO date.
    holdings : mapping of instrument to weight or quantity
    horizon : int
        Sessions that the number speaks of; a report over others is not compared with.
    unit : str
        Of the number, see `flows.risk.numbers.Outcomes`.
    es : float
        Today's, at `ALPHA`.
    es_of : callable
        Today's ES of other holdings; None where the set cannot tell.
    """
    folder = kept / _kind(horizon, unit)
    earlier = sorted(path for path in folder.glob("*.json") if path.stem < as_of)
    if not earlier:
        return {"status": "no earlier report of this book"}
    last: dict[str, Any] = json.loads(earlier[-1].read_text(encoding="utf-8"))
    told: dict[str, Any] = {
        "status": "computed",
        "since": earlier[-1].stem,
        "es_before": last["es"],
        "change": es - last["es"],
        "traded": sorted(
            name
            for name in {*holdings, *last["holdings"]}
            if holdings.get(name) != last["holdings"].get(name)
        ),
    }
    held = es_of(last["holdings"]) if told["traded"] else es
    if held is None:
        return {**told, "markets": None, "trades": None}
    return {**told, "markets": held - last["es"], "trades": es - held}


def keep(
    kept: Path,
    *,
    as_of: str,
    holdings: Mapping[str, float],
    horizon: int,
    unit: str,
    es: float,
) -> None:
    """Keep what the next report is compared with; arguments as `change_since`."""
    told = json_bytes({"holdings": dict(holdings), "es": es})
    write_whole(kept / _kind(horizon, unit) / f"{as_of}.json", told)


def _kind(horizon: int, unit: str) -> str:
    return f"{horizon}-sessions-{unit}"
