"""The market's state in words: what is said, since when, by what, and how often it came true."""

from __future__ import annotations

from typing import Any

from flows.market_text import market_sentences


def fall(probability: float, *, n: int = 40) -> dict[str, Any]:
    like = {"low": 0.2, "high": 0.4, "n": n, "frequency": 0.2 if n else None}
    return {
        "threshold": 0.05,
        "horizon": 10,
        "probability": probability,
        "base_rate": 0.13,
        "like": like,
    }


MARKET: dict[str, Any] = {
    "since": "2020-02-25",
    "probabilities": {"low": 0.0, "high": 0.08, "crisis": 0.92},
    "stressed": True,
    "stressed_since": "2020-03-04",
    "anomaly": {
        "score": 2.9,
        "rarity": 0.0004,
        "alarm": True,
        "rate": 4.0,
        "made_by": [["credit_move", 0.52], ["equity_move", 0.1]],
    },
    "drawdown": fall(0.31),
    "books": {"calm": fall(0.01), "wild": fall(0.4), "new": fall(0.2, n=0), "mild": fall(0.1)},
}


def test_everything_is_said():
    lines = list(market_sentences("crisis", MARKET))
    assert lines[0] == (
        "regime crisis since 2020-02-25: low 0%, high 8%, crisis 92%; the jump model says stressed "
        "since 2020-03-04"
    )
    assert lines[1] == (
        "anomaly  as far from the usual as 0.0% of sessions, an alarm, of which 4 a year are "
        "false: credit_move 52%, equity_move 10%"
    )
    assert lines[2] == (
        "market  falls by more than 5.0% within 10 sessions with probability 31%, usually 13%; "
        "told 20% to 40% on 40 sessions before, it came on 20%"
    )


def test_the_likeliest_books_are_told_first_and_the_last_not_at_all():
    lines = list(market_sentences("crisis", MARKET))
    assert [line.split("  ")[0] for line in lines[3:]] == ["wild", "new", "mild"]
    assert lines[4].endswith("usually 13%")  # nothing like it was told before


def test_an_ordinary_day_is_no_alarm():
    quiet = MARKET | {"anomaly": MARKET["anomaly"] | {"alarm": False, "rarity": 0.61}}
    assert "61.0% of sessions, no alarm" in list(market_sentences("crisis", quiet))[1]


def test_what_is_not_known_is_not_said():
    assert list(market_sentences(None, {})) == []
    assert list(market_sentences("low", {})) == []
    bare = MARKET | {"anomaly": None, "drawdown": None, "books": {}}
    assert len(list(market_sentences("crisis", bare))) == 1
