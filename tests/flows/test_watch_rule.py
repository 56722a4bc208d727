"""What a desk may ask of its watch, and what is no fall and no rate."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from flows.desk_settings import DeskSettings
from flows.watch_rule import WatchRule
from models.anomalies import RATE


def test_by_default_four_false_alarms_a_year_and_each_book_by_its_own_size():
    assert WatchRule().false_alarms == 4.0
    assert WatchRule().falls == {}
    assert WatchRule().false_alarms == RATE  # of the model, which is not imported for it


def test_no_number_of_a_session_depends_on_it():
    watched = DeskSettings(watch=WatchRule(falls={"fx": 0.03}, false_alarms=12.0))
    assert watched.digest == DeskSettings().digest


@pytest.mark.parametrize("setting", [{"falls": {"fx": 3.0}}, {"false_alarms": 0.0}, {"fall": 0.1}])
def test_a_percentage_and_a_mistyped_setting_are_refused(setting: dict[str, object]):
    with pytest.raises(ValidationError):
        WatchRule.model_validate(setting)
