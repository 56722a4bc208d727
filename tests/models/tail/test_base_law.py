"""The base can be asked for the probability of any return, not only of the one that followed."""

import numpy as np
import pytest

from models.base import TailForecast
from models.baselines import forecast_series
from models.garch import Params, filter_path
from models.tail.base_law import fhs_distribution

RETURNS = 0.01 * np.random.default_rng(11).standard_t(5, 1200)


@pytest.fixture(scope="module")
def base() -> TailForecast:
    made = forecast_series(RETURNS, models=("gjr_fhs",), alphas=(0.95,), every=100)
    return made["gjr_fhs"]


def test_at_the_return_that_followed_it_is_the_pit(base: TailForecast) -> None:
    following = np.append(RETURNS[1:], np.nan)
    np.testing.assert_array_equal(fhs_distribution(RETURNS, base, following), base.pit)


def test_at_any_return_it_is_the_share_of_past_residuals_below(base: TailForecast) -> None:
    row, asked = 1150, -0.02
    refit = next(r for r in base.refits if r.window.start <= row < r.window.stop)
    path = filter_path(RETURNS[: row + 1], Params.from_bytes(refit.params))
    residual = (asked - path.mean) / path.sigma[row + 1]
    below = int((path.residual < residual).sum())
    at = np.full(len(RETURNS), np.nan)
    at[row] = asked
    answer = fhs_distribution(RETURNS, base, at)
    assert answer[row] == pytest.approx((below + 0.5) / (row + 2), abs=1e-15)
    assert np.isnan(np.delete(answer, row)).all()


def test_just_beyond_var_lies_the_tail(base: TailForecast) -> None:
    inside, outside = (fhs_distribution(RETURNS, base, -k * base.var[:, 0]) for k in (0.999, 1.001))
    served = np.isfinite(base.sigma)
    assert (inside[served] > 0.049).all()
    assert (outside[served] < 0.051).all()
