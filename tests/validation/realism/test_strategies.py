import numpy as np
import pytest

from validation.realism.sample import PathSample
from validation.realism.strategies import default_books, session_scale, strategy_pnl

NO_BOOKS = np.zeros((0, 1))


def earned(path, *, logarithmic=False):
    sample = PathSample(np.array(path)[None, :, None], np.array([logarithmic]))
    found = strategy_pnl(sample, books=NO_BOOKS, scale=np.ones(1), book_scale=np.zeros(0))
    return {name: pnl[0, 0] for name, pnl in found.items()}


def test_three_sessions_by_hand():
    # trend: flat, long, long; mean reversion: short only after the rise of 2 beyond sqrt(2)
    assert earned([1.0, 1.0, -3.0]) == {"static": -1.0, "trend": -2.0, "mean_reversion": 3.0}


def test_the_trend_forgets_what_is_older_than_three_sessions():
    # after 5, -1, -1, -1 the last three say short, though the path is up
    assert earned([5.0, -1.0, -1.0, -1.0, -1.0])["trend"] == -1.0 - 1.0 - 1.0 + 1.0


def test_holding_compounds_simple_returns():
    up = np.log(1.1)
    assert earned([up, up], logarithmic=True)["static"] == pytest.approx(0.21)


def test_a_book_is_rebalanced_each_session():
    moves = np.log1p(np.array([[[0.10, -0.10], [0.10, -0.10]]]))
    books = np.array([[0.5, 0.5], [1.0, -1.0]])
    sample = PathSample(moves, np.ones(2, dtype=bool))
    found = strategy_pnl(sample, books=books, scale=np.ones(2), book_scale=np.ones(2))
    np.testing.assert_allclose(found["static"][0, 2:], [0.0, 0.44], atol=1e-12)


def test_the_last_move_decides_no_position(generator):
    moves = generator.normal(size=(20, 6, 1))
    other = moves.copy()
    other[:, -1] *= 2
    one, two = (
        strategy_pnl(
            PathSample(each, np.array([False])),
            books=NO_BOOKS, scale=np.ones(1), book_scale=np.zeros(0),
        )
        for each in (moves, other)
    )  # fmt: skip
    held = (two["trend"] - one["trend"])[:, 0] / moves[:, -1, 0]
    assert set(np.round(held, 9)) <= {-1.0, 0.0, 1.0}


def test_books_hold_what_a_book_of_weights_may_hold(generator):
    sample = PathSample(generator.normal(size=(50, 2, 3)) / 100, np.array([True, False, True]))
    books = default_books(sample, seed=0)
    np.testing.assert_allclose(np.abs(books).sum(axis=1), 1.0)
    assert not books[:, 1].any()
    np.testing.assert_array_equal(books[0], [0.5, 0.0, 0.5])
    assert session_scale(sample, books)[1].shape == (len(books),)
