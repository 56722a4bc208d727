import numpy as np
import pytest

from validation.exceedances import exceedances, tail_probability


@pytest.mark.parametrize(
    ("alpha", "tail"), [(0.99, 0.01), (0.975, 0.025), (0.95, 0.05), (0.9, 0.1), (0.999, 0.001)]
)
def test_the_tail_is_the_decimal_complement_not_the_float_one(alpha, tail):
    assert tail_probability(alpha) == tail


def test_float_subtraction_would_have_missed_it():
    assert 1 - 0.99 != 0.01


def test_a_loss_equal_to_its_var_is_not_an_exceedance():
    pnl = np.array([-2.0, -2.0000001, 2.0, 0.0])
    var = np.array([2.0, 2.0, 1.0, -0.5])
    assert exceedances(pnl, var).tolist() == [False, True, False, True]


@pytest.mark.parametrize("alpha", [0.0, 0.01, 0.5, 1.0, 1.5, -0.99, float("nan")])
def test_a_confidence_level_outside_its_range_is_refused(alpha):
    with pytest.raises(ValueError, match=r"^alpha is the confidence level"):
        tail_probability(alpha)


def test_a_tail_given_for_a_level_is_told_the_level():
    with pytest.raises(ValueError, match=r"pass alpha=0\.99\."):
        tail_probability(0.01)
