# pyright: reportOptionalMemberAccess=false, reportOperatorIssue=false, reportOptionalOperand=false
# pyright: reportArgumentType=false

import numpy as np
import pytest

from validation.realism.foresight import foresight_figures, origins_that_look_ahead
from validation.realism.sample import PathSample


def sample(moves, each=1):
    return PathSample(moves, np.ones(moves.shape[2], dtype=bool), paths_per_date=each)


def figures(rolled, outcomes, each=40):
    return foresight_figures(sample(rolled, each), sample(outcomes), seed=0, draws=200)


def test_honest_paths_know_nothing_of_what_came(generator):
    outcomes = generator.standard_t(5, size=(300, 4, 2))
    found = figures(generator.standard_t(5, size=(12_000, 4, 2)), outcomes)
    assert found["closeness"].floor == pytest.approx(2 / 41)
    assert found["closeness"].p_value > 0.01
    assert abs(found["foresight"].value) < 0.1
    assert found["foresight"].p_value > 0.01


def test_one_path_of_forty_that_is_the_future_is_found(generator):
    outcomes = generator.normal(size=(300, 4, 2))
    rolled = generator.normal(size=(300, 40, 4, 2))
    rolled[:, 7] = outcomes + 0.01 * generator.normal(size=outcomes.shape)
    found = figures(rolled.reshape(-1, 4, 2), outcomes)
    assert found["closeness"].value > 0.9
    assert found["closeness"].p_value == pytest.approx(1 / 201)


def test_means_that_lean_towards_the_future_are_found(generator):
    outcomes = generator.normal(size=(300, 4, 2))
    rolled = np.repeat(0.3 * outcomes, 40, axis=0) + generator.normal(size=(12_000, 4, 2))
    assert figures(rolled, outcomes)["foresight"].low > 0.5


def test_a_generator_that_reads_on_is_named_by_origin(generator):
    history = generator.normal(size=(100, 2))

    def honest(seen, origin, paths, seed):
        rows = np.random.default_rng(seed).integers(origin, size=(paths, 5))
        return seen[:origin][rows]

    def scaled_over_everything(seen, origin, paths, seed):
        return honest(seen, origin, paths, seed) / seen.std(axis=0)

    def peeks_late(seen, origin, paths, seed):
        return honest(seen, origin + (origin > 60), paths, seed)

    origins = (50, 80)
    assert origins_that_look_ahead(honest, history, origins=origins) == ()
    assert origins_that_look_ahead(scaled_over_everything, history, origins=origins) == origins
    assert origins_that_look_ahead(peeks_late, history, origins=origins, paths=500) == (80,)


def test_outcomes_without_their_origins_are_refused(generator):
    with pytest.raises(ValueError, match="one origin an outcome"):
        figures(generator.normal(size=(80, 2, 1)), generator.normal(size=(3, 2, 1)))
