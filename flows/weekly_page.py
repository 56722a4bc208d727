"""The calibration session as one HTML page that prints; every text in it is escaped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from flows.templates import template
from flows.wording import decimal, level, model_title, percent, signed, signed_percent

if TYPE_CHECKING:
    from jinja2 import Template

_WIDTH, _LEFT, _ROW = 1000.0, 190.0, 30.0
_LEAST, _MOST = -2.0, 3.0
"""Ends of the picture: loss over VaR; what lies beyond is drawn at the end."""


def render_week(content: Mapping[str, Any], *, banner: str = "") -> str:
    """One self-contained page, printable, without scripts or outside resources.

    Parameters
    ----------
    content : mapping
        See `flows.weekly.weekly_session`.
    banner : str
        What stands above a page of a replay.
    """
    return _template().render(
        week=content,
        learned=learned_lines(content),
        picture=picture(content["calls"]),
        banner=banner,
    )


def learned_lines(content: Mapping[str, Any]) -> list[str]:
    """What was learned, in sentences."""
    return [_of_week(content), _of_flags(content), *_of_models(content)]


def _of_week(content: Mapping[str, Any]) -> str:
    overall, rule = content["overall"], content["rule"]
    if not overall["known"]:
        ok = content["status"] == "ok"
        return "No outcome of the week is known yet." if ok else str(content["status"])
    return (
        f"{_count(overall['known'], 'call')} of {_count(overall['books'], 'book')} met their "
        f"session: {overall['exceedances']} exceeded at {level(rule['alpha'])} "
        f"({decimal(overall['expected'], 1)} expected). Mean FZ0 against GJR-FHS "
        f"{signed(overall['difference'], 3)}; below zero is better."
    )


def _of_flags(content: Mapping[str, Any]) -> str:
    year, tally = content["year"], content["flags"]["tally"]
    if not tally["judged"]:
        return "No flag has been judged yet."
    return (
        f"Of {_count(tally['judged'], 'judged flag')} {tally['right']} "
        f"{'was' if tally['right'] == 1 else 'were'} right "
        f"({percent(tally['right'] / tally['judged'], 0)}). A flag put at random is right "
        f"{percent(year['bad'] / max(year['known'], 1))} of the time: so many of the "
        f"{_count(year['known'], 'call')} in the year to {content['last']} were bad."
    )


def _of_models(content: Mapping[str, Any]) -> list[str]:
    learning, rule = content["learning"], content["rule"]
    weeks, left_out = learning["training"], learning["challenge"]
    lines: list[str] = []
    if weeks:
        teach = "teaches" if sum(weeks.values()) == 1 else "teach"
        lines.append(
            f"{_count(sum(weeks.values()), 'flag')} of {_count(len(weeks), 'week')} {teach}: "
            f"training rows whose features at the origin look alike weigh up to {rule['cap']:g} "
            f"times, whatever came of them."
        )
    if left_out:
        lines.append(
            f"{_count(len(left_out), 'week')} of the challenge set "
            f"{'is' if len(left_out) == 1 else 'are'} left out of every training from now on."
        )
    taught = [one for one in learning["versions"] if one["flags"] or one["weeks"]]
    if taught:
        last = taught[0]
        lines.append(
            f"The latest version that knew of flags is {last['model']} v{last['number']}: "
            f"{_count(last['flags'] or 0, 'flag')}, {_count(last['weeks'] or 0, 'week')} left out."
        )
    elif weeks or left_out:
        lines.append("No version has been trained with these flags yet; the next one will be.")
    return lines


def picture(calls: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Where each call's loss lay, in multiples of its VaR: one line for each book.

    Returns
    -------
    dict
        Sizes, ``ticks`` and ``rows`` of points in the picture's own units.
    """
    books = sorted({call["portfolio"] for call in calls})
    rows = [
        {
            "book": book,
            "y": (at + 1) * _ROW,
            "points": [
                {
                    "x": _place(-call["pnl"] / call["var"]),
                    "beyond": call["exceeded"],
                    "title": f"{call['target']}: loss {percent(-call['pnl'], 2)}, VaR "
                    f"{percent(call['var'], 2)}",
                }
                for call in calls
                if call["portfolio"] == book and call["pnl"] is not None and call["var"] > 0
            ],
        }
        for at, book in enumerate(books)
    ]
    ticks = [
        {"x": _place(float(at)), "label": f"{at}".replace("-", "\N{MINUS SIGN}")}
        for at in range(int(_LEAST), int(_MOST) + 1)
    ]
    return {
        "rows": rows,
        "ticks": ticks,
        "limit": _place(1.0),
        "left": _LEFT,
        "width": _WIDTH,
        "height": (len(books) + 1) * _ROW + 26.0,
        "bottom": (len(books) + 0.6) * _ROW,
    }


def _place(multiple: float) -> float:
    share = (min(max(multiple, _LEAST), _MOST) - _LEAST) / (_MOST - _LEAST)
    return round(_LEFT + 12.0 + share * (_WIDTH - _LEFT - 40.0), 1)


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


@cache
def _template() -> Template:
    return template(
        "weekly.html.j2",
        filters={
            "decimal": decimal,
            "level": level,
            "model_title": model_title,
            "percent": percent,
            "signed": signed,
            "signed_percent": signed_percent,
        },
    )
