import numpy as np
import pytest
from arch.univariate import EWMAVariance

from models.ewma import ewma_path


def naive_ewma(returns, decay):
    variance = [np.mean(returns[:75] ** 2)]
    for value in returns:
        variance.append(decay * variance[-1] + (1.0 - decay) * value**2)
    return np.sqrt(variance)


@pytest.mark.parametrize("decay", [0.94, 0.97])
def test_volatility_is_the_recursion_as_written(decay, generator):
    returns = 0.01 * generator.standard_t(4, 400)
    path = ewma_path(returns, decay=decay)
    np.testing.assert_allclose(path.sigma, naive_ewma(returns, decay), rtol=1e-12)
    np.testing.assert_allclose(path.residual, returns / path.sigma[:-1], rtol=1e-12)
    assert path.mean == 0.0


def test_a_thousand_days_on_it_is_archs_whatever_the_start(generator):
    returns = generator.standard_t(4, 1500)
    process = EWMAVariance(0.94)
    variance = np.empty(1500)
    process.compute_variance(
        np.empty(0), returns, variance, process.backcast(returns), process.variance_bounds(returns)
    )
    sigma = ewma_path(returns).sigma[1000:-1]
    np.testing.assert_allclose(sigma, np.sqrt(variance[1000:]), rtol=1e-12)


def test_one_shock_by_hand():
    """75 days of 1%, then 10%: variance 0.94 x 1% squared + 0.06 x 10% squared."""
    returns = np.r_[np.full(75, 0.01), 0.1]
    assert ewma_path(returns).sigma[-1] ** 2 == pytest.approx(0.94 * 1e-4 + 0.06 * 1e-2)


@pytest.mark.parametrize("decay", [0.0, 1.0, 1.5])
def test_a_decay_that_does_not_decay_is_refused(decay):
    with pytest.raises(ValueError, match=r"^decay must lie in \(0, 1\), got"):
        ewma_path(np.ones(10), decay=decay)
