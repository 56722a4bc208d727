"""Default intensities: they price every quoted swap at nothing, and are QuantLib's."""

import numpy as np
import pytest
import QuantLib as ql
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from models.instruments.hazards import CreditIndex, survival_weights
from models.instruments.risk_factors import FactorIndex, base_levels


@pytest.mark.parametrize("issuer", ["ACME", "JUNK"])
def test_survival_agrees_with_the_curve_that_quantlib_bootstraps(issuer, market, quantlib):
    """To a thousandth of a default probability: its swaps move their dates to business days."""
    quoted = market.credit[issuer]
    discount = quantlib.curve("USD")
    helpers = [
        ql.SpreadCdsHelper(
            ql.QuoteHandle(ql.SimpleQuote(float(spread))), ql.Period(round(12 * tenor), ql.Months),
            0, ql.NullCalendar(), ql.Quarterly, ql.Unadjusted, ql.DateGeneration.Backward,
            ql.Actual360(), quoted.recovery, discount, True, True, quantlib.today, ql.Actual360(),
            True, ql.CreditDefaultSwap.Midpoint,
        )
        for tenor, spread in zip(quoted.tenors, quoted.spreads, strict=True)
    ]  # fmt: skip
    theirs = ql.PiecewiseFlatHazardRate(quantlib.today, helpers, ql.Actual365Fixed())
    theirs.enableExtrapolation()
    ours = quantlib.hazards(issuer, "USD")
    for days in range(30, 4000, 90):
        at = quantlib.today + days
        expected = theirs.defaultProbability(at)
        assert ours.defaultProbability(at) == pytest.approx(expected, rel=1e-3)


def par_values(market, issuer: str, moves: np.ndarray) -> np.ndarray:
    """Values of every quoted swap at moved spreads, by a plain loop over its quarters."""
    index = FactorIndex(market)
    credit = CreditIndex(index)
    times, rows = credit.rows(issuer, "USD")
    solver = credit.hazards()
    base, _ = base_levels(index.factors)
    levels = base.clone()
    quoted = market.credit[issuer]
    _, spread_rows = index.credit(issuer)
    levels[spread_rows, 0] *= torch.from_numpy(np.exp(moves))
    knots = solver.knots(levels)[rows, 0].numpy()
    group = solver.groups[0]
    ends, middles = (torch.exp(each.log(levels))[:, 0] for each in (group.at_end, group.at_middle))
    found = []
    stops = np.cumsum([len(segment.alpha) for segment in group.segments])
    grid = np.cumsum(np.concatenate([np.diff(s.times.numpy()) for s in group.segments]))
    alpha = np.concatenate([segment.alpha.numpy() for segment in group.segments])
    hazard = np.array([knots @ survival_weights(times, t) for t in grid])
    alive = np.exp(-np.concatenate([[0.0], hazard]))
    loss = 1.0 - quoted.recovery
    for stop, row in zip(stops, spread_rows, strict=True):
        spread, value = float(levels[row, 0]), 0.0
        for i in range(stop):
            dead = alive[i] - alive[i + 1]
            value += float(middles[i]) * dead * (loss - spread * alpha[i] / 2)
            value -= spread * alpha[i] * float(ends[i]) * alive[i + 1]
        found.append(value)
    return np.array(found)


@settings(max_examples=25)
@given(level=st.floats(-2.0, 0.2), tilt=st.floats(-0.1, 0.1))
def test_every_quoted_swap_is_worth_nothing_at_any_level_of_spreads(market, level, tilt):
    """From a seventh of today's spreads to a fifth above them (JUNK: 12% a year)."""
    for issuer in ("ACME", "JUNK"):
        moves = level + tilt * np.linspace(-1.0, 1.0, 7)
        np.testing.assert_allclose(par_values(market, issuer, moves), 0.0, atol=1e-7)


def test_spreads_that_no_intensity_explains_are_a_certain_default(market):
    """Seven times JUNK's: what is left at seven years cannot pay for ten at that spread."""
    index = FactorIndex(market)
    credit = CreditIndex(index)
    _, rows = credit.rows("JUNK", "USD")
    base, _ = base_levels(index.factors)
    _, spread_rows = index.credit("JUNK")
    base[spread_rows] *= np.exp(2.0)
    knots = credit.hazards().knots(base)[rows, 0]
    assert torch.isfinite(knots).all()
    assert float(torch.exp(-knots[-1])) < 1e-40


def test_intensities_never_fall_below_zero(market):
    """A curve inverted beyond reason: five years protected for less than two."""
    index = FactorIndex(market)
    credit = CreditIndex(index)
    _, rows = credit.rows("ACME", "USD")
    base, _ = base_levels(index.factors)
    _, spread_rows = index.credit("ACME")
    base[spread_rows[4:]] *= 0.1
    knots = credit.hazards().knots(base)[rows, 0]
    assert (torch.diff(knots) >= 0.0).all()
    assert torch.isfinite(knots).all()
