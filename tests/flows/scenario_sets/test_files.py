"""A scenario set on disk: what was drawn is what is read, and nothing else passes for one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from flows.refusal import RefusedError
from flows.scenario_sets.files import ScenarioSet, read_set, write_set
from models.base import Asset, Moves

ASSETS = (
    Asset("SPY", "price", "log", "USD", 470.0),
    Asset("UST10Y", "rate", "diff", "USD", 4.1),
)


def chunk(start: int, size: int, *, spread: bool = False) -> Moves:
    moves = np.arange(start * 6, (start + size) * 6, dtype=np.float32).reshape(size, 3, 2)
    return Moves(moves, spread=np.abs(moves) if spread else None)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    weights = np.array([0.4, 0.3, 0.2, 0.1, 0.0])
    chunks = [chunk(0, 2, spread=True), chunk(2, 3, spread=True)]
    write_set(tmp_path, chunks, ASSETS, paths=5, horizon=3, weights=weights)
    return tmp_path


def test_chunks_are_read_back_as_one_array(directory: Path):
    told = read_set(directory)
    np.testing.assert_array_equal(told.moves, np.arange(30, dtype=np.float32).reshape(5, 3, 2))
    assert told.assets == ASSETS
    assert told.spread is not None
    assert told.depth is None
    assert told.weights is not None
    assert told.weights.tolist() == [0.4, 0.3, 0.2, 0.1, 0.0]


@pytest.mark.parametrize("sizes", [(2, 2), (2, 4)])
def test_chunks_that_do_not_add_up_are_refused(tmp_path: Path, sizes: tuple[int, int]):
    chunks = [chunk(0, sizes[0]), chunk(sizes[0], sizes[1])]
    with pytest.raises(ValueError, match="chunks"):
        write_set(tmp_path, chunks, ASSETS, paths=5, horizon=3)


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
