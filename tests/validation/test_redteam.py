import numpy as np
import pytest

from validation import redteam
from validation.realism.sample import PathSample
from validation.redteam import ATTACKS, GoodSet, attack_report, attack_set


@pytest.fixture
def good(generator):
    laws = [
        PathSample(generator.standard_t(4, size=(500, 6, 4)), np.ones(4, dtype=bool))
        for _ in range(3)
    ]
    return GoodSet(laws[0], np.abs(laws[0].moves), laws[1], laws[2])


def planted(good, name, generator):
    (attack,) = (one for one in ATTACKS if one.name == name)
    return attack.plant(good, generator)


def test_truncation_takes_the_tails_and_nothing_else(good, generator):
    moves = planted(good, "tail_truncation", generator).sample.moves
    changed = moves != good.sample.moves
    assert changed.mean() == pytest.approx(0.04, abs=0.005)
    assert np.abs(moves).max() < np.abs(good.sample.moves).max()


def test_collapse_leaves_a_hundred_modes(good, generator):
    moves = redteam.collapse_modes(good, generator, jitter=0.0).sample.moves
    assert len(np.unique(moves.reshape(500, -1), axis=0)) <= 100


@pytest.mark.parametrize(
    ("name", "source"), [("memorisation", "training"), ("look_ahead", "future")]
)
def test_copies_come_from_where_they_are_said_to(good, generator, name, source):
    moves = planted(good, name, generator).sample.moves
    hit = np.flatnonzero((moves != good.sample.moves).any(axis=(1, 2)))
    assert hit.size == 25
    windows = getattr(good, source).moves.reshape(500, -1)
    apart = np.linalg.norm(moves[hit].reshape(25, -1)[:, None] - windows[None], axis=2).min(axis=1)
    assert apart.max() < 1.0  # noise of a twentieth; another window is four or more away


def test_broken_correlation_keeps_every_margin(good, generator):
    moves = planted(good, "broken_correlation", generator).sample.moves
    np.testing.assert_array_equal(np.sort(moves, axis=0), np.sort(good.sample.moves, axis=0))
    assert (moves != good.sample.moves).any(axis=(0, 1)).sum() == 2


def test_phantom_liquidity_leaves_the_moves_alone(good, generator):
    bad = planted(good, "phantom_liquidity", generator)
    assert bad.sample is good.sample
    changed = (bad.cost != good.cost).any(axis=(1, 2))
    assert bad.cost[changed].mean() < 0.7 * good.cost[changed].mean()


def test_the_good_set_stays_good(good):
    before = good.sample.moves.copy(), good.cost.copy()
    attack_set(good, lambda _: (), seed=0)
    np.testing.assert_array_equal(good.sample.moves, before[0])
    np.testing.assert_array_equal(good.cost, before[1])


def test_a_seed_is_an_attack(good):
    seen = [[], []]
    for kept in seen:
        attack_set(good, lambda bad, kept=kept: kept.append(bad.sample.moves.sum()) or (), seed=5)
    assert seen[0] == seen[1]


def test_only_a_gate_that_is_meant_to_close_counts_and_failures_stay_listed(good):
    attempts = attack_set(good, lambda _: ("coverage", "auc_logistic"), seed=1)
    assert [one.attack for one in attempts if one.caught] == ["mode_collapse"]
    report = attack_report(attempts)
    assert {line["attack"]: line["caught"] for line in report["attacks"]}["mode_collapse"] == 1
    assert len(report["failures"]) == len(ATTACKS) - 1
    assert report["failures"][0]["closed"] == ["coverage", "auc_logistic"]
    assert all(one["pass_line"] for one in report["failures"])
