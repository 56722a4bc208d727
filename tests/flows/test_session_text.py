"""What a person reads of a session: the numbers, within eighty columns, and names as they are."""

from __future__ import annotations

from collections.abc import Iterable
from io import StringIO
from typing import Any

import pytest
from rich.console import Console, RenderableType

from flows.session_text import monitor_lines, shadow_lines

HOSTILE = "[bold red]fx[/] [link=http://evil]\x1b[2J"
SHOWN = r"[bold red]fx[/] [link=http://evil]\x1b[2J"


def number(book: str, measure: str, published: float | None, **more: Any) -> dict[str, Any]:
    about = {"portfolio": book, "measure": measure, "alpha": 0.99, "horizon": 1}
    about |= {"published": published, "fallback": 0.05, "state": "PUBLISHED", "deadline": None}
    return about | more


def watched(**more: Any) -> dict[str, Any]:
    at = {"alpha": 0.99, "n": 250, "exceedances": 4, "expected": 2.5, "fz0_difference": -0.01234}
    one = {"levels": [at], "evidence": 1.5, "degraded": False, "reasons": []}
    return one | more


def summary(*books: str, **more: Any) -> dict[str, Any]:
    numbers = [
        number(book, measure, value)
        for book in books
        for measure, value in (("var", 0.0316), ("es", 0.0409))
    ]
    told: dict[str, Any] = {
        "standing": "champion",
        "model": "combined",
        "champion": 7,
        "regime": "high",
        "numbers": numbers,
        "monitor": {"books": {book: watched() for book in books}},
        "shadow": None,
        "health": {"checked": 39, "rejected": {}},
    }
    return told | more


def printed(lines: Iterable[RenderableType], *, width: int = 80) -> list[str]:
    """What a terminal of that width is sent, line by line; none is broken by the terminal."""
    console = Console(width=width, record=True, file=StringIO(), highlight=False)
    for line in lines:
        console.print(line)
    text = console.export_text()
    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) <= width
    return text.splitlines()


def test_a_book_is_one_line_with_its_numbers_and_how_they_did() -> None:
    lines = printed(monitor_lines("2026-11-24", summary("fx"), []))
    assert lines[0] == "2026-11-24  the desk sees Combined, the champion (version 7); regime high"
    (row,) = [line for line in lines if line.startswith(" fx")]
    assert row.split() == [
        *("fx", "3.16%", "4.09%", "5.00%", "PUBLISHED"),
        *("4", "of", "2.5", "\N{MINUS SIGN}0.012", "1.50"),
    ]
    assert lines[-1] == "39 feeds checked, 0 rejected; 0 alerts open."


def test_the_state_of_the_market_is_said_below_the_books() -> None:
    fall = {
        "threshold": 0.05,
        "horizon": 10,
        "probability": 0.31,
        "base_rate": 0.13,
        "like": {"low": 0.2, "high": 0.4, "n": 40, "frequency": 0.2},
    }
    market = {
        "since": "2026-11-20",
        "probabilities": {"low": 0.1, "high": 0.8, "crisis": 0.1},
        "stressed": False,
        "stressed_since": "2026-01-05",
        "anomaly": None,
        "drawdown": fall,
        "books": {"fx": fall},
    }
    text = " ".join(printed(monitor_lines("d", summary("fx", market=market), [])))
    assert "regime high since 2026-11-20: low 10%, high 80%, crisis 10%" in text
    assert "fx  falls by more than 5.0% within 10 sessions with probability 31%" in text


def test_only_a_champion_has_a_version() -> None:
    told = summary("fx", standing="legacy", model="hs_250", champion=None, regime=None)
    assert printed(monitor_lines("2026-11-24", told, []))[0] == (
        "2026-11-24  the desk sees HS-250, the legacy"
    )


def test_a_number_that_is_not_known_is_no_zero() -> None:
    told = summary("fx")
    told["numbers"] = [number("fx", measure, None, fallback=None) for measure in ("var", "es")]
    told["monitor"]["books"] = {}
    lines = printed(monitor_lines("d", told, []))
    (row,) = [line for line in lines if line.startswith(" fx")]
    assert row.split() == ["fx", *["n/a"] * 3, "PUBLISHED", *["n/a"] * 3]


