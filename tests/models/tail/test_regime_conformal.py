"""Factors by regime follow what is missed in each regime, from what was known and no more."""

import numpy as np
import pytest
from scipy import stats

from models.tail.conformal import Record
from models.tail.regime_conformal import RegimeCalibration, regime_factors

ALPHA = 0.975
TRUE_VAR = -stats.norm.ppf(1 - ALPHA)
TRUE_ES = stats.norm.pdf(TRUE_VAR) / (1 - ALPHA)
WHOLE = RegimeCalibration(strength=1.0)


def record(
    sessions: int, *, wild: float = 1.0, series: int = 8, seed: int = 0
) -> tuple[Record, np.ndarray]:
    """Normal losses, ``wild`` times as large in every second spell of fifty sessions, regime 1."""
    rng = np.random.default_rng(seed)
    session = np.repeat(np.arange(sessions), series)
    state = (session // 50) % 2
    loss = rng.standard_normal(len(session)) * np.where(state == 1, wild, 1.0)
    flat = np.ones(len(session))
    zero = np.zeros(len(session), dtype=np.int64)
    return Record(session, zero, loss, TRUE_VAR * flat, TRUE_ES * flat), state


def test_each_regime_gets_the_factor_that_makes_it_right():
    one, state = record(2400, wild=1.5)
    late = one.session >= 1200
    factor = regime_factors(one, state, alpha=ALPHA, calibration=WHOLE)
    assert factor[late & (state == 1)].mean() == pytest.approx(1.5, rel=0.06)
    assert factor[late & (state == 0)].mean() == pytest.approx(1.0, rel=0.06)


def test_one_factor_for_both_regimes_is_wrong_in_each():
    """What the regimes are for: the same losses under a single state leave both miscovered."""
    one, state = record(2400, wild=1.5)
    late = one.session >= 1200
    factor = regime_factors(one, np.zeros_like(state), alpha=ALPHA, calibration=WHOLE)
    missed = one.loss > factor * one.var
    assert missed[late & (state == 1)].mean() > 0.03 > 0.02 > missed[late & (state == 0)].mean()


def test_after_a_shift_of_variance_misses_come_back_near_to_what_was_said():
    one, state = record(2400, seed=1)
    loss = np.where(one.session >= 1200, 1.6, 1.0) * one.loss
    shifted = Record(one.session, one.group, loss, one.var, one.es)
    factor = regime_factors(shifted, state, alpha=ALPHA, calibration=WHOLE)
    after = one.session >= 1500
    assert (loss > one.var)[after].mean() > 0.08
    assert (loss > factor * one.var)[after].mean() == pytest.approx(1 - ALPHA, abs=0.008)


def test_half_the_strength_is_half_the_way():
    one, state = record(1200, wild=1.5)
    whole, half = (
        regime_factors(one, state, alpha=ALPHA, calibration=RegimeCalibration(strength=strength))
        for strength in (1.0, 0.5)
    )
    np.testing.assert_allclose(half - 1.0, 0.5 * (whole - 1.0), atol=1e-12)


def test_without_enough_past_there_is_no_factor():
    one, state = record(250, wild=1.5)
    assert (regime_factors(one, state, alpha=ALPHA, calibration=WHOLE) == 1.0).all()


def test_a_regime_seen_for_the_first_time_is_served_by_its_class():
    one, state = record(400)
    fresh = np.where(one.session >= 350, 2, state)
    raised = Record(one.session, one.group, one.loss, 0.8 * one.var, one.es)
    factor = regime_factors(raised, fresh, alpha=ALPHA, calibration=WHOLE)
    assert factor[one.session == 350] == pytest.approx(np.full(8, 1.25), rel=0.1)


def test_classes_do_not_tell_each_other():
    one, state = record(900, seed=2)
    group = np.tile(np.repeat([0, 1], 4), 900)
    quiet = Record(one.session, group, one.loss, one.var, one.es)
    loud = Record(one.session, group, np.where(group == 1, 3.0, 1.0) * one.loss, one.var, one.es)
    first, second = (
        regime_factors(x, state, alpha=ALPHA, calibration=WHOLE) for x in (quiet, loud)
    )
    np.testing.assert_array_equal(first[group == 0], second[group == 0])
    assert (first[-4:] != second[-4:]).all()


def test_cutting_the_future_leaves_past_factors_as_they_were():
    one, state = record(900, wild=1.5, seed=3)
    size = 8 * 700
    short = Record(*(getattr(one, name)[:size] for name in Record.__dataclass_fields__))
    np.testing.assert_array_equal(
        regime_factors(short, state[:size], alpha=ALPHA),
        regime_factors(one, state, alpha=ALPHA)[:size],
    )


def test_a_target_on_the_date_of_the_origin_is_not_known_yet():
    calibration = RegimeCalibration(least=50, every=1, strength=1.0, rate=0.1)
    one, state = record(120, seed=4)
    loss = one.loss.copy()
    loss[one.session >= 100] = 50.0
    changed = Record(one.session, one.group, loss, one.var, one.es)
    first, second = (
        regime_factors(x, state, alpha=ALPHA, calibration=calibration) for x in (one, changed)
    )
    np.testing.assert_array_equal(first[one.session <= 101], second[one.session <= 101])
    assert (first[one.session == 102] < second[one.session == 102]).all()


def test_losses_that_are_not_known_are_not_counted():
    one, state = record(900, seed=5)
    loss = one.loss.copy()
    loss[::3] = np.nan
    factor = regime_factors(
        Record(one.session, one.group, loss, one.var, one.es), state, alpha=ALPHA, calibration=WHOLE
    )
    assert np.isfinite(factor).all()
    assert factor[-8:] == pytest.approx(np.ones(8), abs=0.12)
