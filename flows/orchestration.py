"""The Prefect flows of the commands: thin wrappers.

All logic is in plain functions. A step hands its answer on in memory, outside of Prefect, which
would inspect, and may store, whatever passes through it. What Prefect records are the names and
times of flows and tasks, their small parameters, and the paths and hashes of what was written.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from flows import lifecycle
from flows.backtest_job import backtest
from flows.scenario_sets.make import make_set, summary_lines
from flows.scenario_sets.named_stresses import stress_of
from flows.scenario_sets.request import scenario_request
from flows.settings import read_settings, state_root
from flows.steps import Steps, ingested
from flows.terminal import Terminal
from flows.train import train

Answer = TypeVar("Answer")
_FLOWS = frozenset({"ingest", "train", "backtest"})
"""Steps that are flows in their own right."""


def recorded(name: str, work: Callable[[], Answer]) -> Answer:
    """Do the work as a flow or a task of that name, inside the flow that runs."""
    todo: list[Callable[[], Answer]] = [work]
    answers: list[Answer] = []

    def step() -> None:
        answers.append(todo.pop()())

    if name in _FLOWS:
        flow(name=name, persist_result=False)(step)()
    else:
        task(name=name, persist_result=False, cache_policy=NO_CACHE)(step)()
    return answers.pop()  # Prefect keeps every flow and task, and so what they can still reach


@flow(name="foreshock-ingest", persist_result=False)
def ingest_flow(request: dict[str, Any], *, quiet: bool = False) -> dict[str, Any]:
    """Judge a market directory; the answer names the snapshot and what was rejected."""
    found = ingested(steps_of(1, quiet), read_settings(**request), state_root())
    return {"snapshot": found.market.snapshot, "rejected": list(found.verdicts.rejected)}


@flow(name="foreshock-train", persist_result=False)
def train_flow(request: dict[str, Any], model: str, *, quiet: bool = False) -> dict[str, Any]:
    """Train and register one version; see `flows.train.train`."""
    settings = read_settings(**request)
    return train(settings, model=model, root=state_root(), steps=steps_of(5, quiet)).as_dict()


@flow(name="foreshock-backtest", persist_result=False)
def backtest_flow(
    request: dict[str, Any], out: str | None = None, *, quiet: bool = False
) -> dict[str, Any]:
    """Forecast walk-forward; see `flows.backtest_job.backtest`."""
    settings, where = read_settings(**request), Path(out) if out else None
    return backtest(settings, root=state_root(), steps=steps_of(7, quiet), out=where).as_dict()


@flow(name="foreshock-run", persist_result=False)
def run_flow(
    request: dict[str, Any], out: str | None = None, *, quiet: bool = False
) -> dict[str, Any]:
    """Do the main job; see `flows.lifecycle.run`."""
    settings, where = read_settings(**request), Path(out) if out else None
    steps = steps_of(lifecycle.STEPS, quiet)
    return lifecycle.run(settings, root=state_root(), steps=steps, out=where).as_dict()


@flow(name="foreshock-scenarios", persist_result=False)
def scenarios_flow(
    request: dict[str, Any],
    out: str,
    stress: str | None = None,
    engine: str | None = None,
    *,
    quiet: bool = False,
) -> dict[str, Any]:
    """Make a scenario set; see `flows.scenario_sets.make.make_set`."""
    made = make_set(
        scenario_request(**request),
        root=state_root(),
        steps=steps_of(5, quiet),
        out=Path(out),
        stress=None if stress is None else stress_of(stress),
        engine=engine,
    )
    return {**made.as_dict(), "lines": list(summary_lines(made))}


def steps_of(total: int, quiet: bool = False) -> Steps:
    """Steps that a person sees and Prefect records."""
    return Steps(Terminal(total=total, quiet=quiet), recorded)
