"""A tilt gives the scenarios the tail that was asked for, and says when they have none like it."""

from __future__ import annotations

import numpy as np
import pytest

from flows.refusal import RefusedError
from flows.risk.tilt import Tail, tilted
from models.measures import expected_shortfall, value_at_risk

PNL = np.random.default_rng(0).standard_t(5, 50_000) / 100


@pytest.mark.parametrize("factor", [0.8, 1.0, 1.3])
def test_the_tail_is_the_one_asked_for(factor: float):
    plain = Tail(
        0.975,
        factor * value_at_risk(PNL, alpha=0.975),
        factor * expected_shortfall(PNL, alpha=0.975),
    )
    told = tilted(PNL, plain)
    got = [f(PNL, alpha=0.975, weights=told.weights) for f in (value_at_risk, expected_shortfall)]
    assert got == pytest.approx([plain.var, plain.es], rel=2e-3)
    assert told.effective_paths > 40_000
    if factor == 1.0:
        assert told.relative_entropy < 1e-6


def test_a_heavier_tail_makes_all_losses_likelier():
    told = tilted(PNL, Tail(0.975, 0.03, 0.045))
    assert told.weights[PNL < -0.05].sum() > (PNL < -0.05).mean()


@pytest.mark.parametrize(
    ("tail", "reason"),
    [(Tail(0.975, 0.03, 0.03), "must lie above"), (Tail(0.975, 0.9, 2.0), "no weights give")],
)
def test_a_tail_that_no_path_shows_is_refused(tail: Tail, reason: str):
    with pytest.raises(RefusedError, match=reason):
        tilted(PNL, tail)
