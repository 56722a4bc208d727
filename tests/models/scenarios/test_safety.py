import numpy as np
import pytest

from models.scenarios.chunks import CHUNK, simulate_pnl
from models.scenarios.neural_rolled import with_law

BOOK = np.array([[0.7], [0.3], [0.0]])


def test_the_declared_share_of_paths_is_filtered_history(neural):
    safe = np.concatenate([neural.historical(index, seed=4) for index in range(40)])
    assert safe.mean() == pytest.approx(0.25, abs=0.01)
    assert neural.description["fhs_share"] == 0.25


def test_a_safe_path_is_the_path_of_filtered_history_and_another_is_not(neural):
    safe = neural.historical(3, seed=4)[:500]
    mixed = neural.chunk(3, paths=500, horizon=4, seed=4).paths
    history = neural.safety.chunk(3, paths=500, horizon=4, seed=4).paths
    np.testing.assert_array_equal(mixed[safe], history[safe])
    assert not np.any(np.all(mixed[~safe] == history[~safe], axis=(1, 2)))


def test_profit_is_that_of_the_paths(neural):
    pnl = neural.pnl(1, BOOK, paths=400, horizon=5, seed=4)
    paths = neural.chunk(1, paths=400, horizon=5, seed=4).paths.astype(np.float64)
    expected = np.prod(1 + np.expm1(paths[:, :, :2]) @ BOOK[:2], axis=1) - 1
    np.testing.assert_allclose(pnl, expected, atol=2e-6)


def test_chunks_replay_alone_and_the_first_paths_are_the_same(neural):
    whole = simulate_pnl(neural, BOOK, paths=2 * CHUNK + 7, horizon=3, seed=4)
    np.testing.assert_array_equal(
        whole[CHUNK : CHUNK + 50], neural.pnl(1, BOOK, paths=50, horizon=3, seed=4)
    )


def test_a_share_of_all_or_less_than_none_is_refused(prepared, neural):
    with pytest.raises(ValueError, match=r"^share must lie in \[0, 1\), got 1\. For all of it"):
        with_law(prepared, neural.rolled.law, seed=0, share=1.0)
