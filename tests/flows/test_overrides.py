"""A person's number has a reason and an end, and is judged by what happened."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from flows.overrides import OverrideRule, expiry, verdict_figures
from flows.refusal import RefusedError

FRIDAY = datetime(2020, 3, 13, 18, tzinfo=UTC)
RULE = OverrideRule()


def test_by_default_an_override_lasts_one_business_day() -> None:
    assert expiry(FRIDAY, None, rule=RULE) == datetime(2020, 3, 16, 18, tzinfo=UTC)


@pytest.mark.parametrize("until", [FRIDAY + timedelta(hours=1), FRIDAY + timedelta(days=14)])
def test_up_to_ten_business_days_may_be_asked_for(until: datetime) -> None:
    assert expiry(FRIDAY, until, rule=RULE) == until


@pytest.mark.parametrize(
    ("until", "told"),
    [
        (FRIDAY, "ahead"),
        (FRIDAY - timedelta(days=1), "ahead"),
        (FRIDAY + timedelta(days=14, seconds=1), "at most 10 business days"),
    ],
)
def test_an_end_in_the_past_or_too_far_ahead_is_refused(until: datetime, told: str) -> None:
    with pytest.raises(RefusedError, match=told):
        expiry(FRIDAY, until, rule=RULE)


def verdict(pnl: list[float], *, var: float, es: float) -> dict[str, object]:
    figures = verdict_figures(
        alpha=0.99,
        pnl=np.array(pnl),
        override=(0.04, 0.05),
        var=np.full(len(pnl), var),
        es=np.full(len(pnl), es),
    )
    return {name: figures[name] for name in figures}


def test_a_raised_number_is_right_when_the_loss_comes() -> None:
    figures = verdict([-0.035, 0.001], var=0.02, es=0.025)
    assert figures["right"] is True
    assert (figures["exceedances_override"], figures["exceedances_model"]) == (0, 1)


def test_a_raised_number_is_wrong_when_it_does_not() -> None:
    # Without an exceedance FZ0 is v/e + log(e) - 1: 0.8 + log 5 - 1 and 0.8 + log 2.5 - 1.
    figures = verdict([0.001], var=0.02, es=0.025)
    assert figures["right"] is False
    assert figures["fz0_override"] == pytest.approx(0.8 + np.log(5.0) - 1)
    assert figures["fz0_model"] == pytest.approx(0.8 + np.log(2.5) - 1)


def test_the_same_number_was_not_right() -> None:
    assert verdict([-0.1], var=0.04, es=0.05)["right"] is False


def test_an_unknown_pnl_does_not_count() -> None:
    assert verdict([np.nan, -0.035], var=0.02, es=0.025)["n"] == 1
    nothing = verdict([np.nan], var=0.02, es=0.025)
    assert nothing["right"] is False
    assert str(nothing["status"]).startswith("not_computable")
