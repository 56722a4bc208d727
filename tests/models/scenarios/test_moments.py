"""Planted effects of a condition are found; where there is none, none is made up."""

import numpy as np
import pytest
import torch

from models.scenarios.moments import CLIP, Moments


def planted(rows: int, *, seed: int, mean: float, scale: float) -> tuple[np.ndarray, np.ndarray]:
    """Column 0 moves the first factor's mean, column 1 everyone's log scale; three say nothing."""
    rng = np.random.default_rng(seed)
    condition = rng.normal(size=(rows, 5))
    factors = rng.normal(size=(rows, 4)) * np.exp(scale * condition[:, [1]] - scale**2)
    factors[:, 0] += mean * condition[:, 0]
    return factors, condition


def test_planted_slopes_are_found() -> None:
    moments = Moments.of(*planted(6_000, seed=1, mean=0.3, scale=0.25))
    assert moments.mean[0, 0] == pytest.approx(0.3, abs=0.1)  # the prior shrinks it
    np.testing.assert_allclose(moments.log_scale[1], 0.25, atol=0.04)


def test_conditions_that_say_nothing_get_next_to_no_slope() -> None:
    moments = Moments.of(*planted(3_000, seed=2, mean=0.0, scale=0.0))
    assert moments.mean[:-1].abs().max() < 0.05
    assert moments.log_scale[:-1].abs().max() < 0.05


def test_scale_is_a_standard_deviation_for_heavy_tails_too() -> None:
    rng = np.random.default_rng(3)
    factors = rng.normal(size=(20_000, 3)) * np.sqrt(3.0 / rng.chisquare(5, (20_000, 1)))
    moments = Moments.of(factors, rng.normal(size=(20_000, 1)))
    _, scale = moments.of_known(torch.zeros(1, 1))
    np.testing.assert_allclose(scale[0], factors.std(axis=0), rtol=0.01)


def test_what_is_missing_is_the_centre_and_what_is_beyond_the_past_is_its_end() -> None:
    rng = np.random.default_rng(4)
    condition = np.column_stack([rng.uniform(10.0, 20.0, 500), np.full(500, 7.0)])
    moments = Moments.of(rng.normal(size=(500, 2)), condition)
    known = moments.known(torch.tensor([[torch.nan, torch.nan], [1e6, 7.0]]))
    torch.testing.assert_close(known[0], torch.zeros(2))
    highest = (condition[:, 0].max() - condition[:, 0].mean()) / condition[:, 0].std()
    assert known[1, 0] == pytest.approx(highest, rel=1e-5)
    assert highest < CLIP


def test_one_wild_reading_does_not_widen_the_range() -> None:
    rng = np.random.default_rng(5)
    condition = rng.normal(size=(500, 1))
    condition[100] = 60.0
    moments = Moments.of(rng.normal(size=(500, 2)), condition)
    assert moments.known(torch.tensor([[60.0]])).item() == pytest.approx(CLIP)
