import numpy as np
import pytest
import torch

from models.scenarios.lesson import LawSettings, Lesson
from models.training import Schedule


def lesson(seed=0):
    rng = np.random.default_rng(3)
    return Lesson.of(rng.normal(size=(400, 3)) + 2.0, rng.normal(size=(400, 2)), seed=seed)


def test_what_is_taught_has_neither_mean_nor_scale_left():
    vectors = lesson().vectors.numpy()
    np.testing.assert_allclose(vectors.mean(axis=0), 0.0, atol=0.05)
    np.testing.assert_allclose(np.cov(vectors, rowvar=False), np.eye(3), atol=0.05)
    assert lesson().factors == 3


def test_the_map_leads_back_to_the_factors():
    one = lesson()
    factors = one.standard(one.vectors, one.known).numpy()
    expected = np.random.default_rng(3).normal(size=(400, 3)) + 2.0
    np.testing.assert_allclose(factors, expected, atol=1e-3)


def test_every_session_meets_as_many_noises_as_asked():
    one, seen = lesson(), []

    def objective(rows):
        seen.append(rows)
        return net.last.weight.square().sum()

    settings = LawSettings(noises=3, schedule=Schedule(epochs=1, batch=100, rate=1e-3))
    net = one.net(settings, inputs=3, outputs=3)
    one.teach(net, objective, settings)
    counts = torch.cat(seen).bincount(minlength=400)
    assert counts.tolist() == [3] * 400


def test_the_same_seed_gives_the_same_first_weights():
    def first(seed):
        return lesson(seed).net(LawSettings(), inputs=3, outputs=3).point.weight

    assert torch.equal(first(1), first(1))
    assert not torch.equal(first(1), first(2))


def test_a_history_too_short_is_refused():
    with pytest.raises(ValueError, match="cannot teach"):
        Lesson.of(np.zeros((20, 3)), np.zeros((20, 2)), seed=0)
