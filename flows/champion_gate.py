"""The gate against the champion: the shadow's sessions, where both versions forecast the future.

A champion's weights are fixed. On dates before its own training ended it would be judged in
sample, and a candidate that has just been trained knows every date up to its as-of. What both
forecast without knowing are the sessions since, and the ledger has them: one snapshot, the same
books, numbers recorded before the outcome. So the gate is open until there are enough, and is
judged anew whenever a promotion is asked for or decided.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.ledger.chain import Fault, bulk_digest
from flows.ledger.champions import Champion, champion_of
from flows.refusal import RefusedError
from validation.gates import Gate, GateRule, champion_gate, no_champion

if TYPE_CHECKING:
    import pandas as pd

    from flows.ledger.ledger import Transaction

Row = dict[str, Any]

CANDIDATE, CHAMPION = "candidate", "champion"


def judge_against_champion(
    tx: Transaction, version: Row, *, rule: GateRule | None = None, actor: str = "system"
) -> Gate | None:
    """Judge a version against whoever is champion now, and put the answer on record.

    Parameters
    ----------
    tx : Transaction
        That writes.
    version : dict
        Ledger row of the version.
    rule : GateRule, optional
        By default what the settings of the desk say.
    actor : str

    Returns
    -------
    Gate or None
        Passed where nobody is champion, not passed where they have too few sessions in common;
        None where the version is champion itself, and nothing is recorded.

    Raises
    ------
    RefusedError
        If the champion's entry, a version or a session is not what was recorded.
    """
    from flows.ledger.versions import record_gate

    now = champion_of(tx, version["model"])
    if now.version == version["seq"]:
        return None
    gate = _judged(tx, version, now, rule or _desk())
    record_gate(tx, version["seq"], gate, actor=actor)
    return gate


def gate_before_shadow(root: Path, model: str, *, rule: GateRule) -> Gate:
    """The gate of a model that has just been trained: it has forecast nothing beside anybody.

    Parameters
    ----------
    root : Path
        State root.
    model : str
        Registered name.
    rule : GateRule
    """
    from flows.ledger.ledger import Ledger

    ledger = Ledger.open(root)
    try:
        with ledger.reading() as tx:
            now = champion_of(tx, model)
    finally:
        ledger.close()
    return no_champion(rule=rule) if now.version is None else champion_gate((), rule=rule)


def _desk() -> GateRule:
    from flows.desk_settings import read_desk_settings

    return read_desk_settings().gates


def _judged(tx: Transaction, version: Row, now: Champion, rule: GateRule) -> Gate:
    if now.version is None:
        return no_champion(rule=rule)
    tx.vouched(version["seq"], now.version)
    champion = tx.rows("version", seq=now.version)[0]
    table = shared_sessions(tx, version, champion)
    gate = champion_gate(_compared(table), rule=rule)
    named = tuple(one | {"champion": champion["number"]} for one in gate.evidence)
    return replace(gate, evidence=named)


def shared_sessions(tx: Transaction, candidate: Row, champion: Row) -> pd.DataFrame:
    """Forecasts of two versions beside their outcomes, from when both had been trained.

    Parameters
    ----------
    tx : Transaction
    candidate, champion : dict
        Ledger rows of the versions.

    Returns
    -------
    DataFrame
        A forecast table of the models ``candidate`` and ``champion``, at the shortest horizon;
        ``pnl`` is NaN where it is not clean, and rows without an outcome are left out. Where a
        session was recorded twice the later counts.

    Raises
    ------
    RefusedError
        If what a session vouches for was altered.
    """
    import pandas as pd

    names = {candidate["seq"]: CANDIDATE, champion["seq"]: CHAMPION}
    since = max(str(candidate["as_of"]), str(champion["as_of"]))
    said: dict[tuple[Any, ...], Row] = {}
    came: dict[tuple[str, str], float | None] = {}
    for forecasts, outcomes in _sessions(tx, since=since):
        for row in outcomes:
            came[row["portfolio"], row["target"]] = row["pnl"]
        for row in forecasts:
            if row["version"] in names and row["horizon"] == 1 and row["origin"] >= since:
                cell = (row["version"], row["portfolio"], row["target"], row["alpha"])
                said[cell] = row
    told = [
        {name: row[name] for name in ("origin", "target", "portfolio", "alpha", "horizon")}
        | {"model": names[row["version"]], "var": row["var"], "es": row["es"]}
        | {"pnl": came[row["portfolio"], row["target"]]}
        for row in said.values()
        if (row["portfolio"], row["target"]) in came
    ]
    table = pd.DataFrame(told)
    if not told:
        return table
    dates = {name: pd.to_datetime(table[name]) for name in ("origin", "target")}
    return table.assign(**dates, pnl=table["pnl"].astype(float))


def _sessions(tx: Transaction, *, since: str) -> list[tuple[list[Row], list[Row]]]:
    """Forecasts and outcomes of each session from a date on, held against what it vouches for."""
    from sqlalchemy import select

    from flows.ledger.schema import RECORDED, forecast, outcome

    session = RECORDED["session"]
    of_it = select(session).where(session.c.as_of >= since)
    known = of_it.with_only_columns(session.c.seq)
    bulk: dict[str, dict[int, list[Row]]] = {}
    for table in (forecast, outcome):
        by_session = bulk[table.name] = defaultdict[int, list[Row]](list)
        for row in tx.connection.execute(
            select(table).where(table.c.session.in_(known))
        ).mappings():
            by_session[row["session"]].append(dict(row))
    found: list[tuple[list[Row], list[Row]]] = []
    for row in tx.connection.execute(of_it.order_by(session.c.as_of, session.c.seq)).mappings():
        tx.vouched(row["seq"])
        for name in (forecast.name, outcome.name):
            if bulk_digest(bulk[name][row["seq"]]) != row[f"{name}s_sha256"]:
                what = f"its {name} rows are not what was recorded."
                raise RefusedError(str(Fault(row["seq"], "session", what)))
        found.append((bulk[forecast.name][row["seq"]], bulk[outcome.name][row["seq"]]))
    return found


def _compared(table: pd.DataFrame) -> list[Row]:
    """The candidate held against the champion by level, over all their sessions; see head_to_head.

    A level that one of them did not forecast is no level of the comparison.
    """
    from validation.crises import ALL
    from validation.forecasts import check_forecasts
    from validation.head_to_head import comparisons
    from validation.panels import judged_panels

    judged = table[table["pnl"].notna()] if len(table) else table
    if judged.empty:
        return []
    panels = judged_panels(check_forecasts(judged), as_of=judged["target"].max().to_datetime64())
    reach = {"from": judged["target"].min(), "to": judged["target"].max()}
    return [
        record | {name: f"{day:%Y-%m-%d}" for name, day in reach.items()}
        for record in comparisons(panels, baseline=CHAMPION, asset_classes=None, seed=0, draws=0)
        if record["window"] == ALL
    ]
