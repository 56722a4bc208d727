"""The challenge set: weeks the desk flagged that no model learns from, and how models did there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from flows.calls import scored
from flows.desk_history import FALLBACK
from flows.flag_blocks import CHALLENGE
from flows.weeks import days_of, week_of
from validation.exceedances import tail_probability

if TYPE_CHECKING:
    import pandas as pd

    from flows.ledger.ledger import Transaction

Said = Mapping[str, Any]


def challenge_weeks(tx: Transaction) -> list[str]:
    """Weeks drawn for the challenge set, in order."""
    return sorted(row["block"] for row in tx.rows("assignment", arm=CHALLENGE))


def challenge_scores(tx: Transaction, *, alpha: float) -> list[dict[str, Any]]:
    """How every model did on the challenge weeks, by the forecasts of the ledger.

    They were made before the weeks were flagged: the model that was flagged does badly here by
    selection. Compare it with itself before and after, or a later version by `table_scores`.

    Parameters
    ----------
    tx : Transaction
    alpha : float
        Confidence level.

    Returns
    -------
    list of dict
        See `scores_of`; by model and version.
    """
    said: list[Said] = []
    for week in challenge_weeks(tx):
        first, last = (f"{day}" for day in days_of(week))
        said += _said(tx, alpha=alpha, since=first, until=last)
    return scores_of(said, alpha=alpha)


def table_scores(
    table: pd.DataFrame, weeks: Iterable[str], *, alpha: float
) -> list[dict[str, Any]]:
    """The same of a forecast table, for versions that the ledger has no forecasts of.

    Parameters
    ----------
    table : DataFrame
        Forecast table, with ``gjr_fhs`` among its models.
    weeks : iterable of str
        ISO weeks.
    alpha : float
    """
    named = set(weeks)
    targets = [day for day in table["target"].unique() if week_of(day) in named]
    inside = table["target"].isin(targets) & (table["alpha"] == alpha) & (table["horizon"] == 1)
    said = table.loc[inside, ["portfolio", "target", "model", "var", "es", "pnl"]]
    rows = [{str(name): value for name, value in row.items()} for row in said.to_dict("records")]
    for row in rows:
        row |= {"version": None, "pnl": None if row["pnl"] != row["pnl"] else row["pnl"]}
    return scores_of(rows, alpha=alpha)


def scores_of(said: Iterable[Said], *, alpha: float) -> list[dict[str, Any]]:
    """Score forecasts against GJR-FHS's of the same book and session.

    Parameters
    ----------
    said : iterable of mapping
        ``portfolio, target, model, version, var, es, pnl``.
    alpha : float

    Returns
    -------
    list of dict
        For each other model and version: ``n`` calls that both made and whose P&L is known, mean
        ``fz0`` and ``baseline_fz0`` (P&L in percent) and their ``difference``, ``exceedances``
        and ``baseline_exceedances`` of the VaR, and how many were ``expected``.
    """
    by_model: dict[tuple[str, int | None], dict[tuple[str, str], Said]] = {}
    for row in said:
        key = (row["model"], row["version"])
        by_model.setdefault(key, {})[(row["portfolio"], str(row["target"]))] = row
    baseline: dict[tuple[str, str], Said] = {}
    for (model, _), rows in by_model.items():
        baseline |= rows if model == FALLBACK else {}
    told: list[dict[str, Any]] = []
    for (model, version), rows in sorted(by_model.items(), key=lambda one: str(one[0])):
        if model == FALLBACK:
            continue
        both = [key for key in rows if key in baseline and rows[key]["pnl"] is not None]
        mine, bars = [rows[key] for key in both], [baseline[key] for key in both]
        told.append({"model": model, "version": version} | _figures(mine, bars, alpha))
    return told


def _figures(mine: list[Said], bars: list[Said], alpha: float) -> dict[str, Any]:
    pnl = [row["pnl"] for row in mine]
    scores, others = scored(mine, pnl, alpha=alpha), scored(bars, pnl, alpha=alpha)
    known = [(a, b) for a, b in zip(scores, others, strict=True) if None not in (a, b)]
    score, bar = (_mean(one) for one in (zip(*known, strict=True) if known else ([], [])))
    return {
        "n": len(mine),
        "fz0": score,
        "baseline_fz0": bar,
        "difference": None if score is None or bar is None else score - bar,
        "exceedances": sum(-p > row["var"] for p, row in zip(pnl, mine, strict=True)),
        "baseline_exceedances": sum(-p > row["var"] for p, row in zip(pnl, bars, strict=True)),
        "expected": len(mine) * tail_probability(alpha),
    }


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def _said(tx: Transaction, *, alpha: float, since: str, until: str) -> list[Said]:
    """Forecasts of an interval with their outcomes; a later session's count."""
    from sqlalchemy import select

    from flows.ledger.schema import forecast, outcome

    ours, theirs = forecast.c, outcome.c
    query = (
        select(ours.portfolio, ours.target, ours.model, ours.version, ours.var, ours.es, theirs.pnl)
        .join(outcome, (theirs.portfolio == ours.portfolio) & (theirs.target == ours.target))
        .where(ours.horizon == 1, ours.alpha == alpha, ours.target.between(since, until))
        .order_by(ours.session, theirs.session)
    )
    return [dict(row) for row in tx.connection.execute(query).mappings()]
