"""What a command readies before it starts tracked work: Prefect reads it when it is imported."""

from __future__ import annotations

import os
from pathlib import Path

from flows.orphans import end_orphans
from flows.settings import quiet_libraries, state_root


def ready(*, verbose: bool = False) -> None:
    """Quiet libraries, telemetry off, and no server left over from a command that was killed."""
    quiet_libraries(state_root(), verbose=verbose)
    end_orphans(Path(os.environ["PREFECT_HOME"]))
