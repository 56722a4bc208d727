"""Commands as processes of their own, each of which can be killed at a point of its work.

What the commands import takes ten seconds. One process imports it, and forks one for each command.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NoReturn

from flows.refusal import BlockedError, RefusedError
from flows.settings import Settings, checkout, quiet_libraries
from tests.flows.points import Points

DECISIONS = ("flows.ledger.decisions", "flows.reconcile", "mlflow.pyfunc")
"""What a decision imports on its way."""
ALL = (
    *DECISIONS,
    "alembic.command",
    "arch.univariate",
    "evidently.presets",
    "exchange_calendars",
    "flows.cycle",
    "flows.retrain",
    "flows.train",
    "great_expectations",
    "matplotlib.pyplot",
    "models.baselines",
    "models.regimes",
    "models.tail.served",
    "models.tail.walk_forward",
    "models.training",
    "numba",
    "plotly.graph_objects",
    "plotly.subplots",
)
"""What any command imports on its way."""


@dataclass(frozen=True)
class Order:
    """What a process is to do.

    Attributes
    ----------
    command : str
        Of `COMMANDS`.
    root, market : str
        State root, and the directory of the market.
    as_of : str
        ISO date; empty is the last.
    about : int
        Number of a version or a request.
    later : float
        Seconds that its clock is ahead of this machine's.
    at : int
        Point at which the signal comes, from 1; never at 0.
    by : int
        The signal.
    """

    command: str
    root: str
    market: str = ""
    as_of: str = ""
    about: int = 0
    later: float = 0.0
    at: int = 0
    by: int = signal.SIGKILL


@dataclass(frozen=True)
class Told:
    """What came of a process.

    Attributes
    ----------
    pid : int
    ended : {"done", "refused", "killed", "stopped", "failed"}
    answer : dict
        What a command that is done says; ``why`` where it was refused or failed.
    points : tuple of str
        Every point that it passed; empty where it was killed.
    """

    pid: int
    ended: str
    answer: dict[str, Any]
    points: tuple[str, ...] = ()


class Nursery:
    """Starts processes and says how each ended; see `nursery`."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def all(self, *orders: Order) -> list[Told]:
        """Start them at once, and wait until each has ended or was stopped."""
        return self._ask({"orders": [asdict(order) for order in orders]})

    def run(self, order: Order) -> Told:
        """Start one, and wait until it has ended or was stopped."""
        return self.all(order)[0]

    def wake(self, stopped: Told) -> Told:
        """Let one that was stopped go on, and wait until it has ended."""
        return self._ask({"wake": stopped.pid})[0]

    def _ask(self, what: dict[str, Any]) -> list[Told]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps(what), file=self._process.stdin, flush=True)
        return [Told(**told) for told in json.loads(self._process.stdout.readline())]


@contextmanager
def nursery(imported: Sequence[str]) -> Generator[Nursery]:
    """A process that imports modules once and forks others; they end with it."""
    command = [sys.executable, "-m", "tests.flows.killed", *imported]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    environment = os.environ | {"OMP_NUM_THREADS": "1", "LOKY_MAX_CPU_COUNT": "1"}
    with subprocess.Popen(command, cwd=checkout(), text=True, env=environment, **pipes) as process:
        yield Nursery(process)
        assert process.stdin is not None
        process.stdin.close()


def _train(order: Order) -> dict[str, Any]:
    from flows.train import train

    return train(_asked(order), model="linear", root=Path(order.root), steps=_quietly()).as_dict()


def _retrain(order: Order) -> dict[str, Any]:
    from flows.retrain import retrain

    asked = _asked(order).model_copy(update={"models": ("hs_250", "gjr_fhs", "combined")})
    root, clock = Path(order.root), _clock(order)
    return retrain(asked, root=root, steps=_quietly(), cause="drift", clock=clock).as_dict()


def _session(order: Order) -> dict[str, Any]:
    import pandas as pd

    from flows.cycle import cycle
    from flows.desk_settings import DeskSettings

    return cycle(
        root=Path(order.root),
        desk=DeskSettings(),
        steps=_quietly(),
        data=Path(order.market),
        as_of=pd.Timestamp(order.as_of) if order.as_of else None,
        clock=_clock(order),
    ).as_dict()


def _register(order: Order) -> dict[str, Any]:
    """A version that was made in a second."""
    from tests.flows.registered_version import register_version

    with _ledger(order) as ledger:
        return {"version": register_version(ledger, Path(order.root)).number}


