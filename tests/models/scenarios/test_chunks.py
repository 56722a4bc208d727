import numpy as np
import pytest

from models.scenarios.chunks import CHUNK, chunks, simulate_pnl, write_moves
from models.scenarios.filtered import FilteredHistory

BOOK = np.array([[0.5], [0.5], [0.0]])


@pytest.fixture(scope="module")
def model(sample):
    return FilteredHistory.of(sample.filtered)


def test_chunks_cover_a_set_once():
    parts = list(chunks(2 * CHUNK + 5))
    assert [(part.index, part.start, part.paths) for part in parts] == [
        (0, 0, CHUNK),
        (1, CHUNK, CHUNK),
        (2, 2 * CHUNK, 5),
    ]


def test_any_chunk_replays_alone(model):
    whole = simulate_pnl(model, BOOK, paths=3 * CHUNK, horizon=3, seed=7)
    alone = model.pnl(1, BOOK, paths=CHUNK, horizon=3, seed=7)
    np.testing.assert_array_equal(whole[CHUNK : 2 * CHUNK], alone)
    assert not np.array_equal(alone, whole[:CHUNK])


def test_more_paths_leave_the_first_ones_as_they_were(model):
    few = simulate_pnl(model, BOOK, paths=3000, horizon=3, seed=7)
    many = simulate_pnl(model, BOOK, paths=9000, horizon=3, seed=7)
    np.testing.assert_array_equal(many[:3000], few)


@pytest.mark.parametrize("workers", ["threads", "processes"])
def test_workers_do_not_change_a_digit(model, workers):
    alone = simulate_pnl(model, BOOK, paths=5 * CHUNK, horizon=3, seed=7)
    shared = simulate_pnl(model, BOOK, paths=5 * CHUNK, horizon=3, seed=7, jobs=2, workers=workers)
    np.testing.assert_array_equal(shared, alone)


def test_a_written_set_is_its_chunks(model, tmp_path):
    (file,) = write_moves(model, tmp_path, paths=CHUNK + 10, horizon=2, seed=7, jobs=2)
    paths = np.load(file)
    assert file.name == "paths.npy"
    assert paths.dtype == np.float32
    assert paths.shape == (CHUNK + 10, 2, 3)
    np.testing.assert_array_equal(paths[CHUNK:], model.chunk(1, paths=10, horizon=2, seed=7).paths)


def test_sizes_and_books_out_of_range_are_refused(model):
    with pytest.raises(ValueError, match=r"^paths must be at least 1, got 0"):
        simulate_pnl(model, BOOK, paths=0, horizon=1, seed=0)
    with pytest.raises(ValueError, match=r"^horizon must lie in 1 to 60 sessions, got 61"):
        simulate_pnl(model, BOOK, paths=10, horizon=61, seed=0)
    with pytest.raises(ValueError, match=r"^paths of one chunk must not exceed 2048, got 2049"):
        model.chunk(0, paths=2049, horizon=1, seed=0)
    with pytest.raises(ValueError, match=r"^weights hold 'YIELD', a rate that moves by diff"):
        simulate_pnl(model, np.array([[0.5], [0.5], [0.1]]), paths=10, horizon=1, seed=0)
    with pytest.raises(ValueError, match=r"^weights must have one row for each of the 3 assets"):
        simulate_pnl(model, BOOK[:2], paths=10, horizon=1, seed=0)
    with pytest.raises(ValueError, match=r"^weights must be finite"):
        simulate_pnl(model, BOOK * np.nan, paths=10, horizon=1, seed=0)
