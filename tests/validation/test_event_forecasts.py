"""Probabilities of events by hand: the Brier score, ranks, bins, and what a resample says."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, roc_auc_score

from validation.event_forecasts import EventVerdict, judge_events, rank_of_events, reliability

NAN = float("nan")


def judged(generator: np.random.Generator, *, n: int = 1500, useful: bool = True) -> EventVerdict:
    """Of a forecaster that knows the probability, or of one that tells it of another day."""
    truth = generator.beta(0.6, 4.0, n)
    came = (generator.uniform(size=n) < truth).astype(float)
    told = truth if useful else generator.permutation(truth)
    return judge_events(told, came, np.full(n, 0.13), block=5, draws=199)


def test_hand_counted_brier_score_and_skill():
    told, came = np.array([0.8, 0.4, 0.1, 0.9]), np.array([1.0, 0.0, 0.0, NAN])
    found = judge_events(told, came, np.full(4, 0.5), block=2)
    assert (found.n, found.events) == (3, 1)
    assert found.brier == pytest.approx((0.04 + 0.16 + 0.01) / 3)
    assert found.climatology == pytest.approx(0.25)
    assert found.skill == pytest.approx(1 - 0.07 / 0.25)
    assert np.isnan(found.auc_interval).all()  # one event is too few for an interval


def test_a_tie_counts_half():
    assert rank_of_events(np.array([0.3, 0.3, 0.1]), np.array([1.0, 0.0, 0.0])) == 0.75
    assert np.isnan(rank_of_events(np.array([0.3, 0.3]), np.zeros(2)))


def test_scikit_learn_says_the_same(generator: np.random.Generator):
    told = np.round(generator.uniform(size=400), 2)
    came = (generator.uniform(size=400) < told**2).astype(float)
    found = judge_events(told, came, np.full(400, 0.3), block=5, draws=0)
    assert found.brier == pytest.approx(brier_score_loss(came, told), rel=1e-12)
    assert found.auc == pytest.approx(roc_auc_score(came, told), rel=1e-12)


def test_every_forecast_falls_into_one_bin():
    told = np.array([0.0, 0.019, 0.02, 0.39, 0.4, 1.0])
    came = np.array([0.0, 1.0, 0.0, 0.0, 1.0, 1.0])
    bins = reliability(told, came)
    assert [one.n for one in bins] == [2, 1, 0, 0, 1, 1, 1]
    assert (bins[0].frequency, bins[-1].frequency) == (0.5, 1.0)
    assert bins[0].forecast == pytest.approx(0.0095)
    assert np.isnan(bins[2].forecast)


def test_who_knows_the_probability_is_reliable_and_skilled(generator: np.random.Generator):
    found = judged(generator)
    assert found.skill_interval[0] > 0.0
    assert found.auc_interval[0] > 0.6
    for one in found.bins:
        if one.n > 50:
            error = np.sqrt(one.forecast * (1 - one.forecast) / one.n)
            assert abs(one.frequency - one.forecast) < 4 * error


def test_who_tells_of_another_day_ranks_nothing(generator: np.random.Generator):
    found = judged(generator, useful=False)
    assert found.auc_interval[0] < 0.5 < found.auc_interval[1]
    assert found.skill_interval[1] < 0.0  # it varies, and for nothing


def test_the_same_seed_gives_the_same_interval():
    first, second = (judged(np.random.default_rng(3)) for _ in range(2))
    assert first == second


def test_percent_and_an_empty_history_are_refused():
    with pytest.raises(ValueError, match="must lie in"):
        judge_events(np.array([12.0]), np.ones(1), np.ones(1), block=2)
    with pytest.raises(ValueError, match="never known together"):
        judge_events(np.array([NAN]), np.ones(1), np.ones(1), block=2)
