import numpy as np
import pytest

from features.splits import Window
from models.historical import historical_forecast
from models.measures import expected_shortfall, value_at_risk

ALPHAS = (0.95, 0.975, 0.99)


def test_each_day_looks_back_on_its_own_250_returns(generator):
    returns = 0.01 * generator.standard_t(3, 400)
    forecast = historical_forecast(returns, Window(300, 299, 400), alphas=ALPHAS, memory=250)
    for origin in range(299, 400):
        past = returns[origin - 249 : origin + 1]
        for level, alpha in enumerate(ALPHAS):
            assert forecast.var[origin, level] == value_at_risk(past, alpha=alpha)
            assert forecast.es[origin, level] == pytest.approx(
                expected_shortfall(past, alpha=alpha), rel=1e-13
            )
        assert forecast.sigma[origin] == pytest.approx(np.std(past, ddof=1))
    assert np.isnan(forecast.var[:299]).all()


def test_a_crash_leaves_the_memory_after_250_days():
    """0.99 of 250 is the third worst loss; the day of the crash is the worst for 250 origins."""
    returns = np.tile([0.001, -0.001], 400)
    returns[[500, 510, 520]] = [-0.12, -0.08, -0.05]
    var = historical_forecast(returns, Window(250, 249, 800), alphas=(0.99,), memory=250).var[:, 0]
    assert var[519] == 0.001
    assert var[520] == 0.05
    assert var[749] == 0.05
    assert var[750] == 0.001  # the crash itself is gone, and with it the third worst


def test_the_pit_counts_what_was_worse():
    returns = np.r_[np.arange(250.0), 99.5]
    forecast = historical_forecast(returns, Window(250, 249, 251), alphas=(0.95,), memory=250)
    assert forecast.pit[249] == (100 + 0.5) / 251
    assert np.isnan(forecast.pit[250])


def test_too_little_to_look_back_on_is_refused():
    with pytest.raises(ValueError, match=r"^memory is 250 returns and the first origin has 200"):
        historical_forecast(np.ones(300), Window(200, 199, 300), alphas=(0.95,), memory=250)
    with pytest.raises(ValueError, match=r"^alphas: 250 past observations cannot resolve"):
        historical_forecast(np.ones(300), Window(250, 249, 300), alphas=(0.999,), memory=250)
