from dataclasses import dataclass, field, replace

import numpy as np
import torch

from features.crosssection import BLOCKS
from models.scenarios.day_law import CONDITION
from models.scenarios.liquidity import fit_liquidity


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
    moves, _ = model.trajectories(0, 300, horizon=3, seed=1)
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


def test_variances_follow_each_path_by_its_recursion(sample, neural):
    past = sample.filtered.variance[:-1]
    model = replace(neural.rolled, liquidity=fit_liquidity(past, past, past))
    moves, variance = model.trajectories(0, 100, horizon=4, seed=1)
    params, (low, high) = sample.filtered.params[0], sample.filtered.limits
    shock = moves[:, :-1] - params.mu
    slope = params.alpha + params.gamma * (shock < 0)
    expected = params.omega + slope * shock**2 + params.beta * variance[:, :-1]
    np.testing.assert_allclose(variance[:, 1:], np.clip(expected, low, high), rtol=2e-4)
    np.testing.assert_allclose(variance[:, 0], np.tile(sample.filtered.state, (100, 1)), rtol=1e-6)


def test_sixty_sessions_stay_finite(neural):
    moves, _ = neural.rolled.trajectories(0, 300, horizon=60, seed=1)
    assert np.isfinite(moves).all()
