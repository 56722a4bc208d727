"""A bettor against the forecast: what it wins is evidence, and nobody can bet on what is true."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import minimize_scalar
from scipy.stats import norm

from validation.e_backtest import (
    BOLDEST,
    CAUTION,
    LARGEST,
    Betting,
    Measure,
    best_stake,
    e_es,
    e_var,
)

MEASURES: list[Measure] = ["var", "es"]


def market(sessions: int, seed: int, scale: float = 1.0) -> tuple[np.ndarray, ...]:
    """Normal P&L of changing volatility and its true 97.5% VaR and ES, times ``scale``."""
    generator = np.random.default_rng(seed)
    sigma = 0.01 * np.exp(0.3 * np.sin(np.arange(sessions) / 40))
    quantile = norm.ppf(0.975)
    var, es = sigma * quantile, sigma * norm.pdf(quantile) / 0.025
    return sigma * generator.standard_normal(sessions), var * scale, es * scale


def test_a_loss_beyond_var_pays_a_hundred_at_99_percent_and_one_at_it_nothing() -> None:
    pnl = np.array([-0.03, -0.02, 0.01, np.nan])
    assert e_var(pnl, np.full(4, 0.02), alpha=0.99).tolist()[:3] == [100.0, 0.0, 0.0]
    assert np.isnan(e_var(pnl, np.full(4, 0.02), alpha=0.99)[3])


def test_a_loss_halfway_between_var_and_es_pays_half_of_the_inverse_tail() -> None:
    pnl, var, es = np.array([-0.03, -0.05, 0.0]), np.full(3, 0.02), np.full(3, 0.04)
    assert e_es(pnl, var, es, alpha=0.975) == pytest.approx([20.0, 60.0, 0.0])


def test_where_es_equals_var_no_loss_beyond_is_possible() -> None:
    flat = np.full(3, 0.02)
    paid = e_es(np.array([-0.01, -0.02, -0.03]), flat, flat, alpha=0.99)
    assert paid.tolist() == [1.0, 1.0, LARGEST]


def test_an_es_below_its_var_is_refused() -> None:
    with pytest.raises(ValueError, match="es must not be below var; it is in 1 of 2"):
        e_es(np.zeros(2), np.full(2, 0.02), np.array([0.03, 0.01]), alpha=0.99)


def test_the_true_forecast_of_a_normal_law_pays_one_on_average() -> None:
    """Integrated over the law: P(L > VaR) / p, and E(L - VaR)+ / (p (ES - VaR)), are both 1."""
    at = (np.arange(400_000) + 0.5) / 400_000
    pnl, q = norm.ppf(at), norm.ppf(0.975)
    var, es = np.full(at.size, q), np.full(at.size, norm.pdf(q) / 0.025)
    assert e_var(pnl, var, alpha=0.975).mean() == pytest.approx(1.0, abs=1e-3)
    assert e_es(pnl, var, es, alpha=0.975).mean() == pytest.approx(1.0, abs=1e-3)
    assert e_es(pnl, var, 0.9 * (es - var) + var, alpha=0.975).mean() > 1.1
    assert e_es(pnl, 1.1 * var, 1.1 * es, alpha=0.975).mean() < 1.0


@given(st.integers(min_value=0, max_value=60), st.sampled_from([0.01, 0.025, 0.05]))
def test_on_exceedances_alone_the_stake_is_that_of_kelly(hits: int, tail: float) -> None:
    """A bet that pays 1/p with frequency k/n: the share (k/n - p) / (1 - p)."""
    evidence = np.zeros(100)
    evidence[:hits] = 1.0 / tail
    kelly = min(max((hits / 100 - tail) / (1.0 - tail), 0.0), BOLDEST)
    assert best_stake(evidence) == pytest.approx(kelly * 100 / (100 + CAUTION), abs=1e-6)


@given(arrays(float, st.integers(1, 60), elements=st.sampled_from([0.0, 0.5, 1.0, 3.0, 40.0, 1e6])))
def test_the_stake_is_what_a_general_optimiser_finds(evidence: np.ndarray) -> None:
    def lost(stake: float) -> float:
        return -float(np.log1p(stake * (evidence - 1.0)).mean())

    found = minimize_scalar(lost, bounds=(0.0, BOLDEST), method="bounded", options={"xatol": 1e-9})
    assert 0.0 <= best_stake(evidence) <= BOLDEST
    stake = best_stake(evidence) * (evidence.size + CAUTION) / evidence.size
    assert lost(stake) <= found.fun + 1e-5


def test_nothing_is_staked_before_anything_is_seen() -> None:
    assert best_stake(np.empty(0)) == 0.0
    first = Betting(0.99, "var").play(np.array([-0.05]), np.array([0.01]), np.array([0.02]))
    assert first[0].grem == 0.0


def test_a_wealth_is_counted_by_hand() -> None:
    """Exceeded, exceeded, not: nothing at stake, then a 21st of a half, then two 22nds of it."""
    pnl, var, es = np.array([-0.03, -0.03, 0.0]), np.full(3, 0.02), np.full(3, 0.03)
    path = Betting(0.9, "var").play(pnl, var, es)
    second, third = 0.5 / 21, 0.5 * 2 / 22
    wealth = [1.0, 1 + second * 9, (1 + second * 9) * (1 - third)]
    assert [math.exp(one.gree) for one in path] == pytest.approx(wealth)
    assert [math.exp(one.grel) for one in path] == pytest.approx(wealth)  # the VaR never moved


@pytest.mark.parametrize("measure", MEASURES)
def test_the_path_equals_one_recomputed_with_an_optimiser_from_the_definitions(
    measure: Measure,
) -> None:
    """GREE and GREL of the paper in plain loops, 60 sessions of a model half too low."""
    pnl, var, es = market(60, seed=3, scale=0.5)
    tail = 0.025

    def paid(loss: float, today: int) -> float:
        if measure == "var":
            return (loss > var[today]) / tail
        return max(loss - var[today], 0.0) / (tail * (es[today] - var[today]))

    def staked(past: list[float]) -> float:
        gains = np.array(past) - 1.0
        found = minimize_scalar(
            lambda stake: -np.log1p(stake * gains).sum(),
            bounds=(0.0, BOLDEST), method="bounded", options={"xatol": 1e-10},
        )  # fmt: skip
        return float(found.x) * len(past) / (len(past) + CAUTION)

    gree = grel = 0.0
    path = Betting(0.975, measure).play(pnl, var, es)
    for today in range(60):
        if today:
            gain = paid(-pnl[today], today) - 1.0
            gree += math.log1p(staked([paid(-pnl[s], s) for s in range(today)]) * gain)
            grel += math.log1p(staked([paid(-pnl[s], today) for s in range(today)]) * gain)
        assert path[today].gree == pytest.approx(gree, abs=1e-5)
        assert path[today].grel == pytest.approx(grel, abs=1e-5)
        mean = (math.exp(gree) + math.exp(grel)) / 2
        assert math.exp(path[today].grem) == pytest.approx(mean, rel=1e-5)


@settings(max_examples=20)
@given(st.integers(0, 120), st.integers(0, 119), st.sampled_from(MEASURES))
def test_what_comes_later_changes_nothing_and_playing_on_is_playing_whole(
    cut: int, missing: int, measure: Measure
) -> None:
    pnl, var, es = market(120, seed=5, scale=0.7)
    pnl[missing] = np.nan
    betting = Betting(0.975, measure, memory=30, level=0.1, every=40)
    whole = betting.play(pnl, var, es)
    early = betting.play(pnl[:cut], var[:cut], es[:cut])
    assert whole[:cut] == early
    last = early[-1] if early else None
    assert betting.play(pnl, var, es, start=last) == whole[cut:]


def test_a_session_without_pnl_moves_nothing() -> None:
    pnl, var, es = market(80, seed=5, scale=0.6)
    holes = np.insert(pnl, 40, np.nan), np.insert(var, 40, 0.02), np.insert(es, 40, 0.03)
    with_hole, without = (Betting(0.975, "es").play(*data) for data in (holes, (pnl, var, es)))
    assert with_hole[40].grem == without[39].grem
    assert with_hole[-1].grem == without[-1].grem
    assert (with_hole[-1].sessions, with_hole[-1].counted) == (81, 80)


def test_the_unit_of_pnl_does_not_matter() -> None:
    pnl, var, es = market(200, seed=8, scale=0.7)
    one, scaled = (
        Betting(0.975, "es").play(unit * pnl, unit * var, unit * es) for unit in (1.0, 128.0)
    )
    assert one == scaled


def test_after_an_alarm_and_after_a_spell_the_wealth_starts_again() -> None:
    pnl, var, es = np.full(60, -0.03), np.full(60, 0.02), np.full(60, 0.025)
    path = Betting(0.95, "var", level=0.01, every=25).play(pnl, var, es)
    first = next(place for place, one in enumerate(path) if one.crossed)
    assert path[first].grem >= math.log(100)
    assert path[first].crossed == first + 1
    assert (path[first + 1].counted, path[first + 1].spell) == (1, first + 2)
    assert (path[25].counted, path[25].spell) == (1, 1)
    assert path[25].crossed == path[24].crossed


@pytest.mark.parametrize("measure", MEASURES)
def test_a_true_model_is_accused_no_more_often_than_the_level_says(measure: Measure) -> None:
    """Ville: of 80 true models at most a fifth ever reach 5, give or take chance (3 deviations)."""
    betting = Betting(0.975, measure, level=0.2)
    accused = sum(
        any(one.crossed for one in betting.play(*market(250, seed=seed))) for seed in range(80)
    )
    assert accused <= 16 + 3 * math.sqrt(80 * 0.2 * 0.8)


@pytest.mark.parametrize(("measure", "scale"), [("var", 0.7), ("es", 0.7), ("es", 0.5)])
def test_a_model_that_says_too_little_is_found_within_a_year(
    measure: Measure, scale: float
) -> None:
    path = Betting(0.975, measure, level=0.01).play(*market(250, seed=2, scale=scale))
    assert any(one.crossed for one in path)
