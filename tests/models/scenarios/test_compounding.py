import numpy as np
import pytest

from models.scenarios.compounding import compound, simple_return


def test_a_simple_return_is_that_of_the_log_move():
    moves = np.concatenate([np.linspace(-5, 5, 4001), [1e-6, -1e-6, 0.0]]).astype(np.float32)
    found = np.array([simple_return(move) for move in moves], dtype=np.float64)
    np.testing.assert_allclose(found, np.expm1(moves.astype(np.float64)), rtol=3e-6, atol=0)


def test_a_book_earns_the_product_of_its_session_returns():
    moves = np.log(np.array([[[1.1, 0.9]], [[0.8, 1.3]]])).astype(np.float32)  # (step, path, asset)
    wealth = np.ones((1, 2))
    books = np.array([[0.5, 0.5], [1.0, -1.0]], dtype=np.float32)
    for session in moves:
        compound(session, np.array([0, 1]), books, wealth)
    # Half and half: 0% then +5%; long one, short the other: +20% then -50%.
    assert wealth[0] == pytest.approx([1.0 * 1.05, 1.2 * 0.5], rel=1e-6)


def test_a_price_that_loses_everything_costs_the_weight_and_no_more():
    wealth = np.ones((1, 1))
    compound(np.array([[-80.0]], np.float32), np.array([0]), np.array([[0.4]], np.float32), wealth)
    assert wealth[0, 0] == pytest.approx(0.6 + 0.4 * np.exp(-5.0), rel=1e-5)
