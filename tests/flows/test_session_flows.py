"""What schedules and events start: the right job with the right cause, and alarms handed on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from flows import cycle, retrain, session_flows
from flows.daily import SessionDone, Trigger
from flows.retrain import Retrained
from flows.settings import Settings

Told = list[tuple[str, str, Mapping[str, Any]]]


@pytest.fixture
def emitted(monkeypatch: pytest.MonkeyPatch) -> Told:
    told: Told = []

    def emit(event: str, *, subject: str, evidence: Mapping[str, Any]) -> None:
        told.append((event, subject, evidence))

    monkeypatch.setattr(session_flows, "emit", emit)
    return told


def test_every_alarm_of_a_session_becomes_an_event(
    emitted: Told, state_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, Any] = {}
    triggers = (
        Trigger("degradation", "fx", {"message": "fx: too many"}),
        Trigger("regime", "crisis", {"from": "low"}),
    )

    def done(**given: Any) -> SessionDone:
        asked.update(given)
        return SessionDone(9, "2021-12-31", {"standing": "legacy"}, triggers=triggers)

    monkeypatch.setattr(cycle, "cycle", done)
    told = session_flows.daily_flow.fn(data="/market", as_of="2021-12-31", quiet=True)
    assert emitted == [
        ("foreshock.degradation", "fx", {"message": "fx: too many"}),
        ("foreshock.regime", "crisis", {"from": "low"}),
    ]
    assert asked["root"] == state_root
    assert (asked["data"], asked["as_of"]) == (Path("/market"), pd.Timestamp("2021-12-31"))
    assert told == {
        "schema": "foreshock.session/1",
        "session": 9,
        "as_of": "2021-12-31",
        "standing": "legacy",
        "fresh": True,
    }


def test_by_default_it_is_the_bundled_market_up_to_its_end(
    emitted: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, Any] = {}

    def done(**given: Any) -> SessionDone:
        asked.update(given)
        return SessionDone(1, "2021-12-31", {})

    monkeypatch.setattr(cycle, "cycle", done)
    session_flows.daily_flow.fn(quiet=True)
    assert (asked["data"], asked["as_of"], emitted) == (None, None, [])


Asked = dict[str, Any]


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """What the retrain was asked for; it trains nothing."""
    asked: Asked = {}

    def done(settings: Settings, **given: Any) -> Retrained:
        asked.update(given, settings=settings)
        return Retrained(3, "2021-12-31", given["cause"], "report.html", fresh=True)

    monkeypatch.setattr(retrain, "retrain", done)
    return asked


@pytest.mark.parametrize(
    ("trigger", "cause"),
    [
        (None, "schedule"),
        ("foreshock.drift", "drift"),
        ("foreshock.degradation", "degradation"),
        ("foreshock.regime", "regime"),
        ("hand", "hand"),
    ],
)
def test_what_set_it_off_is_its_cause(trained: Asked, trigger: str | None, cause: str) -> None:
    told = session_flows.retrain_flow.fn(trigger=trigger, evidence={"a": 1}, quiet=True)
    assert (trained["cause"], trained["evidence"], told["cause"]) == (cause, {"a": 1}, cause)


def test_a_market_among_further_settings_is_the_one_that_is_read(trained: Asked) -> None:
    """The command gives the market so, and the deployment by its own name."""
    given = {"data": "/mine", "as_of": "2021-12-31", "alphas": [0.99]}
    session_flows.retrain_flow.fn(settings=given, quiet=True)
    assert trained["settings"] == Settings.model_validate(given)
    session_flows.retrain_flow.fn(data="/other", settings=given, quiet=True)
    assert trained["settings"].data == Path("/other")
    assert trained["settings"].alphas == (0.99,)


def test_the_weekly_flow_holds_the_session_of_its_week(
    state_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, Any] = {}

    class Held:
        def as_dict(self) -> dict[str, Any]:
            return {"week": "2021-W51"}

    def held(ledger: Any, root: Path, **given: Any) -> Held:
        asked.update(given, root=root, faults=ledger.verify())
        return Held()

    monkeypatch.setattr(session_flows, "weekly_session", held)
    assert session_flows.weekly_flow.fn(week="2021-W51") == {"week": "2021-W51"}
    assert (asked["week"], asked["root"], asked["faults"]) == ("2021-W51", state_root, [])
