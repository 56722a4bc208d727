# pyright: reportOptionalMemberAccess=false, reportOperatorIssue=false, reportOptionalOperand=false

import math

import numpy as np
import pytest

from validation.memorisation import canary_exposure, learned_part, memorisation_figures, nearest
from validation.realism.factors import factor_basis
from validation.realism.sample import PathSample


def law(generator, paths=600, scale=1.0):
    moves = scale * generator.standard_t(5, size=(paths, 5, 3))
    return PathSample(moves, np.ones(3, dtype=bool))


def judged(candidate, training, holdout):
    basis = factor_basis(training)
    return memorisation_figures(candidate, training, holdout, basis=basis, seed=0, draws=200)


def test_a_fresh_sample_of_the_law_has_memorised_nothing(generator):
    found = judged(law(generator), law(generator), law(generator))
    assert found["copies"].low <= 0.01
    assert found["membership"].low <= 0.5 <= found["membership"].high + 0.02


def test_copies_are_found_on_any_scale(generator):
    candidate, training, holdout = law(generator), law(generator), law(generator)
    candidate.moves[:60] = 3 * training.moves[100:160]
    found = judged(candidate, training, holdout)
    assert found["copies"].value == pytest.approx(0.1 + 0.01, abs=0.02)
    assert found["copies"].low > 0.05
    assert found["membership"].value == pytest.approx(0.55, abs=0.03)  # 60 of 600 are certain
    assert found["membership"].p_value < 0.05


def test_a_wilder_holdout_is_no_memorisation(generator):
    found = judged(law(generator), law(generator), law(generator, scale=4.0))
    assert found["copies"].low <= 0.01
    assert found["membership"].low <= 0.5


def test_the_declared_share_of_history_is_left_out(generator):
    sample = law(generator, 10)
    mask = np.arange(10) < 3
    np.testing.assert_array_equal(learned_part(sample, mask).moves, sample.moves[3:])
    with pytest.raises(ValueError, match="leave some"):
        learned_part(sample, np.ones(10, dtype=bool))


def test_exposure_of_a_canary_that_is_repeated_and_of_one_that_is_not(generator):
    """Carlini et al.: rank one of N + 1 is log2(N + 1); by chance it exceeds 3 once in eight."""
    canaries, strangers, paths = (generator.normal(size=(n, 4)) for n in (400, 1_023, 2_000))
    honest = canary_exposure(canaries, strangers, paths)
    assert honest.mean() == pytest.approx(1 / math.log(2), abs=0.3)
    assert (honest > 3).mean() == pytest.approx(1 / 8, abs=0.06)
    assert canary_exposure(paths[:5], strangers, paths) == pytest.approx(10.0)


def test_the_nearest_is_found(generator):
    points, others = generator.normal(size=(20, 3)), generator.normal(size=(30, 3))
    by_hand = np.linalg.norm(points[:, None] - others[None], axis=2).min(axis=1)
    np.testing.assert_allclose(nearest(points, others), by_hand)


def test_few_held_out_windows_say_nothing(generator):
    found = judged(law(generator), law(generator), law(generator, 50))
    assert found["copies"].status == "not_computable: 50 held-out windows; 100 are needed"
