import numpy as np
import pytest

from features.splits import Window
from models.parametric import static_path


def test_the_deviation_of_the_books_history_is_that_of_its_covariance_matrix(generator):
    weights = np.array([0.6, -0.3, 0.5])
    instruments = generator.multivariate_normal(
        [0.001, 0.0, 0.0], 1e-4 * np.array([[1.0, 0.4, 0.2], [0.4, 2.0, 0.3], [0.2, 0.3, 0.5]]), 600
    )
    path = static_path(instruments @ weights, Window(fit_end=500, start=499, stop=562))
    covariance = np.cov(instruments[:500], rowvar=False)
    assert path.sigma == pytest.approx(np.sqrt(weights @ covariance @ weights), rel=1e-12)


def test_it_is_held_until_the_next_refit_whatever_happens(generator):
    calm = 0.01 * generator.standard_normal(600)
    crash = np.r_[calm[:500], -0.2, calm[501:]]
    window = Window(fit_end=500, start=499, stop=562)
    np.testing.assert_array_equal(static_path(calm, window).sigma, static_path(crash, window).sigma)
