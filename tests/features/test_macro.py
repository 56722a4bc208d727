"""Macro features by hand."""

import numpy as np
import pandas as pd
import pytest

from features.asof import Observed
from features.crosssection import CrossSection
from features.macro import READINGS, implied_over_realised, macro_readings, readings_of, term_slope
from features.roles import ALIASES


def observed(values: list[float], *, first: str = "2024-01-02", clock: str = "22:00") -> Observed:
    dates = pd.bdate_range(first, periods=len(values))
    known_at = (dates + pd.Timedelta(f"{clock}:00")).tz_localize("UTC")
    return Observed(dates, np.array(values), known_at)


def equity_market(returns: list[float]) -> CrossSection:
    """Two stocks that always move together, and a bond that does not matter."""
    moves = np.array(returns)
    instants = pd.bdate_range("2024-01-02", periods=len(moves)) + pd.Timedelta(hours=22)
    columns = np.column_stack([moves, moves, -5.0 * moves])
    return CrossSection(
        instants=instants.tz_localize("UTC"),
        blocks=("equity", "equity", "government"),
        returns=columns,
        moves=columns,
        surges=columns,
    )


def test_the_vix_is_read_against_its_trend():
    series = observed([20.0] * 60 + [40.0])
    timeline = readings_of(series, READINGS["equity_volatility"])
    assert timeline.names == ("vix", "vix_trend")
    np.testing.assert_allclose(timeline.values[-1], [np.log(40.0), np.log(2.0)])
    assert timeline.known_at is series.known_at


def test_a_spread_change_is_in_percentage_points_over_a_month():
    timeline = readings_of(observed([3.0] * 20 + [4.5]), READINGS["high_yield_spread"])
    np.testing.assert_allclose(timeline.values[-1], [np.log(4.5), 1.5])


def test_the_term_slope_waits_for_the_later_yield():
    ten = observed([4.0, 4.1, 4.2], clock="20:00")
    two = observed([4.5, 4.4], first="2024-01-03", clock="21:30")
    slope = term_slope(ten, two)
    np.testing.assert_allclose(slope.values[:, 0], [-0.4, -0.2])
    assert list(slope.known_at) == list(
        pd.DatetimeIndex(["2024-01-03 21:30", "2024-01-04 21:30"], tz="UTC")
    )


def test_implied_equals_realised_where_the_vix_quotes_what_happened():
    # Moves of one percent a day are 15.87% a year: 100 * 0.01 * sqrt(252).
    section = equity_market([0.01, -0.01] * 15)
    fair = 100.0 * 0.01 * np.sqrt(252.0)
    implied = readings_of(observed([fair] * 29 + [2.0 * fair]), {"vix": np.log})
    ratio = implied_over_realised(implied, section).values[:, 0]
    assert np.isnan(ratio[:19]).all()
    np.testing.assert_allclose(ratio[19:29], 0.0, atol=1e-12)
    assert ratio[29] == pytest.approx(np.log(2.0))


def test_a_vix_known_after_the_close_counts_a_session_later():
    section = equity_market([0.01, -0.01] * 15)
    fair = 100.0 * 0.01 * np.sqrt(252.0)
    late = readings_of(observed([fair] * 28 + [2.0 * fair, 1.0], clock="22:01"), {"vix": np.log})
    ratio = implied_over_realised(late, section).values[:, 0]
    assert ratio[28] == pytest.approx(0.0)
    assert ratio[29] == pytest.approx(np.log(2.0))


def test_a_role_that_nobody_plays_is_not_known():
    nobody = {role: observed([]) for role in ALIASES}
    section = equity_market([0.01, -0.01] * 15)
    for timeline in macro_readings(nobody, section):
        assert np.isnan(timeline.at(section.instants)).all()
