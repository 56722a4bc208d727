"""What the terminal says: a line an answer, and none for what was not computed."""

from __future__ import annotations

from flows.risk.sentences import sentences

MINUS = "\N{MINUS SIGN}"


def test_what_was_not_computed_is_passed_over():
    assert list(sentences({"unit": "share"})) == []
    none = {"unit": "USD", "liquidity": {"status": "no volume"}, "crises": [{"status": "late"}]}
    assert list(sentences(none)) == []


def test_each_answer_has_a_line():
    told = {
        "unit": "USD",
        "liquidity": {
            "status": "computed",
            "levels": [{"alpha": 0.975, "es": 100.0, "liquidity_adjusted_es": 120.0}],
            "positions": [{"sessions": 1}, {"sessions": 4}],
            "untold": [{}],
        },
        "reverse": {
            "status": "computed",
            "loss": 500.0,
            "distance": 4.21,
            "years_between": 31.4,
        },
        "crises": [{"title": "COVID-19 crash", "pnl": -900.0}, {"status": "late"}],
        "inverted": {"status": "computed", "ratio": 1.35, "block": "rate"},
        "explained": {
            "status": "computed",
            "since": "2024-06-27",
            "total": 10.0,
            "parts": {"carry": 2.0, "equity": 8.0, "cross": 0.0},
        },
        "carry": {"status": "computed", "pnl": -3.0, "to": "2024-07-12"},
        "stress": {"name": "rates up", "mean": -50.0, "es_before": 100.0, "es": 150.0},
        "what_if": {"es_before": 100.0, "es_after": 90.0},
        "herding": {
            "status": "computed",
            "funds": 200,
            "shock": -0.0236,
            "amplification": [{"amplification": 1.114}, {"amplification": 1.166}],
        },
        "regulatory": {
            "name": "Basel 2019",
            "alpha": 0.975,
            "shortfall": {"status": "computed", "es": 250.0},
            "stressed": {
                "status": "computed",
                "first": "2007-11-05",
                "last": "2008-11-04",
                "scaled": 700.0,
            },
        },
    }
    assert list(sentences(told)) == [
        (
            "While it is sold over up to 4 sessions, ES 97.5% is 100 USD, after costs 120 USD; "
            "nothing is known of what 1 of its positions cost."
        ),
        (
            "The most plausible way to lose 500 USD lies 4.2 standard deviations out, about once "
            "in 31 years."
        ),
        f"Worst of the named crises: COVID-19 crash, {MINUS}900 USD.",
        "If correlations inverted (rate), ES rises 35.0%.",
        f"Under rates up the book makes {MINUS}50 USD on average; ES goes from 100 USD to 150 USD.",
        (
            f"With 200 funds that hold the same, a session of {MINUS}2.36% costs 1.17 times as "
            "much if they share our model, 1.11 if they do not."
        ),
        (
            "Under Basel 2019: ES 97.5% over liquidity horizons 250 USD, in the worst twelve "
            "months (2007-11-05 to 2008-11-04) 700 USD."
        ),
        "With the trades tried out ES goes from 100 USD to 90 USD.",
        "Since 2024-06-27: +10 USD (carry +2 USD, equity +8 USD).",
        f"Time alone would make {MINUS}3 USD to 2024-07-12.",
    ]
