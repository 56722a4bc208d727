"""Who draws the chunks of a set: this machine's cores, or a Dask cluster that is there already."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from joblib import parallel_config

from flows.page_access import is_loopback
from flows.processes import processes
from flows.provenance import provenance
from flows.refusal import RefusedError

if TYPE_CHECKING:
    from models.base import ScenarioModel
    from models.scenarios.chunks import Workers

PATIENCE = 10.0
"""Seconds that a scheduler and its first worker have to answer."""


@contextmanager
def sharing(
    model: ScenarioModel, *, paths: int, engine: str | None = None
) -> Generator[tuple[int, Workers]]:
    """Number and kind of workers, as `models.scenarios.chunks` takes them, while the block lasts.

    A chunk's draws follow from the seed and its index alone, so that no digit depends on who drew
    it, as long as all run the same code on the same class of processor.

    Parameters
    ----------
    model : ScenarioModel
        Handed to each worker of a cluster once.
    paths : int
    engine : str, optional
        Address of a Dask scheduler, such as ``tcp://127.0.0.1:8786``; by default this machine.

    Raises
    ------
    RefusedError
        If Dask is not installed, nothing answers at the address, strangers could reach it, or a
        worker has other code or more than one thread.
    """
    from models.scenarios.chunks import CHUNK
    from models.scenarios.registry import NEURAL

    if engine is None:
        yield (
            processes(paths // CHUNK, worth=4),
            "processes" if model.name in NEURAL else "threads",
        )
        return
    with connected(engine) as client:
        threads = dict(client.nthreads())
        with parallel_config("dask", client=client, scatter=[model]):
            yield len(threads), "engine"


@contextmanager
def connected(engine: str) -> Generator[Any]:
    """A client of the cluster at an address, all of whose workers are like this process.

    Raises
    ------
    RefusedError
        As in `sharing`.
    """
    refuse_open_engine(engine)
    try:
        from distributed import Client, Security
    except ImportError as error:
        raise RefusedError(
            "--engine: Dask is not installed here. Install the extra: pip install 'foreshock[dask]'"
        ) from error
    security = Security(require_encryption=True) if urlsplit(engine).scheme == "tls" else None
    try:
        client = Client(engine, timeout=PATIENCE, security=security, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise RefusedError(
            f"--engine: no Dask scheduler answers at {engine}. Start one with `dask scheduler "
            f"--host 127.0.0.1`, and workers with `dask worker {engine} --nthreads 1`."
        ) from error
    with client:
        try:
            client.wait_for_workers(1, timeout=PATIENCE)
        except TimeoutError as error:
            raise RefusedError(
                f"--engine: {engine} has no worker. Start some with `dask worker {engine} "
                f"--nthreads 1`."
            ) from error
        _check_workers(client)
        yield client


def refuse_open_engine(engine: str) -> None:
    """Refuse an address that strangers could reach: who reaches a scheduler runs code there.

    Raises
    ------
    RefusedError
        If the address is neither on this machine nor encrypted with certificates.
    """
    told = urlsplit(engine)
    if told.scheme not in ("tcp", "tls") or told.hostname is None or told.port is None:
        raise RefusedError(
            f"--engine: must be an address such as tcp://127.0.0.1:8786, got {engine!r}."
        )
    if told.scheme == "tcp" and not is_loopback(told.hostname):
        raise RefusedError(
            f"--engine: {engine} is another machine without encryption, and Dask runs what anybody "
            f"who reaches it sends. Give it certificates (distributed.comm.tls of Dask's own "
            f"settings) and call it tls://, or reach it through a tunnel to 127.0.0.1."
        )


def _check_workers(client: Any) -> None:
    """Refuse workers whose draws could differ in a digit."""
    wide = [name for name, threads in client.nthreads().items() if threads != 1]
    if wide:
        raise RefusedError(
            f"--engine: worker {wide[0]} has more than one thread, and torch has one number of "
            f"threads for a whole process. Start it with --nthreads 1, as many as there are cores."
        )
    mine = _made_by()
    for worker, theirs in client.run(_made_by).items():
        other = [name for name, value in mine.items() if theirs.get(name) != value]
        if other:
            raise RefusedError(
                f"--engine: worker {worker} has another {' and '.join(other)} than this process. "
                f"Start it from the same checkout and environment."
            )


def _made_by() -> dict[str, object]:
    """What decides the digits of a draw."""
    told = provenance()
    return {
        "revision of the code": (told.revision, told.dirty),
        "lock": told.lock,
        "Python": told.python,
        "kind of machine": told.machine,
        "set of packages": told.packages,
    }
