"""Where the numbers of a run come from, as its report prints it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flows import tracking
from flows.provenance import Provenance
from flows.record import Version
from flows.settings import Settings
from flows.simulated import banner


def run_lineage(
    settings: Settings,
    made: Provenance,
    version: Version,
    root: Path,
    *,
    left_out: Mapping[str, str],
) -> dict[str, Any]:
    """Code, settings, seeds and version of a run, as plain values.

    Parameters
    ----------
    settings : Settings
    made : Provenance
    version : Version
        Without a number where nothing was trained.
    root : Path
        State root.
    left_out : mapping of series or model to reason
    """
    seen = tracking.configurations_seen(
        root, settings_digest=settings.digest, revision=made.revision
    )
    registered = version.number is not None
    return made.as_dict() | {
        "settings": settings.model_dump(mode="json", exclude_none=True, exclude={"data"}),
        "seeds": [settings.seed],
        "model": {
            "name": version.name if registered else "none",
            "version": version.number if registered else "none registered",
            "alias": tracking.CHALLENGER if registered else "no alias",
            "run": version.run_id,
        },
        "skipped": dict(left_out),
        "configurations_seen": seen,
        "banner": banner(root),
    }
