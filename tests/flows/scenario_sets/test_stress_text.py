"""What a set stands under, in sentences that a person can check against the manifest."""

from __future__ import annotations

from typing import Any

from flows.scenario_sets.stress_file import Stress
from flows.scenario_sets.stress_text import stress_lines

INVERTED = (
    "Correlations of government with the rest change their sign; the nearest possible matrix lies "
    "0 from that."
)


STATE = (
    "Paths start after a session, in standard deviations, of equity -4 (volatility times 1.9), "
    "credit +2 (volatility times 1.2)."
)


def sampling(*, told: dict[str, Any] | None = None, **stress: Any) -> dict[str, Any]:
    asked = Stress(name="a name", **stress).model_dump(mode="json")
    return {"paths": 5000, "horizon": 10, "stress": asked, **(told or {})}


def test_without_a_stress_nothing_is_said():
    assert stress_lines({"paths": 10, "horizon": 1}) == []


def test_a_replay_is_dated_and_says_how_rare_it_is():
    replay = {
        "crisis": "covid_2020",
        "first": "2020-02-20",
        "last": "2020-04-30",
        "sessions": 50,
        "as_they_came": 41,
        "covered": True,
    }
    far = {
        "status": "computed",
        "from": "2020-03-09",
        "to": "2020-03-20",
        "distance": 14.26,
        "exceeded": 1e-4,
        "years": 396.8,
    }
    lines = stress_lines(
        sampling(replay="covid_2020", severity=1.5, told={"replay": replay, "plausibility": far})
    )
    assert lines[1] == (
        "COVID-19 crash: the 50 sessions from 2020-02-20 to 2020-04-30 as they were, credit "
        "spreads by their share, every move times 1.5. The first 41 paths are its stretches of 10 "
        "sessions in order; on the others its sessions come in other orders."
    )
    assert lines[2] == (
        "Its farthest move (2020-03-09 to 2020-03-20) lies 14.3 standard deviations out; today's "
        "scenarios go farther once in 400 years."
    )
    never = stress_lines(
        sampling(replay="covid_2020", told={"replay": replay, "plausibility": far | {"years": 2e9}})
    )
    assert never[2].endswith("less than once in 10,000 years.")


def test_every_part_has_its_sentence():
    lines = stress_lines(
        sampling(
            state={"equity": -4, "credit": 2},
            correlation={"invert": ["government"]},
            shocks={"SPY": "-20%"},
            told={
                "state_volatility": {"equity": 1.876, "credit": 1.2},
                "correlation_projection_distance": 0.0,
                "plausibility": {"status": "too few paths"},
            },
        )
    )
    assert lines == [
        "Under stress: a name.",
        STATE,
        INVERTED,
        "Every path ends with SPY -20%; the others move as they do with these.",
        "How plausible it is cannot be told: too few paths",
    ]
    weighted = sampling(shocks={"SPY": "-20%"}, meaning="weights", told={"effective_paths": 1234.5})
    assert "1,234 of 5,000 still speak" in stress_lines(weighted)[1]
