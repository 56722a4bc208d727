"""Recent losses by hand."""

import numpy as np

from features.losses import drawdown, mean_return, worst_return

RETURNS = np.array([0.10, -0.20, 0.05, -0.10, 0.30])
NAN = np.nan


def test_the_worst_of_the_last_three():
    np.testing.assert_array_equal(worst_return(RETURNS, window=3), [NAN, NAN, -0.20, -0.20, -0.10])


def test_the_mean_of_the_last_two():
    np.testing.assert_allclose(
        mean_return(RETURNS, window=2), [NAN, -0.05, -0.075, -0.025, 0.10], atol=1e-15
    )


def test_a_window_longer_than_the_past_is_not_known():
    assert np.isnan(worst_return(RETURNS, window=6)).all()
    assert np.isnan(mean_return(RETURNS, window=6)).all()


def test_drawdown_is_the_log_distance_from_the_peak_of_the_window():
    # Wealth 1.10, 0.88, 0.924, 0.8316, 1.08108; a window of three forgets the first peak.
    expected = np.log([1.0, 0.8, 0.84, 0.8316 / 0.924, 1.0])
    np.testing.assert_allclose(drawdown(RETURNS, window=3), expected, atol=1e-14)


def test_a_book_that_lost_more_than_all_goes_on_from_a_hundredth():
    ruined = drawdown(np.array([0.1, -1.2, 0.5]), window=250)
    np.testing.assert_allclose(ruined, np.log([1.0, 0.01, 0.015]))
