# pyright: reportOptionalMemberAccess=false, reportOperatorIssue=false, reportOptionalOperand=false

import math

import numpy as np
import pytest

from validation.plausibility.margins import (
    drawdowns,
    geary_kurtosis,
    margin_figures,
    tail_index,
)
from validation.realism.sample import PathSample


def sample(moves):
    return PathSample(moves, np.zeros(moves.shape[2], dtype=bool))


def of(statistic, moves):
    return statistic(sample(moves), seed=0, draws=100)


def test_the_tail_index_of_a_pareto_law_is_its_shape(generator):
    """Hill's standard error is xi over the root of the number beyond."""
    found = of(tail_index, (1 + generator.pareto(3.0, size=(20_000, 1, 1))))
    assert found.values[0] == pytest.approx(1 / 3, abs=4 / 3 / math.sqrt(1_000))
    assert found.errors.std() == pytest.approx(1 / 3 / math.sqrt(1_000), rel=0.25)


@pytest.mark.parametrize("nu", [6, 30])
def test_kurtosis_of_student_t_in_closed_form(generator, nu):
    mean = 2 * math.sqrt(nu) * math.gamma((nu + 1) / 2)
    mean /= math.sqrt(math.pi) * math.gamma(nu / 2) * (nu - 1)
    found = of(geary_kurtosis, generator.standard_t(nu, size=(30_000, 1, 1)))
    assert found.values[0] == pytest.approx(nu / (nu - 2) / mean**2, rel=0.04)


def test_a_normal_law_has_half_pi(generator):
    found = of(geary_kurtosis, generator.normal(size=(50_000, 2, 1)))
    assert found.values[0] == pytest.approx(math.pi / 2, rel=0.01)


def test_the_largest_fall_by_hand():
    moves = np.array([[1.0, -3.0, 1.0, -2.0], [1.0, 1.0, 1.0, 1.0], [-1.0, 2.0, -0.5, 0.0]])
    np.testing.assert_allclose(drawdowns(moves[:, :, None])[:, 0], [4.0, 0.0, 1.0])


def test_thin_tails_are_outside_the_bands_of_heavy_ones(generator):
    real, good = (sample(generator.standard_t(4, size=(2_000, 5, 2))) for _ in range(2))
    thin = sample(math.sqrt(2) * generator.normal(size=(2_000, 5, 2)))
    figures = margin_figures(thin, real, baseline=good, seed=0, draws=100)
    for name in ("tail_index", "kurtosis"):
        assert figures[name].p_value < 0.02
        assert figures[name].value > figures[name].floor_high
        assert figures[name].baseline < figures[name].value
