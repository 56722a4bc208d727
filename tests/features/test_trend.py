"""Trends and changes by hand."""

import numpy as np

from features.trend import above_trend, change, log_level

NAN = np.nan


def test_a_trend_ends_the_day_before():
    values = np.array([1.0, 2.0, 3.0, 10.0])
    np.testing.assert_allclose(above_trend(values, window=3), [NAN, NAN, 1.5, 8.0])


def test_a_trend_with_two_thirds_of_its_past_known_is_known():
    values = np.array([1.0, NAN, 3.0, 10.0, NAN, 7.0])
    np.testing.assert_allclose(above_trend(values, window=3), [NAN, NAN, NAN, 8.0, NAN, 0.5])


def test_a_change_looks_back_a_fixed_number_of_rows():
    np.testing.assert_array_equal(change(np.array([1.0, 4.0, 9.0]), rows=2), [NAN, NAN, 8.0])
    assert np.isnan(change(np.array([1.0, 4.0]), rows=20)).all()


def test_what_is_not_positive_has_no_log():
    np.testing.assert_array_equal(log_level(np.array([1.0, 0.0, -1.0, NAN])), [0.0, NAN, NAN, NAN])
