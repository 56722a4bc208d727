"""What `foreshock monitor` and `foreshock shadow` print of a session, within eighty columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich import box
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from flows.market_text import market_sentences
from flows.wording import NONE, decimal, level, model_title, percent, printable, signed

ALPHA = 0.99
"""Level that is shown of each book; the others are in the JSON."""
_STYLE = {"HOLD": "bold red", "STOPPED": "bold red", "ALERT": "yellow", "OVERRIDDEN": "cyan"}

Summary = Mapping[str, Any]


def monitor_lines(
    as_of: str, summary: Summary, alerts: Sequence[Mapping[str, Any]]
) -> Iterator[RenderableType]:
    """Everything a desk asks of its numbers after the close.

    Parameters
    ----------
    as_of : str
        ISO date.
    summary : mapping
        Of the session, see `flows.daily.SessionDone`.
    alerts : sequence of dict
        Alerts whose episode goes on, see `flows.alerts.open_alerts`.
    """
    yield _headline(as_of, summary)
    table = _table("")
    for title in (f"VaR {level(ALPHA)}", f"ES {level(ALPHA)}", "GJR ES"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("state", no_wrap=True)
    for title in ("exceeded", "FZ0", "e-value"):
        table.add_column(title, justify="right", no_wrap=True)
    watched = summary["monitor"]["books"]
    for book, measures in _numbers(summary).items():
        one = watched.get(book, {"levels": [], "evidence": None})
        at = next((each for each in one["levels"] if each["alpha"] == ALPHA), None)
        var, es = measures["var"], measures["es"]
        table.add_row(
            Text(printable(book)),
            percent(var["published"], 2),
            percent(es["published"], 2),
            percent(es["fallback"], 2),
            Text(var["state"], style=_STYLE.get(var["state"], "")),
            f"{at['exceedances']} of {decimal(at['expected'], 1)}" if at and at["n"] else NONE,
            signed(at["fz0_difference"], 3) if at else NONE,
            decimal(one["evidence"], 2),
        )
    yield table
    for book, one in watched.items():
        for reason in one["reasons"]:
            yield Text(printable(f"degraded  {book}: {reason}"), style="red")
    for sentence in market_sentences(summary["regime"], summary.get("market", {})):
        yield Text(printable(sentence))
    yield from _open(summary, alerts)


def shadow_lines(as_of: str, summary: Summary) -> Iterator[RenderableType]:
    """The challenger beside the desk's model, and what the scores advise."""
    yield _headline(as_of, summary)
    found = summary["shadow"]
    if found is None:
        yield Text("Nothing runs in the shadow: the desk's model is the legacy and no version is.")
        yield Text("Train one: foreshock retrain")
        return
    about = f"{found['candidate']} ({found['role']}) beside {found['incumbent']}"
    table = _table(about)
    for title in (
        "level",
        "sessions",
        "exceeded",
        "the other",
        "expected",
        "VaR ratio",
        "FZ0",
        "log e",
    ):
        table.add_column(title, justify="right", no_wrap=True)
    for row in found["rows"]:
        table.add_row(
            Text(printable(row["portfolio"])),
            level(row["alpha"]),
            str(row["n"]),
            f"{row['exceedances_candidate']} ({row['exceedances_incumbent']}) of "
            f"{decimal(row['expected'], 1)}",
            decimal(row["var_ratio"], 2),
            signed(row["fz0_difference"], 3),
            decimal(row["log_e_es"], 1),
        )
    yield table
    if found["rejected_together"]:
        named = ", ".join(found["rejected_together"])
        yield Text(printable(f"says too little, by e-BH over books: {named}"), style="red")
    advice = found["advice"]
    yield Text(printable(f"{advice['advice']}: {advice['reason']}."), style="bold")
    yield Text("FZ0 is the candidate's less the other's, P&L in percent; below zero is better.")
    yield Text(
        f"log e is the evidence against the candidate's ES; {decimal(found['threshold'], 1)} is "
        f"too much."
    )


def _table(title: str) -> Table:
    """A table whose numbers are never cut; a long name goes on below itself."""
    table = Table(
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        collapse_padding=True,
        title=Text(printable(title)),
        title_justify="left",
    )
    table.add_column("book", overflow="fold")
    return table


def _headline(as_of: str, summary: Summary) -> Text:
    who = f"{model_title(summary['model'])}, the {summary['standing']}"
    number = f" (version {summary['champion']})" if summary["standing"] == "champion" else ""
    regime = f"; regime {summary['regime']}" if summary["regime"] else ""
    return Text(f"{as_of}  the desk sees {who}{number}{regime}", style="bold")


def _numbers(summary: Summary) -> dict[str, dict[str, Mapping[str, Any]]]:
    """VaR and ES of each book at the level that is shown."""
    books: dict[str, dict[str, Mapping[str, Any]]] = {}
    for number in summary["numbers"]:
        if number["alpha"] == ALPHA and number["horizon"] == 1:
            books.setdefault(number["portfolio"], {})[number["measure"]] = number
    return books


def _open(summary: Summary, alerts: Sequence[Mapping[str, Any]]) -> Iterator[Text]:
    health = summary["health"]
    for book, reason in health.get("refused", {}).items():
        yield Text(printable(f"refused today  {book}: {reason}"), style="red")
    for alert in alerts:
        style = {"critical": "bold red", "warning": "yellow"}.get(alert["severity"], "")
        since = str(alert["at"])[:10]
        message = printable(alert["message"])
        yield Text(f"{alert['severity']:<9}since {since}  {message}", style=style)
    checked, rejected = health.get("checked"), len(health.get("rejected", {}))
    yield Text(f"{checked} feeds checked, {rejected} rejected; {len(alerts)} alerts open.")
