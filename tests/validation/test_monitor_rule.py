"""A level that is no probability, or a window that says nothing, is refused as a setting."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from validation.monitor_rule import MonitorRule


@pytest.mark.parametrize(
    "setting", [{"e_level": 0.0}, {"window": 10}, {"alphas": [0.01]}, {"x": 1}, {"minimum": 251}]
)
def test_a_rule_out_of_bounds_is_refused(setting: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        MonitorRule.model_validate(setting)
