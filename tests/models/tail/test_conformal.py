"""Calibration mends a forecast that was wrong for years, and leaves a right one nearly alone."""

import numpy as np
import pytest
from scipy import stats

from models.tail.conformal import Calibration, Record, factors, session_of

ALPHA = 0.975
TRUE_VAR = -stats.norm.ppf(1 - ALPHA)
TRUE_ES = stats.norm.pdf(TRUE_VAR) / (1 - ALPHA)


def record(sessions: int, *, understated: float = 1.0, series: int = 8, seed: int = 0) -> Record:
    """Normal losses under forecasts that are ``understated`` times the truth."""
    rng = np.random.default_rng(seed)
    session = np.repeat(np.arange(sessions), series)
    return Record(
        session=session,
        group=np.zeros(len(session), dtype=np.int64),
        loss=rng.standard_normal(len(session)),
        var=np.full(len(session), understated * TRUE_VAR),
        es=np.full(len(session), understated * TRUE_ES),
    )


def test_a_forecast_a_fifth_too_low_is_raised_to_the_truth() -> None:
    factor = factors(record(2500, understated=0.8), alpha=ALPHA)
    assert factor[-1] == pytest.approx(1.25, rel=0.05)


def test_a_right_forecast_is_hardly_moved() -> None:
    factor = factors(record(2500, seed=1), alpha=ALPHA)
    assert np.abs(factor - 1.0).max() < 0.06


def test_there_is_no_factor_before_there_is_a_past() -> None:
    least = Calibration().least
    one = record(800, understated=0.8)
    assert (factors(one, alpha=ALPHA)[one.session < least] == 1.0).all()


def test_the_first_factor_waits_until_a_past_factor_could_be_judged() -> None:
    """The first window only learns how the factors would have done; strength comes after it."""
    calibration = Calibration(memory=100, least=50, every=10)
    one = record(200, understated=0.5)
    factor = factors(one, alpha=ALPHA, calibration=calibration)
    assert (factor[one.session < 60] == 1.0).all()
    assert (factor[one.session >= 60] > 1.0).all()


def test_cutting_the_future_leaves_past_factors_as_they_were() -> None:
    whole = record(1500, understated=0.9, seed=2)
    until = int(np.searchsorted(whole.session, 1200))
    short = Record(*(getattr(whole, name)[:until] for name in Record.__dataclass_fields__))
    np.testing.assert_array_equal(factors(short, alpha=ALPHA), factors(whole, alpha=ALPHA)[:until])


def test_a_loss_is_not_known_at_its_own_origin() -> None:
    """Moving the losses of a refresh's own session changes nothing from that session."""
    calibration = Calibration(memory=100, least=50, every=10)
    one = record(120, understated=0.8)
    moved = one.loss.copy()
    moved[one.session >= 100] = 50.0
    changed = Record(one.session, one.group, moved, one.var, one.es)
    before = one.session < 110
    np.testing.assert_array_equal(
        factors(one, alpha=ALPHA, calibration=calibration)[before],
        factors(changed, alpha=ALPHA, calibration=calibration)[before],
    )


def test_groups_are_calibrated_apart() -> None:
    one = record(1500, understated=0.8, seed=3)
    group = np.tile(np.repeat([0, 1], 4), 1500)
    var = np.where(group == 1, TRUE_VAR, one.var)
    es = np.where(group == 1, TRUE_ES, one.es)
    factor = factors(Record(one.session, group, one.loss, var, es), alpha=ALPHA)
    assert factor[group == 0][-1] == pytest.approx(1.25, rel=0.08)
    assert factor[group == 1][-1] == pytest.approx(1.0, abs=0.08)


def test_a_date_that_is_no_session_belongs_to_the_one_before() -> None:
    sessions = np.array(["2020-01-02", "2020-01-03", "2020-01-06"], dtype="datetime64[ns]")
    dates = np.array(["2020-01-03", "2020-01-04", "2020-01-06"], dtype="datetime64[ns]")
    assert session_of(dates, sessions).tolist() == [1, 1, 2]
