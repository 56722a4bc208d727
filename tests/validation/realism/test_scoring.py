# pyright: reportOptionalMemberAccess=false, reportOperatorIssue=false, reportOptionalOperand=false

import numpy as np
import pytest
import scoringrules

from validation.realism.sample import PathSample
from validation.realism.scoring import energy_score, score_figures, variogram_score


def sample(moves, **others):
    return PathSample(moves, np.ones(moves.shape[2], dtype=bool), **others)


def test_scores_are_those_of_scoringrules(generator):
    ensemble, outcome = generator.normal(size=(60, 4)), generator.normal(size=(7, 4))
    many = np.broadcast_to(ensemble, (7, 60, 4))
    np.testing.assert_allclose(
        energy_score(ensemble, outcome), scoringrules.es_ensemble(outcome, many, estimator="fair")
    )
    for power in (0.5, 1.0):
        np.testing.assert_allclose(
            variogram_score(ensemble, outcome, power=power),
            scoringrules.vs_ensemble(outcome, many, p=power),
        )


def test_the_energy_score_of_one_normal_asset_is_its_crps(generator):
    """CRPS of N(0, 1) at 0 is (sqrt 2 - 1) / sqrt pi."""
    ensemble = generator.normal(size=(4_000, 1))
    crps = (np.sqrt(2) - 1) / np.sqrt(np.pi)
    assert energy_score(ensemble, np.zeros((1, 1)))[0] == pytest.approx(crps, abs=0.02)


def test_the_true_law_scores_as_the_halves_of_the_truth(generator):
    real, mine, wide = (
        sample(scale * generator.normal(size=(2_000, 3, 4))) for scale in (1.0, 1.0, 1.5)
    )
    figures = score_figures(mine, real, baseline=wide, seed=0, draws=200)
    assert figures["energy_score"].value == pytest.approx(figures["energy_score"].floor, rel=0.05)
    assert figures["energy_score"].p_better < 0.01
    assert figures["variogram_score"].p_better < 0.01


def test_dependence_is_seen_by_the_variogram_score(generator):
    mixing = np.linalg.cholesky(0.9 + 0.1 * np.eye(4)).T
    real, good = (sample(generator.normal(size=(2_000, 1, 4)) @ mixing) for _ in range(2))
    apart = sample(generator.normal(size=(2_000, 1, 4)))
    assert (
        score_figures(good, real, baseline=apart, seed=0, draws=200)["variogram_score"].p_better
        < 0.01
    )


def test_rolled_paths_are_scored_by_their_own_origin(generator):
    drift = np.repeat(generator.normal(size=(60, 1, 2)), 3, axis=1)
    outcomes = sample(drift + 0.1 * generator.normal(size=(60, 3, 2)))
    aimed, blind = (
        sample(np.repeat(at, 20, axis=0) + 0.1 * generator.normal(size=(1_200, 3, 2)),
               paths_per_date=20)
        for at in (drift, generator.permuted(drift, axis=0))
    )  # fmt: skip
    figure = score_figures(aimed, outcomes, baseline=blind, seed=0, draws=100)["energy_score"]
    assert figure.value < figure.baseline / 3
    assert figure.n == 60
