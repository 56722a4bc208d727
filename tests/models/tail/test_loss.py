"""The training loss is the published score, and the truth minimises it."""

import numpy as np
import pytest
import torch
from scipy import stats

from models.tail.loss import fz0, scale_loss


def test_counted_by_hand() -> None:
    """VaR 2, ES 3, tail 1%: a loss of 5 pays (5 - 2) / (0.01 * 3) on top of 2/3 + log 3 - 1."""
    quiet = 2.0 / 3.0 + np.log(3.0) - 1.0
    score = fz0(
        torch.tensor([[1.0], [-5.0]]),
        torch.tensor([2.0]),
        torch.tensor([3.0]),
        torch.tensor([0.01]),
    )
    np.testing.assert_allclose(score[:, 0], [quiet, quiet + 100.0], rtol=1e-6)


def test_a_loss_of_exactly_var_pays_nothing_more() -> None:
    at, inside = (
        fz0(torch.tensor([y]), torch.tensor([2.0]), torch.tensor([3.0]), torch.tensor([0.01]))
        for y in (-2.0, 0.0)
    )
    assert at == inside


@pytest.mark.parametrize(("var", "es"), [(0.9, 1.0), (1.1, 1.0), (1.0, 0.9), (1.0, 1.1)])
def test_the_true_var_and_es_score_best(var: float, es: float) -> None:
    tail = 0.025
    grid = torch.tensor(stats.norm.ppf((np.arange(400_000) + 0.5) / 400_000))
    true_var = -stats.norm.ppf(tail)
    true_es = stats.norm.pdf(true_var) / tail

    def mean_score(v: float, e: float) -> float:
        one = torch.tensor([v]), torch.tensor([e]), torch.tensor([tail])
        return float(fz0(grid[:, None], *(value.double() for value in one)).mean())

    assert mean_score(true_var, true_es) < mean_score(var * true_var, es * true_es)


def test_differences_between_forecasts_do_not_depend_on_the_unit() -> None:
    pnl, tail = torch.tensor([[-0.03], [0.01]]), torch.tensor([0.05])

    def difference(unit: float) -> torch.Tensor:
        one = fz0(unit * pnl, torch.tensor([0.02 * unit]), torch.tensor([0.03 * unit]), tail)
        two = fz0(unit * pnl, torch.tensor([0.01 * unit]), torch.tensor([0.02 * unit]), tail)
        return one - two

    np.testing.assert_allclose(difference(100.0), difference(1.0), rtol=1e-4)


def test_the_scale_is_judged_by_a_student_likelihood() -> None:
    """Up to a constant: the density of 1.3 times a t with five degrees and unit variance."""
    moves = np.array([-4.0, -0.5, 0.0, 2.0])
    unit = 1.3 * np.sqrt(3.0 / 5.0)
    expected = -stats.t.logpdf(moves, 5, scale=unit)
    ours = scale_loss(torch.tensor(moves), torch.tensor(1.3)).numpy()
    np.testing.assert_allclose(np.diff(ours), np.diff(expected), rtol=1e-6)
    at_one = scale_loss(torch.tensor(moves), torch.tensor(1.0)).numpy()
    reference = -stats.t.logpdf(moves, 5, scale=np.sqrt(3.0 / 5.0))
    np.testing.assert_allclose(ours - at_one, expected - reference, rtol=1e-6)
