"""Market-wide stress by hand."""

import numpy as np
import pandas as pd
import pytest

from features.crosssection import CrossSection
from features.stress import dispersion, falling_share, stress

NAN = np.nan


def test_dispersion_is_the_spread_across_assets_not_over_time():
    moves = np.array([[1.0, 2.0, 3.0], [5.0, 5.0, 5.0]])
    np.testing.assert_allclose(dispersion(moves), [np.sqrt(2.0 / 3.0), 0.0], atol=1e-15)


def test_the_share_of_falling_assets_counts_those_that_moved():
    moves = np.array([[-3.0, -1.0, -2.5, NAN], [-2.0, 1.0, 2.0, 3.0]])
    np.testing.assert_allclose(falling_share(moves), [2.0 / 3.0, 0.0])  # -2 itself is no fall


def test_two_assets_are_no_distribution():
    moves = np.array([[-3.0, -3.0, NAN]])
    assert np.isnan(dispersion(moves)).all()
    assert np.isnan(falling_share(moves)).all()


def test_surges_are_means_over_blocks():
    surges = np.array([[0.4, 0.2, -0.3, 1.1]])
    section = CrossSection(
        instants=pd.DatetimeIndex(["2020-03-09 21:00"], tz="UTC"),
        blocks=("equity", "equity", "government", ""),
        returns=np.zeros((1, 4)),
        moves=np.array([[-3.0, -1.0, 0.0, 1.0]]),
        surges=surges,
    )
    timeline = stress(section)
    seen = dict(zip(timeline.names, timeline.values[0], strict=True))
    assert seen["surge_market"] == pytest.approx(0.35)
    assert seen["surge_equity"] == pytest.approx(0.3)
    assert seen["surge_government"] == pytest.approx(-0.3)
    assert np.isnan(seen["surge_credit"])
    assert seen["falling_share"] == 0.25
    assert list(timeline.known_at) == list(section.instants)
