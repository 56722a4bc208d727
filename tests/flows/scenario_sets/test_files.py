"""A scenario set on disk: what was drawn is what is read, and nothing else passes for one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from flows.refusal import RefusedError
from flows.scenario_sets.files import ScenarioSet, read_set, write_assets
from models.base import Asset

ASSETS = (
    Asset("SPY", "price", "log", "USD", 470.0),
    Asset("UST10Y", "rate", "diff", "USD", 4.1),
)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    moves = np.arange(30, dtype=np.float32).reshape(5, 3, 2)
    np.save(tmp_path / "paths.npy", moves)
    np.save(tmp_path / "spread.npy", moves)
    write_assets(tmp_path, ASSETS, weights=np.array([0.4, 0.3, 0.2, 0.1, 0.0]))
    return tmp_path


def test_what_was_written_is_read_back(directory: Path):
    told = read_set(directory)
    np.testing.assert_array_equal(told.moves, np.arange(30, dtype=np.float32).reshape(5, 3, 2))
    assert told.assets == ASSETS
    assert told.spread is not None
    assert told.depth is None
    assert told.weights is not None
    assert told.weights.tolist() == [0.4, 0.3, 0.2, 0.1, 0.0]


def saved(name: str, array: NDArray[np.generic]) -> Callable[[Path], None]:
    return lambda directory: np.save(directory / name, array)


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (saved("paths.npy", np.zeros((5, 3, 2))), "must be float32"),
        (saved("paths.npy", np.zeros((5, 3, 4), dtype=np.float32)), "must be float32"),
        (saved("spread.npy", np.zeros((5, 2, 2), dtype=np.float32)), "like paths.npy"),
        (saved("weights.npy", np.full(4, 0.25)), "one float64 a path"),
        (saved("weights.npy", np.full(5, 0.25)), "sum to one"),
        (saved("weights.npy", np.array([1.5, -0.5, 0.0, 0.0, 0.0])), "sum to one"),
        (lambda directory: (directory / "assets.json").write_text("[{}]"), "not a readable"),
        (lambda directory: (directory / "paths.npy").unlink(), "not a readable"),
        (lambda directory: (directory / "paths.npy").write_bytes(b"\x93NUMPY"), "not a readable"),
    ],
)
def test_files_that_do_not_fit_are_refused(
    directory: Path, damage: Callable[[Path], object], reason: str
):
    damage(directory)
    with pytest.raises(RefusedError, match=reason):
        read_set(directory)


def test_a_pickle_inside_an_array_is_not_opened(directory: Path):
    np.save(directory / "paths.npy", np.array([{"run": "me"}], dtype=object), allow_pickle=True)
    with pytest.raises(RefusedError, match="not a readable"):
        read_set(directory)


def test_reading_takes_no_copy(directory: Path):
    told: ScenarioSet = read_set(directory)
    assert isinstance(told.moves, np.memmap)


def test_liquidity_is_told_asset_by_asset_and_not_made_up(directory: Path):
    spread = np.full((5, 3, 2), 0.001, dtype=np.float32)
    spread[..., 1] = np.nan
    np.save(directory / "spread.npy", spread)
    told = read_set(directory)
    known = told.liquidity_of("SPY")
    assert known is not None
    np.testing.assert_array_equal(known.spread, spread[..., 0])
    assert known.depth is None
    assert told.liquidity_of("UST10Y") is None
    with pytest.raises(RefusedError, match="GME is not in the set"):
        told.liquidity_of("GME")


def test_a_set_without_liquidity_knows_none(directory: Path):
    (directory / "spread.npy").unlink()
    assert read_set(directory).liquidity_of("SPY") is None
