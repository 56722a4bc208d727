import numpy as np
import pytest
from arch.univariate import GARCH, ConstantMean, StudentsT
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t as student

from features.splits import Window
from models.garch import Params, filter_path, student_tail

GJR = Params(mu=4e-4, omega=2e-6, alpha=0.03, gamma=0.12, beta=0.88, nu=6.0, backcast=9e-5)


def naive_filter(returns, params):
    """The recursion as it is written, one day at a time."""
    variance = [params.omega + (params.alpha + params.gamma / 2 + params.beta) * params.backcast]
    for value in returns:
        shock = value - params.mu
        loss = 1.0 if shock < 0 else 0.0
        variance.append(
            params.omega
            + (params.alpha + params.gamma * loss) * shock**2
            + params.beta * variance[-1]
        )
    sigma = np.sqrt(variance)
    return sigma, (returns - params.mu) / sigma[:-1]


@given(st.integers(0, 2**32 - 1))
def test_the_compiled_filter_is_the_recursion_as_written(seed):
    returns = 0.01 * np.random.default_rng(seed).standard_t(4, 60)
    path = filter_path(returns, GJR)
    sigma, residual = naive_filter(returns, GJR)
    np.testing.assert_allclose(path.sigma, sigma, rtol=1e-13)
    np.testing.assert_allclose(path.residual, residual, rtol=1e-13)
    assert path.mean == GJR.mu


@pytest.mark.parametrize("gamma", [0.0, 0.12])
def test_volatility_and_forecast_are_archs(gamma, generator):
    returns = generator.standard_t(5, 900)
    model = ConstantMean(
        returns,
        volatility=GARCH(p=1, o=1 if gamma else 0, q=1),
        distribution=StudentsT(),
        rescale=False,
    )
    fixed = model.fix([0.04, 0.02, 0.05, *([gamma] if gamma else []), 0.86, 6.0])
    backcast = float(model.volatility.backcast(returns - returns.mean()))
    path = filter_path(returns, Params(0.04, 0.02, 0.05, gamma, 0.86, 6.0, backcast))
    np.testing.assert_allclose(path.sigma[:-1], fixed.conditional_volatility, rtol=1e-10)
    np.testing.assert_allclose(path.residual, fixed.std_resid, rtol=1e-10)
    ahead = fixed.forecast(horizon=1, reindex=False).variance.to_numpy()[-1, 0]
    assert path.sigma[-1] ** 2 == pytest.approx(ahead, rel=1e-10)


def test_a_filter_sees_no_later_return(generator):
    returns = 0.01 * generator.standard_normal(500)
    long, short = filter_path(returns, GJR), filter_path(returns[:300], GJR)
    np.testing.assert_array_equal(long.sigma[:301], short.sigma)
    np.testing.assert_array_equal(long.residual[:300], short.residual)


def test_a_variance_of_zero_is_refused():
    flat = Params(mu=0.0, omega=0.0, alpha=0.1, gamma=0.0, beta=0.0, nu=6.0, backcast=1e-4)
    with pytest.raises(ValueError, match=r"^returns: the conditional variance is 0 at row 1"):
        filter_path(np.zeros(10), flat)


@pytest.mark.parametrize("nu", [2.5, 4.0, 8.0, 300.0])
def test_the_student_tail_has_scipys_quantile_and_the_mean_beyond_it(nu):
    alphas = (0.95, 0.975, 0.99)
    residual = np.array([0.0, -2.5, 0.3])
    tail = student_tail(residual, Window(1, 0, 3), alphas=alphas, nu=nu)
    unit = np.sqrt((nu - 2) / nu)
    law = student(nu, scale=unit)
    assert tail.quantile[0] == pytest.approx(law.ppf([0.05, 0.025, 0.01]))
    beyond = [law.expect(lambda z: z, ub=law.ppf(p), conditional=True) for p in (0.05, 0.025, 0.01)]
    assert tail.shortfall[0] == pytest.approx(beyond, rel=1e-6)
    assert tail.pit[:2] == pytest.approx(law.cdf([-2.5, 0.3]))


def test_parameters_survive_storage():
    carried = Params(*(float(i) / 7 for i in range(7)), carried=2.0)
    assert Params.from_bytes(carried.to_bytes()) == carried
    with pytest.raises(ValueError, match=r"^payload must hold 64 bytes, got 63"):
        Params.from_bytes(carried.to_bytes()[:-1])
