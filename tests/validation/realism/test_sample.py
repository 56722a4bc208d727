import numpy as np
import pytest

from validation.realism.sample import PathSample, windows

TWO = np.array([True, False])


def numbered(paths, **others):
    moves = np.arange(paths * 6.0).reshape(paths, 3, 2) / 1000
    return PathSample(moves, TWO, **others)


def test_a_window_begins_at_each_session_that_has_enough_after_it():
    history = np.arange(10.0).reshape(5, 2)
    seen = windows(history, horizon=3, logarithmic=TWO)
    assert seen.moves.shape == (3, 3, 2)
    np.testing.assert_array_equal(seen.moves[1], history[1:4])


def test_a_later_session_changes_no_earlier_window(generator):
    history = generator.normal(size=(40, 2))
    before = windows(history[:-1], horizon=5, logarithmic=TWO)
    after = windows(history, horizon=5, logarithmic=TWO)
    assert after.moves[:-1].tobytes() == before.moves.tobytes()


def test_only_logarithmic_moves_become_simple_returns():
    moves = np.full((1, 1, 2), np.log(1.1))
    np.testing.assert_allclose(PathSample(moves, TWO).simple()[0, 0], [0.1, np.log(1.1)])


def test_halves_share_no_path_and_keep_pieces_of_dates_whole():
    sample = numbered(80, block=5)
    one, other = sample.halves(seed=3)
    first, second = (set(half.moves[:, 0, 0].tolist()) for half in (one, other))
    assert not first & second
    assert len(first) + len(second) == 80
    at = np.flatnonzero(np.isin(sample.moves[:, 0, 0], list(first)))
    assert np.count_nonzero(np.diff(at) > 1) <= 2  # two pieces of four, twenty dates each


def test_thinning_keeps_some_paths_of_each_of_fewer_origins():
    thin = numbered(100, paths_per_date=5, block=8).thinned(10, seed=0)
    assert len(thin.moves) <= 10
    assert thin.block == 4  # every second of twenty origins
    np.testing.assert_array_equal(thin.moves[:, 0, 0], np.arange(0, 100, 10) * 6 / 1000)


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (lambda: PathSample(np.zeros((0, 1, 2)), TWO), "at least"),
        (lambda: PathSample(np.zeros((3, 1, 1)), TWO), "one flag an asset"),
        (lambda: numbered(5, paths_per_date=2), "same number of paths"),
        (lambda: PathSample(np.full((1, 1, 2), np.nan), TWO), "2 are not finite"),
        (lambda: windows(np.zeros((3, 2)), horizon=4, logarithmic=TWO), "horizon must lie"),
    ],
)
def test_what_is_no_sample_is_refused(broken, message):
    with pytest.raises(ValueError, match=message):
        broken()
