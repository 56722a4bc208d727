"""The last lines of a run: the verdict, what was left out, what to try next, the report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flows.settings import LEGACY


def closing_lines(done: Mapping[str, Any]) -> list[str]:
    """At most eight lines; the last is the path of the report.

    Parameters
    ----------
    done : mapping
        As `flows.lifecycle.Finished.as_dict` gives it.
    """
    lines = [done["verdict"]]
    if failed := [name for name, passed in done["gates"].items() if not passed]:
        lines.append(f"Gates not passed: {', '.join(failed)} (gates.json says by how much).")
    if done["excluded"]:
        more = f" and {len(done['excluded']) - 1} more" if len(done["excluded"]) > 1 else ""
        lines.append(f"Left out by the feed gate: {done['excluded'][0]}{more}")
    if done["version"]:
        lines.append(
            f"Registered: {done['registered']} v{done['version']} as challenger. No champion: "
            f"until two people promote one, the desk's number is the legacy ({LEGACY})."
        )
    return [
        *lines,
        "MLflow and Prefect pages: foreshock ui",
        (
            "Your own data: cp -r infra/examples/market ./mine, fill it, then "
            "foreshock validate --data ./mine"
        ),
        done["report"],
    ]
