import numpy as np
import pytest
from arch.bootstrap import MCS

from validation.confidence_set import model_confidence_set


def losses_of_three(generator):
    """Two models as good as each other and one that is clearly worse."""
    common = generator.normal(size=400)
    return np.column_stack([common + 0.1 * generator.normal(size=400) + add for add in (0, 0, 0.1)])


def test_the_confidence_set_is_that_of_arch_and_drops_the_worse_model(generator):
    losses = losses_of_three(generator)
    ours = model_confidence_set(losses, seed=7, draws=500)
    assert ours is not None
    assert ours.max() == 1.0
    assert ours[2] < 0.10
    assert ours[:2].min() > 0.10
    theirs = MCS(losses[:, np.argsort(losses[0])], 0.1, reps=500, block_size=10, seed=7)
    theirs.compute()
    by_model = theirs.pvalues["Pvalue"].sort_index().to_numpy()[np.argsort(np.argsort(losses[0]))]
    assert ours == pytest.approx(by_model)


def test_identical_models_share_their_place_in_the_confidence_set(generator):
    losses = losses_of_three(generator)[:, [0, 2, 0]]
    p_values = model_confidence_set(losses, seed=7, draws=200)
    assert p_values is not None
    assert p_values[0] == p_values[2] == 1.0


def test_there_is_no_confidence_set_without_two_models_that_differ(generator):
    losses = losses_of_three(generator)
    assert model_confidence_set(losses[:, [0, 0]], seed=7) is None
    assert model_confidence_set(losses[:9], seed=7) is None
    assert model_confidence_set(losses[:, [0]] + np.array([[0.0, 1.0]]), seed=7) is None


def test_a_set_of_many_models_is_that_of_arch_model_by_model(generator):
    losses = generator.normal(size=(300, 1)) + 0.3 * generator.normal(size=(300, 7))
    losses += np.linspace(0, 0.08, 7)
    losses = losses[:, np.argsort(losses.round(12)[0])]
    theirs = MCS(losses.round(12), 0.1, reps=400, block_size=10, method="R", seed=3)
    theirs.compute()
    ours = model_confidence_set(losses, seed=3, draws=400)
    assert ours is not None
    assert ours.tolist() == theirs.pvalues["Pvalue"].sort_index().tolist()
    assert len(set(ours)) > 3
