"""The Prefect runs that wait for a decision: one for each request, woken when it is decided.

The ledger decides and a run only waits, so a server that is not there keeps nobody from deciding.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from flows.settings import quiet_libraries, state_root

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient
    from prefect.client.schemas.objects import FlowRun

DEPLOYMENT = "foreshock-approval/approval"
_PATIENCE = 15.0
"""Seconds; a run that was just started reads the ledger and suspends itself well within it."""


def ask(request: int) -> str:
    """Start the run that waits for a request; however often it is asked there is one.

    Parameters
    ----------
    request : int
        Sequence number of the request in the ledger.

    Returns
    -------
    str
        What became of it, for the person who made the request.
    """
    client = _client()
    if client is None:
        return "No Prefect server is named in PREFECT_API_URL; the request waits in the ledger."
    from prefect.exceptions import ObjectNotFound

    with client:
        if (error := client.api_healthcheck()) is not None:
            return f"Prefect does not answer ({error}); the request waits in the ledger."
        try:
            deployment = client.read_deployment_by_name(DEPLOYMENT)
        except ObjectNotFound:
            return "Prefect has no approval deployment (`foreshock serve` makes it)."
        run = client.create_flow_run_from_deployment(
            deployment.id,
            parameters={"request": request},
            idempotency_key=_key(request),
            name=_key(request),
        )
        return f"Prefect shows it as run {run.name}."


def tell(request: int) -> str:
    """Wake the run that waits for a request, so that it sees what was decided.

    Returns
    -------
    str
        What became of it, for the person who decided.
    """
    client = _client()
    if client is None:
        return "No Prefect server is named in PREFECT_API_URL; nobody waits there."
    with client:
        if (error := client.api_healthcheck()) is not None:
            return f"Prefect does not answer ({error}); its run learns of it when it is resumed."
        return _wake(client, request)


def _wake(client: SyncPrefectClient, request: int) -> str:
    # A run that is just reading the ledger may have read it before the decision: it is waited for.
    patience = time.monotonic() + _PATIENCE
    while (run := _run_of(client, request)) is not None and run.state is not None:
        if run.state.is_paused():
            client.resume_flow_run(run.id, run_input={"look_again": True})
            return f"Prefect's run {run.name} was resumed."
        if run.state.is_final():
            return f"Prefect's run {run.name} has ended: {run.state.name}."
        if not run.state.is_running() or time.monotonic() > patience:
            return f"Prefect's run {run.name} reads the decision when it starts."
        time.sleep(0.2)
    return "No Prefect run waits for it."


def _run_of(client: SyncPrefectClient, request: int) -> FlowRun | None:
    from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterIdempotencyKey

    wanted = FlowRunFilter(idempotency_key=FlowRunFilterIdempotencyKey(any_=[_key(request)]))
    runs = client.read_flow_runs(flow_run_filter=wanted)
    return runs[0] if runs else None


def _key(request: int) -> str:
    return f"request-{request}"


def _client() -> SyncPrefectClient | None:
    if not os.environ.get("PREFECT_API_URL"):
        return None
    quiet_libraries(state_root())
    from prefect.client.orchestration import get_client

    return get_client(sync_client=True)
