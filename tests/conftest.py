"""What every test finds: a private state root, seeds, no telemetry, and the richer market."""

from __future__ import annotations

import os
import random
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

from infra.bench.richer_market import REMEDY, richer_market

SEED = 20200316  # the S&P 500 lost 11.98% that day

# Set before any test module imports a library that reads them once.
os.environ.update(
    MPLBACKEND="Agg",
    PREFECT_SERVER_ANALYTICS_ENABLED="false",
    DO_NOT_TRACK="1",
    GX_ANALYTICS_ENABLED="false",
    MLFLOW_DISABLE_TELEMETRY="true",
)
_prefect_home = tempfile.TemporaryDirectory(prefix="foreshock-prefect-", ignore_cleanup_errors=True)
os.environ["PREFECT_HOME"] = _prefect_home.name

# The gate must give the same answer twice; HYPOTHESIS_PROFILE=explore searches anew.
settings.register_profile("fixed", derandomize=True, database=None, deadline=None)
settings.register_profile("explore", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fixed"))


@pytest.fixture(autouse=True)
def state_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Private, still absent state root of this test."""
    root = tmp_path / "foreshock-home"
    monkeypatch.setenv("FORESHOCK_HOME", str(root))
    return root


@pytest.fixture(autouse=True)
def _seeded() -> None:
    """Seed the global generators that libraries draw from; ours are always passed in."""
    random.seed(SEED)
    np.random.seed(SEED)  # noqa: NPY002 - the legacy generator is what libraries draw from
    if torch := sys.modules.get("torch"):
        torch.manual_seed(SEED)


@pytest.fixture
def generator() -> np.random.Generator:
    """A fresh generator, the same for every test."""
    return np.random.default_rng(SEED)


@pytest.fixture(scope="session")
def rich_market() -> Path:
    """Market directory richer than the bundled one; the test is skipped where there is none."""
    market = richer_market()
    if market is None:
        pytest.skip(REMEDY)
    return market
