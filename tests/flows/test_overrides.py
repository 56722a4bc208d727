"""A person's number has a reason and an end, and is judged by what happened."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from flows.overrides import OverrideRule, expiry
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
