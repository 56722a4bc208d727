"""What the tests of flows share: a tracking database that need not be migrated for each test."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest


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