def _approve(order: Order) -> dict[str, Any]:
    """Let a version pass its gates, sign its documents, and approve that it be promoted."""
    from flows.documents import state_field, write_documents
    from flows.ledger.decisions import approve, request_promotion
    from flows.version_rows import version_row
    from tests.flows.ledger.people import ADA, DAN, VERA
    from tests.flows.recorded_version import MODEL, append_gate
    from validation.gates import GATES

    root, number = Path(order.root), order.about
    fields = {"validation-report.opinion": VERA, "inventory.intended_use": ADA}
    desk: dict[str, Any] = {}
    with _ledger(order) as ledger:
        with ledger.transaction() as tx:
            version = version_row(tx, MODEL, number)
            for name in GATES[:-1]:
                append_gate(tx, version["seq"], name, passed=True)
        write_documents(ledger, root, number, model=MODEL, actor="system", desk=desk)
        for field, person in fields.items():
            said = {"field": field, "value": "fit", "user": person.user, "role": person.role}
            state_field(ledger, root, number, model=MODEL, desk=desk, **said)
        with ledger.transaction() as tx:
            request = request_promotion(tx, number, model=MODEL, requester=DAN, reason="better")
            approve(tx, request, approver=ADA, reason="read it")
    return {"request": request}


def _promote(order: Order) -> dict[str, Any]:
    """As the command does, but for the secret that is asked for."""
    from flows.ledger.decisions import promote
    from flows.reconcile import mirror
    from tests.flows.ledger.people import ADA

    root = Path(order.root)
    with _ledger(order) as ledger:
        with ledger.transaction() as tx:
            now = promote(tx, root, order.about, actor=ADA)
        return {"champion": now.number, "behind": mirror(ledger, root)}


COMMANDS: dict[str, Callable[[Order], dict[str, Any]]] = {
    "train": _train,
    "retrain": _retrain,
    "session": _session,
    "register": _register,
    "approve": _approve,
    "promote": _promote,
}


def _asked(order: Order) -> Settings:
    return Settings(
        data=Path(order.market), portfolios=("all",), start=date(2021, 12, 1), alphas=(0.99,)
    )


def _quietly() -> Any:
    from flows.steps import Steps
    from flows.terminal import Terminal

    return Steps(Terminal(quiet=True))


def _clock(order: Order) -> Any:
    from flows.clock import system_clock

    return lambda: system_clock() + timedelta(seconds=order.later)


@contextmanager
def _ledger(order: Order) -> Generator[Any]:
    from flows.ledger.ledger import Ledger

    ledger = Ledger.open(Path(order.root), clock=_clock(order))
    try:
        yield ledger
    finally:
        ledger.close()


def _work(order: Order, told: Path) -> None:
    """The life of a forked process."""
    os.environ["FORESHOCK_HOME"] = order.root
    points = Points(Path(order.root), at=order.at, by=order.by)
    points.watch()
    try:
        ended, answer = "done", COMMANDS[order.command](order)
    except (RefusedError, BlockedError) as refusal:
        ended, answer = "refused", {"why": f"{type(refusal).__name__}: {refusal}"}
    counted = list(points.passed)
    told.write_text(json.dumps({"ended": ended, "answer": answer, "points": counted}))


def _fork(order: Order, folder: Path) -> int:
    pid = os.fork()
    if pid == 0:
        _live(order, folder)
    return pid


def _live(order: Order, folder: Path) -> NoReturn:
    failed = 1
    try:
        _work(order, folder / str(os.getpid()))
        failed = 0
    finally:
        if failed:
            traceback.print_exc()
        os._exit(failed)


def _told(pid: int, folder: Path) -> dict[str, Any]:
    _, status = os.waitpid(pid, os.WUNTRACED)
    if os.WIFSTOPPED(status):
        return {"pid": pid, "ended": "stopped", "answer": {}}
    if os.WIFSIGNALED(status):
        return {"pid": pid, "ended": "killed", "answer": {"signal": os.WTERMSIG(status)}}
    if os.WEXITSTATUS(status):
        return {"pid": pid, "ended": "failed", "answer": {}}
    return {"pid": pid, **json.loads((folder / str(pid)).read_text())}


def _serve() -> None:
    with TemporaryDirectory(prefix="foreshock-killed-") as home:
        folder = Path(home)
        quiet_libraries(folder)
        for name in sys.argv[1:]:
            import_module(name)
        answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        stopped: set[int] = set()
        for line in sys.stdin:
            asked = json.loads(line)
            if "wake" in asked:
                pids = [asked["wake"]]
                os.kill(pids[0], signal.SIGCONT)
            else:
                pids = [_fork(Order(**order), folder) for order in asked["orders"]]
            told = [_told(pid, folder) for pid in pids]
            stopped -= set(pids)
            stopped |= {one["pid"] for one in told if one["ended"] == "stopped"}
            print(json.dumps(told), file=answers, flush=True)
        for pid in stopped:
            os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    _serve()