def test_other_levels_and_horizons_are_left_to_the_json() -> None:
    told = summary("fx")
    told["numbers"] += [number("fx", "var", 0.99, alpha=0.95), number("fx", "var", 0.9, horizon=10)]
    text = "\n".join(printed(monitor_lines("d", told, [])))
    assert "3.16%" in text
    assert "9" * 2 + ".00%" not in text
    assert "90.00%" not in text


def test_what_is_wrong_is_said_below_with_when_it_began() -> None:
    told = summary(
        "fx", health={"checked": 39, "rejected": {"vix": "gone"}, "refused": {"eq": "y"}}
    )
    told["monitor"]["books"]["fx"] = watched(reasons=["too many exceedances"])
    alert = {"severity": "critical", "at": "2026-11-20T21:00:00Z", "message": "fx: held."}
    lines = printed(monitor_lines("d", told, [alert]))
    assert lines[-4:] == [
        "degraded  fx: too many exceedances",
        "refused today  eq: y",
        "critical since 2026-11-20  fx: held.",
        "39 feeds checked, 1 rejected; 1 alerts open.",
    ]


def test_a_hostile_name_is_text_wherever_it_stands() -> None:
    told = summary(HOSTILE, health={"checked": 1, "rejected": {}, "refused": {HOSTILE: HOSTILE}})
    told["monitor"]["books"][HOSTILE] = watched(reasons=[HOSTILE])
    alert = {"severity": "warning", "at": "2026-11-20", "message": HOSTILE}
    text = "\n".join(printed(monitor_lines("d", told, [alert]), width=200))
    assert text.count(SHOWN) == 1 + 2 + 2 + 1
    told["shadow"] = shadow([shadow_row(HOSTILE)]) | {"candidate": HOSTILE}
    told["shadow"]["advice"] = {"advice": "wait", "reason": HOSTILE}
    text = "\n".join(printed(shadow_lines("d", told), width=200))
    assert text.count(SHOWN) == 3
    for lines in (monitor_lines("d", told, [alert]), shadow_lines("d", told)):
        assert "".join("\n".join(printed(lines)).split()).count("[/]") > 0


@pytest.mark.parametrize("length", [30, 100])
def test_a_long_name_goes_on_below_itself_and_cuts_no_number(length: int) -> None:
    told = summary("Q" * length, "fx")
    lines = printed(monitor_lines("2026-11-24", told, []))
    (row,) = [line for line in lines if line.startswith(" fx")]
    assert row.split()[1:5] == ["3.16%", "4.09%", "5.00%", "PUBLISHED"]
    assert "".join(lines).count("Q") == length
    told["shadow"] = shadow([shadow_row("Q" * length), shadow_row("fx")])
    lines = printed(shadow_lines("2026-11-24", told))
    assert "".join(lines).count("Q") == length
    assert "\N{HORIZONTAL ELLIPSIS}" not in "".join(lines)


def shadow_row(book: str) -> dict[str, Any]:
    row: dict[str, Any] = {"portfolio": book, "alpha": 0.975, "n": 1234}
    row |= {"exceedances_candidate": 6, "exceedances_incumbent": 11, "expected": 6.25}
    return row | {"var_ratio": 0.91, "fz0_difference": -0.0421, "log_e_var": 0.1, "log_e_es": 4.25}


def shadow(rows: list[dict[str, Any]]) -> dict[str, Any]:
    advice = {"advice": "promote", "reason": "the mean lies below zero at every session"}
    about: dict[str, Any] = {"candidate": "combined", "incumbent": "hs_250", "role": "challenger"}
    about |= {"threshold": 3.912, "rejected_together": ["fx"]}
    return about | {"rows": rows, "advice": advice}


def test_the_challenger_stands_beside_the_desks_model() -> None:
    told = summary("fx", shadow=shadow([shadow_row("fx")]))
    lines = printed(shadow_lines("2026-11-24", told))
    assert "combined (challenger) beside hs_250" in lines[1]
    (row,) = [line for line in lines if line.startswith(" fx")]
    assert row.split() == [
        *("fx", "97.5%", "1234", "6", "(11)", "of", "6.2", "0.91", "\N{MINUS SIGN}0.042", "4.2")
    ]
    assert "says too little, by e-BH over books: fx" in lines
    assert "promote: the mean lies below zero at every session." in lines


def test_without_a_version_the_next_step_is_named() -> None:
    told = summary("fx", standing="legacy", model="hs_250", champion=None)
    lines = printed(shadow_lines("2026-11-24", told))
    assert lines[-1] == "Train one: foreshock retrain"
