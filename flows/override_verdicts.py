"""Was the override right: a person's number and the model's, held against what happened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from flows.clock import parse_instant
from flows.overrides import Override, overrides

if TYPE_CHECKING:
    from flows.ledger.ledger import Transaction

_DESK = ("champion", "legacy", "fallback")
"""Whose number an override is held against: the first of these that forecast the target."""


def judge_overrides(tx: Transaction, *, actor: str = "scheduler") -> list[dict[str, Any]]:
    """Judge every override whose life is over and whose outcomes are in, once.

    Its life are the targets whose outcome was not in the ledger when it began and whose forecast
    was published before it ended. The bar is the number of whoever stood for the desk then.

    Returns
    -------
    list of dict
        The new verdicts: ``override``, ``right`` and ``figures``.
    """
    judged = {row["override"] for row in tx.rows("override_verdict")}
    due = [one for one in overrides(tx) if one.seq not in judged and tx.now >= one.expires]
    verdicts: list[dict[str, Any]] = []
    for one in due:
        life = life_of(tx, one)
        if life is None:
            continue
        pnl, var, es = (
            np.array([row[name] for row in life], float) for name in ("pnl", "var", "es")
        )
        figures = verdict_figures(
            alpha=one.alpha, pnl=pnl, override=(one.var, one.es), var=var, es=es
        ) | {"targets": [row["target"] for row in life]}
        verdict = {"override": one.seq, "right": figures["right"], "figures": figures}
        tx.append("override_verdict", actor=actor, **verdict)
        verdicts.append(verdict)
    return verdicts


def life_of(tx: Transaction, override: Override) -> list[dict[str, Any]] | None:
    """Targets of an override's life with the model's numbers and the P&L, oldest first.

    Returns
    -------
    list of dict or None
        ``target``, ``var``, ``es`` and ``pnl``; None while an outcome is still to come.
    """
    from sqlalchemy import select

    from flows.ledger.schema import forecast, outcome

    ours = forecast.c
    said = tx.connection.execute(
        select(ours.session, ours.role, ours.target, ours.var, ours.es)
        .where(
            ours.portfolio == override.portfolio,
            ours.alpha == override.alpha,
            ours.horizon == override.horizon,
            ours.role.in_(_DESK),
        )
        .order_by(ours.session)
    ).mappings()
    theirs = outcome.c
    came = tx.connection.execute(
        select(theirs.session, theirs.target, theirs.pnl).where(
            theirs.portfolio == override.portfolio
        )
    ).mappings()
    at = {row["seq"]: parse_instant(row["at"]) for row in tx.rows("session")}
    known = {row["target"]: row for row in came}
    by_target: dict[str, dict[str, Any]] = {}
    for row in said:
        target = row["target"]
        before = by_target.get(target)
        if at[row["session"]] < override.expires and (
            before is None or _DESK.index(row["role"]) <= _DESK.index(before["role"])
        ):
            by_target[target] = dict(row)
    life = [
        row
        for target, row in sorted(by_target.items())
        if target not in known or at[known[target]["session"]] > override.starts
    ]
    if any(row["target"] not in known for row in life):
        return None
    return [row | {"pnl": known[row["target"]]["pnl"]} for row in life]


def verdict_figures(
    *,
    alpha: float,
    pnl: NDArray[np.float64],
    override: tuple[float, float],
    var: NDArray[np.float64],
    es: NDArray[np.float64],
) -> dict[str, Any]:
    """What an override and the model's numbers were worth, over the override's life.

    Parameters
    ----------
    alpha : float
    pnl : array of shape (target,)
        Realised P&L, a gain is positive, as fractions; NaN where it is not known.
    override : pair of float
        Its VaR and ES.
    var, es : array of shape (target,)
        The model's, as fractions; losses are positive.

    Returns
    -------
    dict
        ``n`` targets that count, ``fz0_override`` and ``fz0_model`` (means, P&L in percent),
        ``exceedances_override``, ``exceedances_model``, ``right`` and ``status``. An override is
        right where its mean FZ0 is the lower one; where nothing is known it is not, and the
        status says ``not_computable``.

    References
    ----------
    `validation.scores.fz0`.
    """
    from validation.exceedances import exceedances
    from validation.scores import fz0, in_percent

    size_var, size_es = np.full(pnl.shape, override[0]), np.full(pnl.shape, override[1])
    mine = fz0(in_percent(pnl), in_percent(size_var), in_percent(size_es), alpha=alpha)
    theirs = fz0(in_percent(pnl), in_percent(var), in_percent(es), alpha=alpha)
    both = np.isfinite(mine) & np.isfinite(theirs)
    if not both.any():
        return {
            "n": 0,
            "fz0_override": None,
            "fz0_model": None,
            "exceedances_override": 0,
            "exceedances_model": 0,
            "right": False,
            "status": "not_computable: no P&L of its life is known",
        }
    score, bar = float(mine[both].mean()), float(theirs[both].mean())
    return {
        "n": int(both.sum()),
        "fz0_override": score,
        "fz0_model": bar,
        "exceedances_override": int(exceedances(pnl[both], size_var[both]).sum()),
        "exceedances_model": int(exceedances(pnl[both], var[both]).sum()),
        "right": score < bar,
        "status": "ok",
    }
