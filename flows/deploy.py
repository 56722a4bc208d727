"""Deployments: which flow starts when, or upon which event, and the process that runs them."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from flows.events import CAUSES
from flows.refusal import RefusedError
from flows.schedules import Schedules

if TYPE_CHECKING:
    from prefect.deployments.runner import RunnerDeployment

AT_ONCE = 2
"""Flow runs that one process starts side by side: a retrain must not keep a session waiting."""
_OF_THE_EVENT = {
    "trigger": {"__prefect_kind": "jinja", "template": "{{ event.event }}"},
    "evidence": {
        "__prefect_kind": "json",
        "value": {"__prefect_kind": "jinja", "template": "{{ event.payload | tojson }}"},
    },
}
"""What an automation hands on to the flow it starts; Prefect fills it in from the event."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """A flow that starts by itself.

    Attributes
    ----------
    name : str
    entrypoint : str
        Module path of the flow. The path of a file would load its module a second time.
    about : str
        What it does, as the Prefect page shows it.
    cron : str or None
        When; None where only an event, a command or a person starts it.
    on : tuple of str
        Events that start it; its ``trigger`` and ``evidence`` are then filled from the event.
    parameters : mapping
        What every run is given.
    """

    name: str
    entrypoint: str
    about: str
    cron: str | None = None
    on: tuple[str, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict[str, Any])


def deployments(schedules: Schedules, *, data: Path | None = None) -> tuple[Deployment, ...]:
    """Everything that is served.

    Parameters
    ----------
    schedules : Schedules
    data : Path, optional
        Market directory that the runs read; by default the bundled one.
    """
    market = {"data": None if data is None else str(data.absolute())}
    return (
        Deployment(
            "daily",
            "flows.session_flows.daily_flow",
            "Ingest, forecast, shadow and monitor, after the close.",
            cron=schedules.daily,
            parameters=market,
        ),
        Deployment(
            "retrain",
            "flows.session_flows.retrain_flow",
            "Train a challenger: each quarter, and when inputs drift, a model degrades or a crisis "
            "begins.",
            cron=schedules.quarterly,
            on=tuple(CAUSES),
            parameters=market,
        ),
        Deployment(
            "weekly",
            "flows.session_flows.weekly_flow",
            "The week's worst calls, for the calibration session.",
            cron=schedules.weekly,
        ),
        Deployment(
            "approval",
            "flows.approval_flow.approval_flow",
            "Waits, suspended, until a second person has decided on a request.",
        ),
    )


def runner_deployment(deployment: Deployment, *, zone: str) -> RunnerDeployment:
    """A deployment with its schedule and its automation, as Prefect takes it.

    Parameters
    ----------
    deployment : Deployment
    zone : str
        Time zone of its cron line.
    """
    from prefect.deployments.runner import RunnerDeployment
    from prefect.events import DeploymentEventTrigger
    from prefect.schedules import Cron
    from prefect.types.entrypoint import EntrypointType

    module, _, name = deployment.entrypoint.rpartition(".")
    trigger = DeploymentEventTrigger(
        name=f"{deployment.name} on an event",
        expect=set(deployment.on),
        parameters=_OF_THE_EVENT,
    )
    return RunnerDeployment.from_flow(
        getattr(import_module(module), name),
        name=deployment.name,
        description=deployment.about,
        parameters=dict(deployment.parameters),
        schedule=Cron(deployment.cron, timezone=zone) if deployment.cron else None,
        triggers=[trigger] if deployment.on else [],
        tags=["foreshock"],
        entrypoint_type=EntrypointType.MODULE_PATH,
    )


def serve_deployments(wanted: Sequence[Deployment], *, zone: str) -> None:
    """Register deployments with the Prefect server and run what falls due, until interrupted.

    Schedules go on while nothing serves them: what fell due meanwhile is run afterwards. That
    costs little, because a session that was done is not done again.

    Raises
    ------
    RefusedError
        If no Prefect server answers.
    """
    from prefect.client.orchestration import get_client
    from prefect.runner import Runner

    with get_client(sync_client=True) as client:
        if (error := client.api_healthcheck()) is not None:
            raise RefusedError(
                f"PREFECT_API_URL: no Prefect server answers at {client.api_url} ({error}). Open "
                f"one with `foreshock ui`, or name the one there is."
            )
    registered = [runner_deployment(deployment, zone=zone) for deployment in wanted]
    terminate, told = signal.getsignal(signal.SIGTERM), False

    class Ended(Runner):
        """Ends on SIGTERM as on Ctrl-C; Prefect's own answer leaves its work unfinished."""

        def handle_sigterm(self, *_: object, **__: object) -> None:
            nonlocal told
            told = True
            signal.raise_signal(signal.SIGINT)

    runner = Ended(name="foreshock", pause_on_shutdown=False, limit=AT_ONCE)
    for deployment in registered:
        runner.add_deployment(deployment)
    typer.echo(f"Serving {', '.join(deployment.name for deployment in wanted)}. Ctrl-C stops it.")
    # A shell that starts this in the background has Ctrl-C ignored, and SIGTERM comes as that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        asyncio.run(runner.start())
    except KeyboardInterrupt:
        if not told:
            raise
        signal.signal(signal.SIGTERM, terminate)
        signal.raise_signal(signal.SIGTERM)
