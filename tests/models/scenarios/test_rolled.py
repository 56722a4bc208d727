from dataclasses import dataclass, field, replace

import numpy as np
import pytest
import torch

from features.crosssection import BLOCKS
from models.scenarios.day_law import CONDITION


@dataclass
class Watcher:
    """A normal law that keeps the conditions it is handed."""

    seen: list = field(default_factory=list)
    name: str = "flow"

    def draw(self, condition, *, generator):
        self.seen.append(condition.numpy().copy())
        return torch.randn((len(condition), 3), generator=generator)

    def to_bytes(self):
        return b""


def test_the_law_is_told_of_the_state_each_path_has_reached(neural, prepared):
    watcher = Watcher()
    model = replace(neural.rolled, law=watcher)
    moves = model.trajectories(0, 300, horizon=3, seed=1)
    first, second, _ = watcher.seen
    assert first.shape == (300, len(CONDITION))
    np.testing.assert_allclose(first, np.tile(prepared.condition[-1], (300, 1)), rtol=1e-5)
    # After a large first session the market-wide volatility ratio is higher than after a calm one.
    size = np.abs(moves[:, 0, :2]).sum(axis=1)
    wild, calm = size > np.quantile(size, 0.9), size < np.quantile(size, 0.5)
    assert second[wild, 0].min() > np.median(second[calm, 0])
    # And the stock's block remembers which way it went.
    stress = second[:, CONDITION.index(f"stress_{BLOCKS[0]}")]
    assert np.corrcoef(stress, moves[:, 0, 0])[0, 1] > 0.9


def test_a_path_is_wider_after_a_wild_session(neural):
    """By what the recursion makes of its first move, and by no more."""
    model = neural.rolled
    moves = model.trajectories(0, 2048, horizon=2, seed=1)
    one = model.recursions
    shock = moves[:, 0] - one.mean
    slope = one.alpha + one.gamma * (shock < 0)
    variance = np.clip(one.omega + slope * shock**2 + one.beta * one.state, one.least, one.greatest)
    residual = (moves[:, 1] - one.mean) / np.sqrt(variance)
    size = np.abs(moves[:, 0, 0])
    wild, calm = size > np.quantile(size, 0.9), size < np.quantile(size, 0.5)
    raw, standard = (
        np.std(second[wild, 0]) / np.std(second[calm, 0]) for second in (moves[:, 1], residual)
    )
    assert raw > 1.1
    assert standard == pytest.approx(1.0, abs=0.12)


def test_sixty_sessions_stay_finite(neural):
    moves = neural.rolled.trajectories(0, 300, horizon=60, seed=1)
    assert np.isfinite(moves).all()
