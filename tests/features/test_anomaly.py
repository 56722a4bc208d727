"""The anomaly score finds joint shocks, and only from the past."""

import numpy as np

from features.anomaly import anomaly_score

RHO = np.array([[1.0, 0.9, 0.0], [0.9, 1.0, 0.0], [0.0, 0.0, 1.0]])


def usual_days(generator: np.random.Generator, time: int) -> np.ndarray:
    return generator.multivariate_normal(np.zeros(3), RHO, size=time)


def test_moves_that_are_ordinary_alone_but_not_together_stand_out(
    generator: np.random.Generator,
):
    moves = usual_days(generator, 700)
    moves[650] = [1.5, -1.5, 0.0]  # two markets that always move together move apart
    moves[660] = [2.0, 2.0, 2.0]  # larger in every market, but as usual together
    score = anomaly_score(moves)
    assert np.nanargmax(score) == 650
    # Squared distance over columns: 1.5^2 * 2 / (1 - 0.9) / 3 = 15; of the other day 2.7.
    assert np.expm1(score[650]) > 10.0
    assert np.expm1(score[660]) < 5.0


def test_usual_days_score_about_one(generator: np.random.Generator):
    distance = np.expm1(anomaly_score(usual_days(generator, 1500)))
    assert 0.85 < np.nanmean(distance) < 1.2


def test_a_crash_among_the_past_does_not_hide_the_next_one(generator: np.random.Generator):
    """What a plain covariance would swallow: a fifth of the fit are shocks of the same kind."""
    moves = usual_days(generator, 600)
    moves[100:200] = [4.0, -4.0, 0.0] + 0.1 * moves[100:200]
    moves[550] = [4.0, -4.0, 0.0]
    assert np.expm1(anomaly_score(moves)[550]) > 50.0


def test_the_score_needs_a_past_and_a_move(generator: np.random.Generator):
    moves = usual_days(generator, 600)
    moves[540] = np.nan
    moves[550, 2] = np.nan  # one market closed: no move of its own
    score = anomaly_score(moves)
    assert np.isnan(score[:500]).all()
    assert np.isnan(score[540])
    assert np.isfinite(np.delete(score[500:], 40)).all()


def test_the_future_does_not_move_the_score(generator: np.random.Generator):
    moves = usual_days(generator, 1100)
    assert anomaly_score(moves[:801]).tobytes() == anomaly_score(moves)[:801].tobytes()


def test_a_market_that_opens_late_joins_at_a_refit(generator: np.random.Generator):
    moves = usual_days(generator, 1300)
    moves[:600, 2] = np.nan
    alone = anomaly_score(moves[:, :2])
    joined = anomaly_score(moves)
    np.testing.assert_array_equal(joined[:1000], alone[:1000])
    assert np.isnan(anomaly_score(moves[:, 2:])[:750]).all()


def test_a_peg_is_left_out_rather_than_fitted(generator: np.random.Generator):
    """A column that is zero on most days has no robust variance to divide by."""
    moves = usual_days(generator, 700)
    moves[::3, 2] = 0.0
    np.testing.assert_array_equal(anomaly_score(moves), anomaly_score(moves[:, :2]))
