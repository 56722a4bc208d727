"""The square root of time: exact where returns are independent and normal, and what it judges."""

import numpy as np
import pytest
from scipy.stats import norm

from features.returns import compounded
from features.splits import Window
from models.base import TailForecast
from models.residuals import FilteredPath
from models.square_root import of_one_session, over_horizon, residual_to_judge

ALPHAS = (0.95, 0.99)


def normal_forecast(size, sigma):
    var = sigma * norm.ppf(ALPHAS)
    es = sigma * norm.pdf(norm.ppf(ALPHAS)) / (1 - np.array(ALPHAS))
    return TailForecast(
        ALPHAS, np.tile(var, (size, 1)), np.tile(es, (size, 1)), np.full(size, sigma), np.ones(size)
    )


@pytest.mark.parametrize("horizon", [2, 5, 10])
def test_of_independent_normal_returns_it_is_the_law_of_their_sum(horizon):
    made = over_horizon(normal_forecast(3, 0.01), horizon=horizon)
    whole = norm(scale=0.01 * horizon**0.5)
    assert made.horizon == horizon
    assert made.sigma == pytest.approx(whole.std())
    assert made.var[0] == pytest.approx(whole.ppf(ALPHAS))
    beyond = [whole.expect(lambda x: x, lb=whole.ppf(a), conditional=True) for a in ALPHAS]
    assert made.es[0] == pytest.approx(beyond, rel=1e-6)


def test_one_session_is_left_as_it_is():
    one = normal_forecast(3, 0.01)
    assert over_horizon(one, horizon=1) is one


def test_the_session_behind_ten_is_found_again():
    one = normal_forecast(3, 0.01)
    back = of_one_session(over_horizon(one, horizon=10))
    assert back.horizon == 1
    for name in ("var", "es", "sigma"):
        np.testing.assert_allclose(getattr(back, name), getattr(one, name), rtol=1e-15)
    assert np.isnan(back.pit).all()


def test_what_followed_is_judged_by_its_own_share_of_the_root():
    returns = np.array([0.01, -0.02, 0.03, 0.01, -0.05])
    path = FilteredPath(np.full(6, 0.02), (returns - 0.001) / 0.02, 0.001)
    window = Window(fit_end=1, start=0, stop=5)
    judged = residual_to_judge(returns, path, window, horizon=4)
    followed = 0.98 * 1.03 * 1.01 * 0.95 - 1
    assert judged[0] == pytest.approx((followed / 2 - 0.001) / 0.02)
    assert np.isnan(judged[1:]).all()
    one = residual_to_judge(returns, path, window, horizon=1)
    np.testing.assert_array_equal(one, np.append(path.residual[1:], np.nan))


def test_ten_sessions_compound():
    returns = np.full(12, 0.01)
    returns[6] = np.nan  # not clean
    assert compounded(returns[:6], horizon=5)[0] == pytest.approx(1.01**5 - 1)
    assert np.isnan(compounded(returns, horizon=5)[1:6]).all()
    assert np.isnan(compounded(returns, horizon=12)).all()
    np.testing.assert_array_equal(compounded(returns, horizon=1)[:-1], returns[1:])
