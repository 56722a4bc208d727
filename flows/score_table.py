"""What `foreshock score` prints: a verdict, then scores, crises and tail accuracy on one screen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich import box
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from flows.wording import NONE, decimal, level, p_value, percent, printable, signed_percent
from validation.crises import ALL
from validation.tail_accuracy import SCOPES

MOST_MODELS = 14
"""Rows of a level; more stand in the JSON."""
MOST_COLUMNS = 3
"""Models beside each other in the crises."""
_SIGNIFICANT = 1.96
_PREFERRED = ("combined", "transformer", "mlp", "linear")
_LEGACY = "hs_250"

Record = Mapping[str, Any]


def summary(evidence: Record, *, name: str) -> Iterator[RenderableType]:
    """Everything a validator asks first, in reading order.

    Parameters
    ----------
    evidence : mapping
        As `validation.evidence.examine` returns it; the shortest horizon is shown.
    name : str
        What the table is called.
    """
    about = evidence["table"]
    first, last = about["first"] or NONE, about["last"] or NONE
    yield _plain(
        f"{name}: {about['judged']:,} of {about['rows']:,} forecasts judged, "
        f"{len(about['portfolios'])} portfolios, targets {first} to {last}"
    )
    if not evidence["pooled"]:
        yield Text("Nothing to judge: no P&L is known yet.", style="bold yellow")
        return
    shown = _Shown(evidence)
    yield _verdict(shown)
    for alpha in shown.alphas:
        yield _scores(shown, alpha)
    yield _crises(shown)
    if evidence["tail_accuracy"]:
        yield _accuracy(shown)
    yield from _notes(evidence)


class _Shown:
    """Evidence of the shortest horizon, and which models lead it."""

    def __init__(self, evidence: Record) -> None:
        self.evidence = evidence
        self.baseline: str = evidence["baseline"]
        self.horizon: int = min(evidence["table"]["horizons"])
        self.alphas: list[float] = evidence["table"]["alphas"]
        # the level the verdict speaks of
        self.headline = 0.99 if 0.99 in self.alphas else self.alphas[-1]
        self.models = self._ranked()
        others = [model for model in self.models if model != self.baseline]
        preferred = [model for model in _PREFERRED if model in others]
        self.candidate = (preferred or others or self.models)[0]

    def pooled(self, model: str, alpha: float, window: str = ALL) -> Record | None:
        return self._find("pooled", model, alpha, window)

    def compared(self, model: str, alpha: float, window: str = ALL) -> Record | None:
        return self._find("comparisons", model, alpha, window)

    def accuracy(self, model: str) -> dict[str, Record]:
        records = self.evidence["tail_accuracy"]
        return {one["scope"]: one for one in records if one["model"] == model}

    def _find(self, field: str, model: str, alpha: float, window: str) -> Record | None:
        key = (model, alpha, self.horizon, window)
        fields = ("model", "alpha", "horizon", "window")
        records = self.evidence[field]
        return next((one for one in records if tuple(one[at] for at in fields) == key), None)

    def _ranked(self) -> list[str]:
        """Models by FZ0 at the headline level, best first."""
        scores: dict[str, float] = {}
        for model in self.evidence["table"]["models"]:
            found = self.pooled(model, self.headline)
            score = None if found is None else found["fz0"]
            scores[model] = float("inf") if score is None else score
        return sorted(scores, key=lambda model: scores[model])


def _verdict(shown: _Shown) -> Text:
    model, bar = shown.candidate, shown.baseline
    found = shown.compared(model, shown.headline)
    if found is None or found["relative"] is None or found["t_hac"] is None:
        where = "is not in the table" if bar not in shown.models else "shares too few days"
        text, style = f"{model} could not be compared: {bar} {where}", "bold yellow"
    else:
        better, clear = found["relative"] < 0, abs(found["t_hac"]) >= _SIGNIFICANT
        style = "bold yellow" if not clear else "bold green" if better else "bold red"
        relation = "beats" if better else "is worse than"
        if not clear:
            relation = "cannot be told from"
        text = (
            f"{model} {relation} {bar} at {level(shown.headline)}: FZ0 "
            f"{signed_percent(found['relative'])} (t {decimal(found['t_hac'], 1)}), "
            f"better on {percent(found['share_better'], 0)} of {found['n_series']} series"
        )
    share = shown.accuracy(model).get("all")
    if share is not None:
        text += f"; tail accuracy {percent(share['share'])} (ceiling {percent(share['ceiling'])})"
    return Text(printable(text) + ".", style=style)


def _scores(shown: _Shown, alpha: float) -> Table:
    sessions = "session" if shown.horizon == 1 else "sessions"
    table = _table(
        f"{level(alpha)}, {shown.horizon} {sessions} ahead, against {printable(shown.baseline)}",
        ("model", "n", "exceeded", "p", "Z2 p", "FZ0", "change", "t", "better", "MCS p"),
    )
    for model in shown.models[:MOST_MODELS]:
        group = shown.pooled(model, alpha)
        if group is None:
            continue
        pair = shown.compared(model, alpha) or {}
        table.add_row(
            _plain(model),
            f"{group['n']:,}",
            _exceeded(group),
            _flagged(group["tests"]["kupiec"]["p_value"]),
            _flagged(group["tests"]["z2"]["p_value"]),
            decimal(group["fz0"], 3),
            _gain(pair.get("relative")),
            decimal(pair.get("t_hac"), 1),
            percent(pair.get("share_better"), 0),
            p_value(pair.get("mcs_p")),
        )
    return table


def _crises(shown: _Shown) -> Table:
    named = dict.fromkeys([_LEGACY, shown.baseline, shown.candidate, *shown.models])
    models = [model for model in named if model in shown.models][:MOST_COLUMNS]
    table = _table(
        f"Crises at {level(shown.headline)}: exceeded of expected, FZ0 against "
        f"{printable(shown.baseline)}",
        ("crisis", "dates", *map(printable, models)),
    )
    for crisis in shown.evidence["crises"]:
        if crisis["covered"] == "none":
            table.add_row(Text(crisis["name"], style="dim"), "", Text("not covered", style="dim"))
            continue
        dates = f"{crisis['n_dates']}{'' if crisis['covered'] == 'whole' else ' (part)'}"
        cells = [_crisis_cell(shown, model, crisis["name"]) for model in models]
        table.add_row(crisis["name"], dates, *cells)
    return table


def _crisis_cell(shown: _Shown, model: str, window: str) -> Text:
    group = shown.pooled(model, shown.headline, window)
    if group is None:
        return Text(NONE, style="dim")
    pair = shown.compared(model, shown.headline, window)
    gain = Text() if pair is None else _gain(pair["relative"])
    return Text.assemble(_exceeded(group), "  ", gain)


def _accuracy(shown: _Shown) -> Table:
    table = _table(
        "Tail accuracy: cells not rejected at 5% (share of a perfect model)",
        ("model", *SCOPES),
    )
    for model in shown.models[:MOST_MODELS]:
        scopes = shown.accuracy(model)
        if scopes:
            table.add_row(_plain(model), *(_share(scopes.get(scope)) for scope in SCOPES))
    return table


def _share(found: Record | None) -> str:
    if found is None or not found["cells"]:
        return NONE
    return f"{percent(found['share'])} of {found['cells']:,} ({percent(found['ceiling'])})"


def _notes(evidence: Record) -> Iterator[Text]:
    about = evidence["table"]
    counts = {
        "not judged, P&L unknown": about["not_judged"],
        "left out of FZ0, ES not positive": about["es_not_positive"],
        "origins at which models disagree about the P&L": about["pnl_conflicts"],
    }
    for what, count in counts.items():
        if count:
            yield Text(f"{what}: {count:,}", style="dim")
    if about["ignored_columns"]:
        yield _plain(f"columns not read: {', '.join(about['ignored_columns'])}", style="dim")
    yield Text("All portfolios together; p-values and t are clustered by date.", style="dim")


def _table(title: str, columns: tuple[str, ...]) -> Table:
    table = Table(
        box=box.SIMPLE_HEAD,
        title=Text(title, style="bold"),
        title_justify="left",
        pad_edge=False,
        padding=0,
    )
    first, *rest = columns
    table.add_column(Text(first), no_wrap=True)
    for name in rest:
        table.add_column(Text(name), justify="right", no_wrap=True)
    return table


def _exceeded(group: Record) -> str:
    return f"{group['exceedances']:,} / {decimal(group['expected'], 1)}"


def _flagged(p: float | None) -> Text:
    return Text(p_value(p), style="red" if p is not None and p < 0.05 else "")


def _gain(relative: float | None) -> Text:
    style = "" if relative is None else "green" if relative < 0 else "red"
    return Text(signed_percent(relative), style=style)


def _plain(text: str, style: str = "") -> Text:
    return Text(printable(text), style=style)
