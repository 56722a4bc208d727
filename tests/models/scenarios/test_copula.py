from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import t as student

from models.scenarios.copula import copula, degrees_of_freedom
from models.scenarios.factors import fit_factors
from models.scenarios.preparation import prepare


def tail_dependence(nu, rho):
    """Demarta and McNeil (2005), equation 12."""
    return 2 * student.cdf(-np.sqrt((nu + 1) * (1 - rho) / (1 + rho)), nu + 1)


@pytest.fixture(scope="module")
def model(sample):
    prepared = prepare(
        sample.filtered, blocks=("equity", "government", ""), macro=np.zeros((1501, 3)),
        kind="static",
    )  # fmt: skip
    return copula(prepared), prepared


def test_degrees_of_freedom_are_those_of_the_copula_that_made_the_data():
    generator = np.random.default_rng(17)
    common = generator.standard_normal((8000, 1))
    x = 0.7 * common + np.sqrt(0.51) * generator.standard_normal((8000, 4))
    x *= np.sqrt(5.0 / generator.chisquare(5.0, 8000))[:, None]
    scores = np.column_stack([np.sort(generator.standard_normal(8000))[
        column.argsort().argsort()] for column in x.T])  # fmt: skip
    known = np.ones(scores.shape, dtype=np.bool_)
    assert degrees_of_freedom(scores, known, fit_factors(scores)) == pytest.approx(5.0, rel=0.15)


def test_joint_crashes_are_as_frequent_as_the_closed_form_says(model):
    """Tail dependence at a finite level, by the bivariate t itself: P(both below) / p."""
    one, prepared = model
    one = replace(one, common=4.0)
    p = 0.005
    scores = []
    for index in range(150):
        moves = one.chunk(index, paths=2048, horizon=1, seed=2).paths[:, 0, :2]
        scores.append(moves)
    moves = np.concatenate(scores)
    low = moves < np.quantile(moves, p, axis=0)
    rho = np.corrcoef(prepared.scores, rowvar=False)[0, 1]
    generator = np.random.default_rng(0)
    normal = generator.multivariate_normal(np.zeros(2), [[1, rho], [rho, 1]], 2_000_000)
    exact = normal * np.sqrt(4.0 / generator.chisquare(4.0, 2_000_000))[:, None]
    expected = (exact < student.ppf(p, 4)).all(axis=1).mean() / p
    assert low.all(axis=1).mean() / p == pytest.approx(expected, abs=0.06)
    assert expected == pytest.approx(tail_dependence(4.0, rho), abs=0.12)  # its limit
    normal_only = 0.25  # what a Gaussian copula with this correlation shows at that level
    assert low.all(axis=1).mean() / p > normal_only


def test_each_asset_keeps_its_own_law(sample, model):
    one, _ = model
    moves = np.concatenate(
        [one.chunk(i, paths=2048, horizon=1, seed=2).paths[:, 0] for i in range(40)]
    )
    drawn = (moves - 2e-4) / np.sqrt(sample.filtered.state)
    levels = [0.01, 0.05, 0.5, 0.95, 0.99]
    for asset in range(3):
        assert np.quantile(drawn[:, asset], levels) == pytest.approx(
            np.quantile(sample.filtered.residual[:, asset], levels), abs=0.15
        )
