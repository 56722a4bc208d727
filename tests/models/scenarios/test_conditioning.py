from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
import torch

from features.crosssection import BLOCKS
from models.scenarios.conditioning import just_been_through, volatility_after
from models.scenarios.day_law import CONDITION
from models.scenarios.filtered import FilteredHistory
from models.scenarios.gaussian import gaussian
from models.scenarios.liquid import Liquid
from models.scenarios.liquidity import fit_liquidity, recent_squares

OF = ("equity", "government", "")
FALL = {"equity": -4.0}


def been(model, session, *, blocks) -> Any:
    """The generator after a session, as whatever kind it is."""
    return just_been_through(model, session, blocks=blocks)


@dataclass(frozen=True)
class Momentum:
    """A law that goes on in the direction of the equity block's stress."""

    name: str = "flow"

    def draw(self, condition, *, generator):
        push = condition[:, CONDITION.index(f"stress_{BLOCKS[0]}")]
        return 0.5 * push[:, None] + torch.randn((len(condition), 3), generator=generator)

    def to_bytes(self):
        return b""


def test_the_variance_is_what_the_recursion_makes_of_the_session(sample):
    model = FilteredHistory.of(sample.filtered)
    after = been(model, FALL, blocks=OF).recursions.state
    params, (low, high) = sample.filtered.params[0], sample.filtered.limits
    slope = params.alpha + params.gamma  # a fall
    expected = params.omega + (16 * slope + params.beta) * sample.filtered.state[0]
    assert after[0] == pytest.approx(np.clip(expected, low[0], high[0]), rel=1e-5)
    assert after[0] > model.recursions.state[0]
    moved = been(model, FALL, blocks=OF)
    assert volatility_after(model, moved, OF) == {
        "equity": pytest.approx(np.sqrt(after[0] / model.recursions.state[0]))
    }
    np.testing.assert_array_equal(after[1:], model.recursions.state[1:])


def test_a_rise_moves_the_variance_less_than_a_fall(sample):
    model = FilteredHistory.of(sample.filtered)
    fall, rise = (
        been(model, {"equity": move}, blocks=OF).recursions.state[0] for move in (-2.0, 2.0)
    )
    assert fall > rise


def test_a_block_falls_when_its_yields_rise(sample):
    model = FilteredHistory.of(sample.filtered)
    lost = been(model, {"government": -2.0}, blocks=("", "", "government"))
    params = sample.filtered.params[2]
    expected = params.omega + (4 * params.alpha + params.beta) * sample.filtered.state[2]  # a rise
    assert lost.recursions.state[2] == pytest.approx(expected, rel=1e-4)


def test_a_law_that_answers_to_stress_is_told_of_it(neural):
    model = replace(neural, rolled=replace(neural.rolled, law=Momentum()))
    calm, fallen = (
        been(model, {"equity": value}, blocks=OF).rolled.trajectories(0, 2000, horizon=1, seed=1)
        for value in (0.0, -4.0)
    )
    assert fallen[:, 0, 0].mean() < calm[:, 0, 0].mean()


def test_only_the_named_block_changes_on_learned_and_on_historical_paths(neural):
    model = been(neural, FALL, blocks=OF)
    changed = model.rolled.start.stress != neural.rolled.start.stress
    assert changed.tolist() == [True, False, False, False, False]
    safe = neural.historical(0, seed=1)[:2000]
    before, after = (one.chunk(0, paths=2000, horizon=1, seed=1).paths for one in (neural, model))
    for paths in (safe, ~safe):
        assert after[paths, 0, 0].std() > 1.2 * before[paths, 0, 0].std()
    np.testing.assert_array_equal(before[safe][..., 1:], after[safe][..., 1:])


def test_every_generator_can_have_been_through_it(sample, prepared):
    squares = sample.filtered.residual**2 * sample.filtered.variance[:-1]
    law = fit_liquidity(squares, np.sqrt(recent_squares(squares)), squares)
    for model in (gaussian(prepared), Liquid(FilteredHistory.of(sample.filtered), law)):
        moved = been(model, FALL, blocks=OF)
        before, after = (one.chunk(0, paths=2000, horizon=1, seed=1) for one in (model, moved))
        assert after.paths[:, 0, 0].std() > 1.2 * before.paths[:, 0, 0].std()
    wide, usual = (np.asarray(one.spread)[:, 0, 0].mean() for one in (after, before))
    assert wide > usual


def test_a_block_that_is_not_there_is_refused(neural):
    with pytest.raises(ValueError, match=r"^state names 'bonds', and blocks are equity, gov"):
        been(neural, {"bonds": 1.0}, blocks=OF)
    with pytest.raises(ValueError, match=r"^state names 'credit', and none"):
        been(neural, {"credit": 1.0}, blocks=OF)
