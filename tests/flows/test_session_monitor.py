"""Signals on the market's state: told when it changes, with what confirms it and what made it."""

from __future__ import annotations

from typing import Any

import pytest

from flows.session_monitor import ANOMALY, REGIME, anomaly_signals, regime_signals

MARKET: dict[str, Any] = {
    "probabilities": {"low": 0.01, "high": 0.24, "crisis": 0.75},
    "stressed": False,
    "anomaly": {"rarity": 0.004, "alarm": True, "made_by": [["credit_move", 0.52]]},
}


def test_a_crisis_is_a_warning_that_says_whether_it_is_confirmed():
    (found,) = regime_signals("crisis", "low", MARKET)
    assert (found.kind, found.subject, found.severity) == (REGIME, "crisis", "warning")
    assert found.message == (
        "The regime is crisis, probability 75%, not confirmed yet by the jump model; it was low."
    )
    assert found.evidence["stressed"] is False
    (found,) = regime_signals("crisis", "high", MARKET | {"stressed": True})
    assert "75%, confirmed by the jump model" in found.message


def test_another_change_is_told_without_alarm():
    (found,) = regime_signals("high", "crisis", MARKET)
    assert found.severity == "info"
    assert found.message == "The regime is high, probability 24%; it was crisis."
    (bare,) = regime_signals("high", "low", {})
    assert bare.message == "The regime is high; it was low."


@pytest.mark.parametrize(
    ("regime", "before"), [("crisis", "crisis"), (None, "low"), ("low", None), (None, None)]
)
def test_what_did_not_change_or_is_not_known_is_no_signal(regime: str | None, before: str | None):
    assert regime_signals(regime, before, MARKET) == []


def test_an_anomaly_names_what_made_it():
    (found,) = anomaly_signals(MARKET)
    assert (found.kind, found.severity) == (ANOMALY, "info")
    assert found.message == "Today moved like no more than 0.4% of all sessions: credit_move 52%."


def test_an_ordinary_day_is_no_signal():
    quiet = MARKET["anomaly"] | {"alarm": False}
    assert anomaly_signals(MARKET | {"anomaly": quiet}) == []
    assert anomaly_signals(MARKET | {"anomaly": None}) == []
    assert anomaly_signals({}) == []
