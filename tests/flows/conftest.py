"""What the tests of flows share: small markets, and a tracking database that is already made."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from features.instruments import Instrument
from features.market import MarketData
from flows.settings import checkout


@pytest.fixture(scope="session")
def empty_tracking_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh MLflow database; making one takes seconds, copying it nothing."""
    from mlflow import MlflowClient

    path = tmp_path_factory.mktemp("tracking") / "mlflow.db"
    MlflowClient(f"sqlite:///{path}").search_experiments()
    return path


@pytest.fixture
def tracked_root(state_root: Path, empty_tracking_database: Path) -> Path:
    """Private state root that already has its MLflow database."""
    state_root.mkdir()
    shutil.copy(empty_tracking_database, state_root / "mlflow.db")
    return state_root


def synthetic_closes(*, instruments: int, sessions: int, seed: int = 5) -> pd.DataFrame:
    """Closes of stocks that share a common move and have clustered volatility."""
    generator = np.random.default_rng(seed)
    moves = np.empty((sessions, instruments))
    variance = np.ones(instruments)
    for t in range(sessions):
        shock = 0.6 * generator.standard_t(5) + 0.8 * generator.standard_t(5, size=instruments)
        moves[t] = np.sqrt(variance) * shock
        downside = np.minimum(moves[t], 0.0)
        variance = 0.04 + 0.02 * moves[t] ** 2 + 0.08 * downside**2 + 0.85 * variance
    return pd.DataFrame(
        100 * np.exp(np.cumsum(0.007 * moves, axis=0)).round(6),
        index=pd.bdate_range(end="2021-12-31", periods=sessions),
        columns=[f"STOCK{k}" for k in range(instruments)],
    )


def write_market(closes: pd.DataFrame, directory: Path) -> Path:
    """A market directory of these closes, and a book of all of them."""
    (directory / "portfolios").mkdir(parents=True)
    names = list(closes.columns)
    about = {"asset_class": "equity", "currency": "USD", "kind": "price", "move": "log"}
    pd.DataFrame({"instrument": names, **about, "calendar": "SYNTHETIC"}).to_csv(
        directory / "instruments.csv", index=False
    )
    long = closes.rename_axis("date").reset_index().melt("date", None, "instrument", "close")
    long.to_csv(directory / "prices.csv", index=False, date_format="%Y-%m-%d")
    pd.DataFrame({"instrument": names, "weight": 1 / len(names)}).to_csv(
        directory / "portfolios" / "all.csv", index=False
    )
    return directory


def as_market(closes: pd.DataFrame) -> MarketData:
    """What the gate would make of these closes: nothing is wrong with them."""
    names = list(closes.columns)
    released = pd.DataFrame(
        {
            "date": pd.DatetimeIndex([]),
            "series": pd.Series([], dtype=str),
            "value": pd.Series([], dtype=float),
            "available_at": pd.DatetimeIndex([], tz="UTC"),
            "vintage": pd.Series([], dtype=str),
        }
    )
    return MarketData(
        instruments={
            name: Instrument(
                name=name,
                asset_class="equity",
                currency="USD",
                kind="price",
                move="log",
                calendar="SYNTHETIC",
            )
            for name in names
        },
        close=closes,
        imputed=pd.DataFrame(False, index=closes.index, columns=closes.columns),
        bars={},
        sessions=dict.fromkeys(names, pd.DatetimeIndex(closes.index)),
        macro=released,
        news=released,
        portfolios={"all": dict.fromkeys(names, 1 / len(names))},
        snapshot="0" * 64,
        as_of=closes.index[-1],
    )


@pytest.fixture(scope="session")
def tiny_closes() -> pd.DataFrame:
    """Six stocks, just long enough for the statistical models."""
    return synthetic_closes(instruments=6, sessions=1100)


@pytest.fixture
def tiny(tiny_closes: pd.DataFrame) -> MarketData:
    """The tiny market after the gate."""
    return as_market(tiny_closes)


@pytest.fixture(scope="session")
def tiny_market(tiny_closes: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny market as a directory."""
    return write_market(tiny_closes, tmp_path_factory.mktemp("tiny") / "market")


@pytest.fixture(scope="session")
def learnable_market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight stocks and a book, just long enough for the learned tails; a market directory."""
    closes = synthetic_closes(instruments=8, sessions=2060)
    return write_market(closes, tmp_path_factory.mktemp("learnable") / "market")


@pytest.fixture(scope="session")
def shared_out_market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A market directory of enough stocks that their fits are shared out to worker processes."""
    closes = synthetic_closes(instruments=16, sessions=1300)
    return write_market(closes, tmp_path_factory.mktemp("shared-out") / "market")


@dataclass(frozen=True)
class Pages:
    """Two servers that run, and the command line that reports to one of them.

    Attributes
    ----------
    mlflow, prefect : str
        Addresses of the pages.
    root : Path
        Their state root.
    """

    mlflow: str
    prefect: str
    root: Path

    @property
    def api(self) -> str:
        """Where Prefect's clients find it."""
        return f"{self.prefect}/api"

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        """Start a command as a process of its own that reports to the Prefect server."""
        reporting = {"PREFECT_API_URL": self.api, "PYTHONPATH": str(checkout())}
        return subprocess.Popen(
            [sys.executable, "-c", "from flows.cli import app; app()", *arguments],
            env=os.environ | reporting | {"OMP_NUM_THREADS": "1"} | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        with self.start(*arguments, **environment) as process:
            out, err = process.communicate(timeout=300)
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    def flow_runs(self, flow: str) -> list[str]:
        """States of a flow's runs, as the Prefect server knows them."""
        asked = {"flows": {"name": {"any_": [flow]}}}
        _, runs = self.ask("POST", "flow_runs/filter", asked)
        return [run["state_name"] for run in runs]

    def ask(self, method: str, path: str, asked: Any = None) -> tuple[int, Any]:
        """Status and answer of the Prefect server's interface."""
        link = http.client.HTTPConnection(self.prefect.removeprefix("http://"), timeout=60)
        headers = {"content-type": "application/json"}
        link.request(method, f"/api/{path}", json.dumps(asked), headers)
        with closing(link):
            answer = link.getresponse()
            return answer.status, json.load(answer)

    def deployed(self, name: str) -> bool:
        """Whether the Prefect server knows a deployment, called ``flow/deployment``."""
        return self.ask("GET", f"deployments/name/{name}")[0] == 200


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    """A real MLflow and a real Prefect server, opened once by `foreshock ui` for every test."""
    root = tmp_path_factory.mktemp("pages")
    ports: list[str] = []
    for option in ("--mlflow-port", "--prefect-port"):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            ports += [option, str(probe.getsockname()[1])]
    private = {"FORESHOCK_HOME": str(root), "PREFECT_HOME": str(root / "prefect")}
    with subprocess.Popen(
        [sys.executable, "-c", "from flows.cli import app; app()", "ui", *ports],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | private | {"PYTHONPATH": str(checkout())},
    ) as servers:
        try:
            assert servers.stdout is not None
            mlflow, prefect = (servers.stdout.readline().split()[-1] for _ in range(2))
            yield Pages(mlflow, prefect, root)
        finally:
            servers.terminate()
