"""Volume surprise by hand."""

import numpy as np

from features.liquidity import volume_surprise


def test_twice_the_usual_volume_is_log_two():
    volume = np.array([100.0, 100.0, 100.0, 200.0])
    np.testing.assert_allclose(volume_surprise(volume, window=3)[-1], np.log(2.0))


def test_no_volume_is_no_surprise_but_unknown():
    volume = np.array([100.0, 100.0, 100.0, 0.0, np.nan, 50.0])
    surprise = volume_surprise(volume, window=3)
    assert np.isnan(surprise[3:]).all()
