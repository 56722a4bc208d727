from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch

from features.crosssection import BLOCKS
from models.scenarios.conditioning import stressed
from models.scenarios.day_law import CONDITION


@dataclass(frozen=True)
class Momentum:
    """A law that goes on in the direction of the equity block's stress."""

    name: str = "flow"

    def draw(self, condition, *, generator):
        push = condition[:, CONDITION.index(f"stress_{BLOCKS[0]}")]
        return 0.5 * push[:, None] + torch.randn((len(condition), 3), generator=generator)

    def to_bytes(self):
        return b""


def test_a_law_that_answers_to_stress_is_told_of_it(neural):
    model = replace(neural, rolled=replace(neural.rolled, law=Momentum()))
    calm, fallen = (
        stressed(model, {"equity": value}).rolled.trajectories(0, 2000, horizon=1, seed=1)[0]
        for value in (0.0, -4.0)
    )
    assert fallen[:, 0, 0].mean() < calm[:, 0, 0].mean()


def test_only_the_named_block_and_only_the_learned_paths_change(neural):
    model = stressed(neural, {"equity": -4.0})
    changed = model.rolled.start.stress != neural.rolled.start.stress
    assert changed.tolist() == [True, False, False, False, False]
    safe = neural.historical(0, seed=1)[:300]
    before, after = (one.chunk(0, paths=300, horizon=2, seed=1).paths for one in (neural, model))
    np.testing.assert_array_equal(before[safe], after[safe])


def test_an_unknown_block_is_refused(neural):
    with pytest.raises(ValueError, match=r"^stress names 'bonds', and blocks are equity, gov"):
        stressed(neural, {"bonds": 1.0})
