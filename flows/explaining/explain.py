"""The explanation of one forecast: from a market and the ledger to figures, words and a page."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pandas as pd

from features.sources.bundled import bundled_market
from flows.daily import MODEL
from flows.explaining.figures import explanation
from flows.explaining.page import render_explanation
from flows.explaining.paragraph import paragraph
from flows.explaining.ready import made_ready
from flows.explaining.version import Explained, explained_version
from flows.ingest import ingest
from flows.ledger.ledger import Ledger
from flows.outputs import json_bytes, write_whole
from flows.refusal import RefusedError
from flows.simulated import banner
from flows.terminal import Step, Terminal
from flows.units import UnitStore

STEPS = 4
LIBRARIES = ("shap", "lime")


def explain(
    portfolio: str,
    *,
    root: Path,
    terminal: Terminal,
    version: int | None = None,
    data: Path | None = None,
    as_of: pd.Timestamp | None = None,
    alpha: float = 0.99,
    seed: int = 0,
    out: Path | None = None,
) -> dict[str, Any]:
    """Explain a version's forecast of a book or an instrument at its last origin.

    Parameters
    ----------
    portfolio : str
    root : Path
        State root.
    terminal : Terminal
        `STEPS` of it are taken.
    version : int, optional
        By default the champion, else the challenger.
    data : Path, optional
        Market directory; by default the bundled one.
    as_of : Timestamp, optional
        By default the last date in prices.
    alpha : float
        Confidence level, one of those at which the learned tail bends.
    seed : int
        Of the background, the orders and the draws around the origin.
    out : Path, optional
        Directory of ``explain.html`` and ``explanation.json``; by default one under
        ``explanations`` in the state root.

    Returns
    -------
    dict
        See `flows.explaining.figures.explanation`; with ``paragraph``, ``notes`` and ``files``.

    Raises
    ------
    RefusedError
        If the libraries, the version or the series are not there, or do not fit each other.
    """
    _refuse_missing()
    _refuse_level(alpha)
    chosen = _version(root, version)  # refused before a market is read
    with terminal.step("ingest") as step:
        market = ingest(data or bundled_market(root), as_of=as_of).market
        step.summary = f"to {market.as_of:%Y-%m-%d}"
    with terminal.step("forecast") as step, UnitStore(root / "units.db") as units:
        before = len(units)
        ready = made_ready(
            market, portfolio, alpha=alpha, seed=seed, units=units, progress=step.advance
        )
        step.summary = f"{len(ready.series)} series; {len(units) - before} new fits"
    if (reason := chosen.served.unreadable(ready.panel)) is not None:
        raise RefusedError(f"--version: {chosen.row['number']}: {reason}")
    with terminal.step("explain") as step:
        told = explanation(
            ready, chosen.served, version=chosen.as_dict(), seed=seed, progress=step.advance
        )
        passes = sum(told["passes"].values())
        step.summary = f"{len(told['shap']['inputs'])} inputs; {passes:,} forward passes"
    told["notes"] = notes(told, chosen)
    told["paragraph"] = paragraph(told)
    return _filed(terminal, told, out or _place(root, told), banner(root))


def notes(told: dict[str, Any], chosen: Explained) -> list[str]:
    """What a reader must know before leaning on the figures."""
    found: list[str] = []
    if str(told["version"]["as_of"]) > told["origin"]:
        found.append(
            f"Version {told['version']['number']} learned from data up to "
            f"{told['version']['as_of']}, after this origin: it may have seen what came."
        )
    if chosen.role == "champion before":
        found.append("The champion's files are damaged: this is the one before it.")
    if told["stability"]["warning"]:
        found.append(f"{told['stability']['warning'].capitalize()}.")
    return found


def explanation_lines(told: dict[str, Any]) -> list[str]:
    """What the terminal shows."""
    return [told["paragraph"], *told["notes"], told["files"]["page"]]


def _version(root: Path, number: int | None) -> Explained:
    ledger = Ledger.open(root)
    try:
        with ledger.reading() as tx:
            return explained_version(tx, root, MODEL, number=number)
    finally:
        ledger.close()


def _filed(terminal: Terminal, told: dict[str, Any], out: Path, above: str) -> dict[str, Any]:
    def files(step: Step) -> dict[str, Any]:
        page, data = out / "explain.html", out / "explanation.json"
        write_whole(page, render_explanation(told, banner=above).encode())
        write_whole(data, json_bytes(told))
        step.summary = str(out)
        return told | {"files": {"page": str(page), "json": str(data)}}

    with terminal.step("page") as step:
        return files(step)


def _place(root: Path, told: dict[str, Any]) -> Path:
    name = re.sub(r"[^\w.-]", "_", told["portfolio"])
    return root / "explanations" / told["origin"] / f"{name}-v{told['version']['number']}"


def _refuse_missing() -> None:
    missing = [name for name in LIBRARIES if find_spec(name) is None]
    if missing:
        raise RefusedError(
            f"explain: needs {' and '.join(missing)}, not installed here. Install the extra with "
            f"`.venv/bin/pip install -e '.[explain]'`."
        )


def _refuse_level(alpha: float) -> None:
    from models.tail.transport import KNOTS

    if alpha not in KNOTS:
        raise RefusedError(
            f"--alpha: must be a level at which the learned tail bends "
            f"({', '.join(str(knot) for knot in KNOTS)}), got {alpha}. Pass one of them."
        )
