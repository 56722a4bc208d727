"""The learned tail is a monotone map of the base: never crossing, never below its VaR."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from models.measures import expected_shortfall, value_at_risk
from models.tail.transport import (
    KNOTS,
    OUTPUTS,
    TailMap,
    identity,
    knot_shares,
    knot_shortfall,
    mixture,
    tail_map,
    transported,
)

LOSSES = np.arange(1.0, 2001.0)  # 2,000 equally likely losses: every knot is a whole rank
LEVELS = (0.85, 0.9, 0.91, 0.925, 0.95, 0.975, 0.98, 0.99, 0.995, 0.998)

raws = arrays(np.float64, (1, OUTPUTS), elements=st.floats(-8.0, 8.0))


def base(levels: tuple[float, ...], losses: np.ndarray = LOSSES) -> tuple[torch.Tensor, ...]:
    var = [value_at_risk(-losses, alpha=level) for level in levels]
    es = [expected_shortfall(-losses, alpha=level) for level in levels]
    return torch.tensor([var], dtype=torch.float64), torch.tensor([es], dtype=torch.float64)


def test_a_head_that_says_nothing_is_the_base() -> None:
    var, es = base(LEVELS)
    source, _ = base(KNOTS)
    learned_var, learned_es = transported(
        tail_map(torch.zeros(1, OUTPUTS, dtype=torch.float64), source), var, es, levels=LEVELS
    )
    np.testing.assert_allclose(learned_var, var, rtol=1e-12)
    np.testing.assert_allclose(learned_es, es, rtol=1e-12)


@given(raws)
def test_var_and_es_are_those_of_the_mapped_losses(raw: np.ndarray) -> None:
    """Map every loss of the sample, then measure: the answer must be the same."""
    source, _ = base(KNOTS)
    mapping = tail_map(torch.tensor(raw), source)
    mapped = mapping(torch.tensor(LOSSES)[None])[0].numpy()
    expected = base(LEVELS, mapped)
    for ours, theirs in zip(
        transported(mapping, *base(LEVELS), levels=LEVELS), expected, strict=True
    ):
        np.testing.assert_allclose(ours, theirs, rtol=1e-10)


@given(raws)
def test_levels_never_cross_and_es_is_never_below_var(raw: np.ndarray) -> None:
    source, _ = base(KNOTS)
    var, es = transported(tail_map(torch.tensor(raw), source), *base(LEVELS), levels=LEVELS)
    assert (torch.diff(var) > 0).all()
    assert (torch.diff(es) > 0).all()
    assert (es >= var).all()


@given(raws)
def test_the_way_back_leads_to_the_same_loss(raw: np.ndarray) -> None:
    source, _ = base(KNOTS)
    mapping = tail_map(torch.tensor(raw), source)
    losses = torch.tensor([[-50.0, 0.0, 3.0, 1800.0, 1900.0, 1960.0, 1999.0, 2500.0]])
    losses = losses.double()
    np.testing.assert_allclose(mapping.inverse()(mapping(losses)), losses, rtol=1e-9, atol=1e-9)


@given(raws, raws, st.floats(0.0, 1.0))
def test_averaging_maps_averages_forecasts(one: np.ndarray, two: np.ndarray, share: float) -> None:
    source, _ = base(KNOTS)
    maps = [tail_map(torch.tensor(raw), source) for raw in (one, two)]
    first, second = (transported(m, *base(LEVELS), levels=LEVELS) for m in maps)
    both = transported(mixture(maps, [share, 1.0 - share]), *base(LEVELS), levels=LEVELS)
    for k in range(2):
        np.testing.assert_allclose(both[k], share * first[k] + (1.0 - share) * second[k], rtol=1e-9)


@given(raws)
def test_the_training_shortcut_agrees_with_the_general_formula(raw: np.ndarray) -> None:
    var, es = base(KNOTS)
    mapping = tail_map(torch.tensor(raw), var)
    np.testing.assert_allclose(
        knot_shortfall(mapping, *knot_shares(var, es)),
        transported(mapping, var, es, levels=KNOTS)[1],
        rtol=1e-10,
    )


def test_the_map_scales_the_body_bends_at_the_knots_and_stretches_the_far_tail() -> None:
    """Counted by hand on a map with two slopes: doubled to the first knot, then level, then x3."""
    source = torch.tensor([[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]])
    image = torch.tensor([[2.0, 3.0, 4.0, 5.0, 6.0, 7.0]])
    mapping = TailMap(source, image, torch.tensor([[3.0]]))
    losses = torch.tensor([[-1.0, 0.5, 1.0, 1.5, 6.0, 7.0]])
    assert mapping(losses).tolist() == [[-2.0, 1.0, 2.0, 2.5, 7.0, 10.0]]


def test_tied_losses_of_the_base_stay_tied() -> None:
    source = torch.tensor([[1.0, 1.0, 1.0, 2.0, 3.0, 4.0]], dtype=torch.float64)
    mapping = tail_map(torch.full((1, OUTPUTS), 0.3, dtype=torch.float64), source)
    assert mapping.image[0, 0] == mapping.image[0, 2]
    assert torch.isfinite(mapping(source)).all()


def test_a_factor_scales_the_whole_tail() -> None:
    source, _ = base(KNOTS)
    doubled = identity(source).scaled(torch.tensor([[2.0]], dtype=torch.float64))
    var, es = transported(doubled, *base(LEVELS), levels=LEVELS)
    np.testing.assert_allclose(var, 2.0 * base(LEVELS)[0], rtol=1e-12)
    np.testing.assert_allclose(es, 2.0 * base(LEVELS)[1], rtol=1e-12)


@pytest.mark.parametrize("output", range(OUTPUTS))
def test_no_head_can_more_than_quadruple_or_quarter_a_quantile(output: int) -> None:
    source, _ = base(KNOTS)
    for sign in (-1e6, 1e6):
        raw = torch.zeros(1, OUTPUTS, dtype=torch.float64)
        raw[0, output] = sign
        ratio = tail_map(raw, source).image / source
        assert ((ratio > 0.25) & (ratio < 4.1)).all()


@pytest.mark.parametrize("first", [-0.2, 0.0])
def test_a_base_whose_drift_outweighs_its_tail_is_left_as_it_is(first: float) -> None:
    source = torch.tensor([[first, 0.1, 0.2, 0.3, 0.4, 0.5]], dtype=torch.float64)
    losses = torch.tensor([[-1.0, -0.1, 0.0, 0.15, 0.9]], dtype=torch.float64)
    torch.testing.assert_close(identity(source)(losses), losses)
