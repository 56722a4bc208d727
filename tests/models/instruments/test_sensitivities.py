"""The quadratic: exact derivatives, and how far it is from full revaluation."""

import numpy as np
import pandas as pd
import pytest
import torch

from features.positions import Position
from models.instruments.book import priced_book
from models.instruments.risk_factors import FactorScenarios
from models.instruments.sensitivities import level_sensitivities, quadratic, sensitivities
from models.portfolio import position_pnl


@pytest.fixture
def book(market):
    later = market.as_of + pd.Timedelta(days=300)
    held = [
        Position("ACME", 7.0, "equity", "USD"),
        Position(
            "O", -1.0, "option", "USD", underlying="ACME", strike=105.0, expiry=later,
            call_put="call", style="european", multiplier=10.0,
        ),
        Position(
            "B", 2.0, "bond", "EUR", notional=100.0, coupon=0.03, frequency=1, day_count="30/360",
            maturity=later + pd.Timedelta(days=2000), issuer="JUNK",
        ),
    ]  # fmt: skip
    return priced_book(held, market, base_currency="USD")


def test_a_share_has_one_slope_and_no_bend(book):
    row = [factor.name for factor in book.factors].index("ACME")
    assert level_sensitivities(book)[0, row] == 7.0
    assert sensitivities(book)[0, row] == pytest.approx(700.0)  # for a logarithm of one
    assert np.count_nonzero(sensitivities(book)[0]) == 1


def test_second_derivatives_are_those_of_finite_differences(book):
    fast = quadratic(book)
    step = 1e-4
    for pair, (i, j) in enumerate(fast.pairs):
        moves = torch.zeros((len(book.factors), 4), dtype=torch.float64)
        for column, (a, b) in enumerate([(1, 1), (1, -1), (-1, 1), (-1, -1)]):
            moves[i, column] += a * step
            moves[j, column] += b * step
        values = book.moved(moves).numpy()
        mixed = (values[:, 0] - values[:, 1] - values[:, 2] + values[:, 3]) / (4 * step**2)
        twice = 1.0 if i == j else 2.0
        np.testing.assert_allclose(fast.curvatures[:, pair], twice * mixed, rtol=1e-4, atol=2e-3)


def test_the_quadratic_is_exact_to_third_order(book, generator):
    """Moves ten times smaller are followed a thousand times closer."""
    fast = quadratic(book)
    moves = generator.normal(size=(200, len(book.factors)))
    moves[:, [f.group == "default" for f in book.factors]] = 0.0
    gaps = []
    for size in (0.02, 0.002):
        at = FactorScenarios(book.factors, size * moves * 0.3)
        gaps.append(np.abs(fast.pnl(at.moves) - position_pnl(book, at)).max())
    assert gaps[1] < gaps[0] / 300.0


def test_the_whole_is_the_sum_of_the_positions(book, generator):
    fast = quadratic(book)
    moves = 0.05 * generator.normal(size=(30, len(book.factors)))
    np.testing.assert_allclose(fast.total(moves), fast.pnl(moves).sum(axis=1), atol=1e-9)


def test_a_default_is_linear_and_so_exact(book):
    fast = quadratic(book)
    moves = np.zeros((1, len(book.factors)))
    moves[0, [f.group == "default" for f in book.factors]] = 1.0
    full = position_pnl(book, FactorScenarios(book.factors, moves))
    np.testing.assert_allclose(fast.pnl(moves), full, atol=1e-9)
