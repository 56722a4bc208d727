"""Where tests and benches find a market richer than the bundled one."""

from __future__ import annotations

import os
from pathlib import Path

REMEDY = "No richer market here: point FORESHOCK_MARKET at a market directory to run this."


def richer_market() -> Path | None:
    """Market directory named by ``FORESHOCK_MARKET``, else the one beside the checkout, else none.

    Raises
    ------
    ValueError
        If ``FORESHOCK_MARKET`` names something that is not a directory: a mistyped path must not
        pass for an absent market.
    """
    named = os.environ.get("FORESHOCK_MARKET")
    if named:
        directory = Path(named).expanduser().resolve()
        if not directory.is_dir():
            raise ValueError(
                f"FORESHOCK_MARKET must name a market directory, got {named!r}. "
                "Correct it, or unset it to go without."
            )
        return directory
    checkout = Path(__file__).resolve().parents[2]
    sibling = checkout.parent / "shared" / "data" / "market"
    return sibling if sibling.is_dir() else None
