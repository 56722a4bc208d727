"""One default and what follows: rounds counted by hand, limits, and what cannot be."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from models.contagion import (
    Issuers,
    capital_lost,
    copula_of,
    counterparties,
    fit_equity_on_spread,
    ripple,
)
from models.default_copula import DefaultCopula

NAMES = ("BANK", "PEER", "UTIL", "FAR")


def issuers(**given: Any) -> Issuers:
    told: dict[str, Any] = {
        "names": NAMES,
        "spread": np.array([0.03, 0.02, 0.01, 0.01]),
        "recovery": np.full(4, 0.4),
        "exposure": np.zeros((4, 4)),
    }
    return Issuers(**{**told, **given})


def shape(*, market: float = 0.4, sector: float = 0.5, freedom: float = 4.0) -> DefaultCopula:
    return DefaultCopula(
        np.full(4, 0.5),
        np.full(4, market),
        np.full(4, sector),
        np.array([0, 0, 1, 2]),
        freedom=freedom,
    )


def told(book: Issuers, copula: DefaultCopula | None = None, elasticity: float = -0.2):
    copula = copula_of(book, copula or shape())
    return ripple(book, copula, defaulted="BANK", equity_on_spread=elasticity)


def test_a_chain_of_debts_is_counted_round_by_round():
    # PEER loses half of its capital with BANK, UTIL a fifth with PEER, BANK recovers 40%:
    # PEER 0.5 x 0.6 = 0.3, and UTIL 0.2 x 0.3 = 0.06 in the second round.
    exposure = np.zeros((4, 4))
    exposure[1, 0], exposure[2, 1] = 0.5, 0.2
    lost = capital_lost(issuers(exposure=exposure), 0)
    np.testing.assert_allclose(lost, [1.0, 0.3, 0.06, 0.0], atol=1e-12)


def test_debts_that_go_round_add_up_to_the_geometric_series():
    exposure = np.zeros((4, 4))
    exposure[1, 0] = 0.5
    exposure[1, 2] = exposure[2, 1] = 0.5
    lost = capital_lost(issuers(exposure=exposure), 0)
    assert lost[1] == pytest.approx(0.3 / (1 - 0.25))
    assert lost[2] == pytest.approx(0.15 / (1 - 0.25))


def test_where_nothing_connects_nothing_moves():
    alone = told(issuers(), shape(market=0.0, sector=0.0, freedom=np.inf))
    np.testing.assert_allclose(alone.spread_after[1:], alone.spread_before[1:], rtol=1e-9)
    np.testing.assert_allclose(alone.equity[1:], 0.0, atol=1e-9)
    assert alone.market == 0.0


def test_the_sector_is_hit_harder_than_strangers_and_debtors_hardest():
    exposure = np.zeros((4, 4))
    exposure[3, 0] = 0.5
    plain, owed = told(issuers()), told(issuers(exposure=exposure))
    wider = plain.spread_after / plain.spread_before
    assert wider[1] > wider[2] > 1.0
    assert owed.spread_after[3] == pytest.approx(plain.spread_after[3] / 0.7)
    assert plain.ranked[:2] == (0, 1)
    assert plain.market < 0.0


def test_the_defaulted_is_certain_and_its_shares_are_gone():
    one = told(issuers())
    assert one.probability_after[0] == 1.0
    assert one.equity[0] == -np.inf
    assert (one.equity[1:] <= 0.0).all()
    np.testing.assert_allclose(
        one.equity[1:], -0.2 * np.log(one.spread_after / one.spread_before)[1:]
    )


def test_spreads_pay_for_the_probabilities():
    one = told(issuers())
    survival = np.exp(-one.spread_after[1:] / 0.6 * 5.0)
    np.testing.assert_allclose(one.probability_after[1:], 1.0 - survival)


def test_group_members_owe_each_other_alike():
    matrix = counterparties(NAMES, ("a", "a", "a", ""), share=0.6)
    np.testing.assert_allclose(matrix[0], [0.0, 0.3, 0.3, 0.0])
    np.testing.assert_array_equal(matrix[3], 0.0)
    issuers(exposure=matrix)  # stable


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"recovery": np.array([-0.1, 0.4, 0.4, 0.4])}, "recovery must lie"),
        ({"recovery": np.array([40.0, 0.4, 0.4, 0.4])}, "recovery must lie"),
        ({"spread": np.array([0.0, 0.1, 0.1, 0.1])}, "spread must be above zero for|spread"),
        ({"exposure": np.full((4, 4), 0.4)}, "spectral radius 1.600"),
        ({"exposure": np.full((4, 4), -0.1)}, "at least zero"),
    ],
)
def test_issuers_that_cannot_be_are_refused(given: dict[str, Any], reason: str):
    with pytest.raises(ValueError, match=reason):
        issuers(**given)


def test_an_unknown_issuer_and_a_wrong_sign_are_refused():
    book, copula = issuers(), shape()
    with pytest.raises(ValueError, match="LEHM is no issuer here"):
        ripple(book, copula, defaulted="LEHM", equity_on_spread=-0.2)
    with pytest.raises(ValueError, match="must not be above zero"):
        ripple(book, copula, defaulted="BANK", equity_on_spread=0.2)
    with pytest.raises(ValueError, match="share must lie"):
        counterparties(NAMES, NAMES, share=1.0)


def test_the_slope_is_the_one_that_made_the_data():
    rng = np.random.default_rng(0)
    log_spread = np.cumsum(0.05 * rng.standard_normal(1000))
    equity = np.concatenate([[0.0], -0.25 * np.diff(log_spread) + 1e-4 * rng.standard_normal(999)])
    assert fit_equity_on_spread(equity, log_spread) == pytest.approx(-0.25, abs=1e-3)
    assert fit_equity_on_spread(-equity, log_spread) == 0.0
    with pytest.raises(ValueError, match="250"):
        fit_equity_on_spread(equity[:100], log_spread[:100])
