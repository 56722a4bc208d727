# pyright: reportOptionalMemberAccess=false, reportOperatorIssue=false, reportOptionalOperand=false

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from validation.realism.classifier import auc, classifier_figures
from validation.realism.factors import factor_basis
from validation.realism.sample import PathSample

NAMES = {"auc_boosted_trees", "auc_logistic"}


def sample(moves, **others):
    return PathSample(moves, np.ones(moves.shape[2], dtype=bool), **others)


def judged(mine, real, baseline=None):
    basis = factor_basis(real, factors=2)
    return classifier_figures(mine, real, basis=basis, baseline=baseline, seed=0, draws=100)


def test_auc_is_sklearns_with_ties(generator):
    one, other = generator.integers(5, size=30) * 1.0, generator.integers(4, size=50) * 1.0
    kinds = np.repeat((1, 0), (30, 50))
    assert auc(one, other) == pytest.approx(roc_auc_score(kinds, np.concatenate((one, other))))


def test_equal_laws_cannot_be_told_apart(generator):
    real, mine = (sample(generator.standard_t(5, size=(600, 4, 3))) for _ in range(2))
    for name, figure in judged(mine, real).items():
        assert name in NAMES
        assert figure.low - 0.02 <= 0.5 <= figure.high + 0.02
        assert figure.floor == pytest.approx(0.5, abs=0.08)


def test_a_wrong_volatility_is_found_through_the_squares(generator):
    real, mine = (sample(scale * generator.normal(size=(600, 4, 3))) for scale in (1.0, 1.5))
    for figure in judged(mine, real, baseline=real).values():
        assert figure.low > 0.7
        assert figure.p_value == pytest.approx(1 / 101)
        assert figure.baseline < 0.6


def test_neighbouring_windows_do_not_give_the_answer_away(generator):
    """Real against real: a classifier that saw overlapping windows would know its fold."""
    history = generator.normal(size=(900, 3))
    moves = np.lib.stride_tricks.sliding_window_view(history, 5, axis=0).transpose(0, 2, 1)
    real = sample(np.ascontiguousarray(moves), block=20)
    mine = sample(generator.normal(size=(800, 5, 3)))
    for figure in judged(mine, real).values():
        assert figure.value == pytest.approx(0.5, abs=0.1)
        assert figure.floor == pytest.approx(0.5, abs=0.1)


def test_a_handful_of_windows_tells_nothing(generator):
    few = sample(generator.normal(size=(60, 2, 2)))
    assert {one.status.partition(":")[0] for one in judged(few, few).values()} == {"not_computable"}
