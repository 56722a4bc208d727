import numpy as np
import pytest

from models.scenarios.preparation import prepare


def test_the_start_is_the_state_at_the_as_of(sample, prepared):
    start = prepared.start
    np.testing.assert_array_equal(start.covariance, prepared.path.covariance[-1].astype(np.float32))
    np.testing.assert_array_equal(start.stress, prepared.condition[-1, -5:])
    np.testing.assert_allclose(prepared.recursions.state, sample.filtered.state, rtol=1e-6)


@pytest.mark.slow
def test_without_a_choice_the_dynamics_that_explained_the_last_sessions_best_are_taken(sample):
    macro = np.zeros((1501, 3))
    chosen = prepare(sample.filtered, blocks=("equity", "credit", ""), macro=macro)
    assert set(chosen.likelihoods) == {"static", "ewma", "dcc", "learned"}
    best = max(chosen.likelihoods.values())
    assert chosen.likelihoods[chosen.dynamics.kind] == best
    assert chosen.notes["correlation_log_likelihoods"] == dict(chosen.likelihoods)
