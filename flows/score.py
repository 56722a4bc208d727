"""`foreshock score`: all evidence for a forecast table, whoever made the forecasts."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from rich.console import Console

from flows.evidence_file import evidence_text
from flows.outputs import write_whole
from flows.processes import processes
from flows.refusal import RefusedError
from flows.score_table import summary
from flows.terminal import Terminal
from validation.evidence import BASELINE, DRAWS, examine
from validation.forecasts import read_forecasts


def score(
    file: Path,
    *,
    baseline: str | None = None,
    json: Path | None = None,
    draws: int = DRAWS,
    simulated: bool = True,
) -> dict[str, Any]:
    """Read a forecast table, examine it, print what matters and write the rest.

    Parameters
    ----------
    file : Path
        CSV or Parquet.
    baseline : str, optional
        Model to beat; by default GJR-FHS where the table has it.
    json : Path, optional
        Where the evidence goes; ``-`` is standard output, and then nothing else is printed there.
    draws : int
        Simulated samples, see `validation.evidence.examine`.
    simulated : bool
        False leaves out simulated p-values and tail accuracy.

    Returns
    -------
    dict
        The evidence.

    Raises
    ------
    UnreadableError
        If the table cannot be judged.
    RefusedError
        If the baseline that was asked for is not in it.
    """
    with Terminal().step("score") as step:
        table = read_forecasts(file)
        models = sorted(map(str, table["model"].cat.categories))
        if baseline is not None and baseline not in models:
            raise RefusedError(
                f"baseline {baseline!r} is not a model of {file.name}. "
                f"It has {', '.join(models)}: name one of them."
            )
        evidence = examine(
            table,
            baseline=baseline or BASELINE,
            draws=draws,
            simulated=simulated,
            jobs=processes(len(table), worth=100_000),
        )
        step.summary = f"{len(table):,} forecasts"
    if str(json) == "-":
        sys.stdout.write(evidence_text(evidence))
        return evidence
    console = Console(highlight=False)
    for part in summary(evidence, name=file.name):
        console.print(part)
    if json is not None:
        write_whole(json.absolute(), evidence_text(evidence).encode())
        console.print(f"All of it: {json}", markup=False, soft_wrap=True)
    return evidence
