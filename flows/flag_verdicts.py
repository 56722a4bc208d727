"""Was the flag right: the flagged call held against what came, and against GJR-FHS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flows.calls import Call, read_calls
from flows.feedback_rule import FeedbackRule
from flows.flags import flags

if TYPE_CHECKING:
    from flows.ledger.ledger import Transaction


def judge_flags(
    tx: Transaction, *, rule: FeedbackRule, actor: str = "scheduler"
) -> list[dict[str, Any]]:
    """Judge every flag whose session's outcome is in, once.

    What a verdict says changes nothing that is learned: weights chosen on outcomes would spoil
    the score that models are trained and compared on.

    Parameters
    ----------
    tx : Transaction
    rule : FeedbackRule
    actor : str

    Returns
    -------
    list of dict
        The new verdicts: ``flag``, ``right`` and ``figures``.
    """
    judged = {row["flag"] for row in tx.rows("flag_verdict")}
    verdicts: list[dict[str, Any]] = []
    for flag in flags(tx):
        if flag.seq in judged:
            continue
        calls = read_calls(
            tx, alpha=rule.alpha, since=flag.date, until=flag.date, portfolio=flag.portfolio
        )
        if not calls or not calls[0].happened:
            continue
        figures = verdict_figures(calls[0], rule=rule)
        verdict = {"flag": flag.seq, "right": figures["right"], "figures": figures}
        tx.append("flag_verdict", actor=actor, **verdict)
        verdicts.append(verdict)
    return verdicts


def verdict_figures(call: Call, *, rule: FeedbackRule) -> dict[str, Any]:
    """All that a verdict rests on.

    Returns
    -------
    dict
        The call (`Call.as_dict`), ``alpha``, ``margin``, ``right``, ``why`` and ``status``. Where
        the P&L is not known the flag is not right, and the status says ``not_computable``.
    """
    why = fault_of(call, rule=rule)
    known = call.pnl is not None
    status = "ok" if known else "not_computable: the session has no clean P&L"
    return call.as_dict() | {
        "alpha": rule.alpha,
        "margin": rule.margin,
        "right": why is not None,
        "why": why,
        "status": status,
    }


def fault_of(call: Call, *, rule: FeedbackRule) -> str | None:
    """What made a call bad, or None where it was not.

    Bad is a call that was exceeded, and one whose FZ0 is worse than GJR-FHS's by more than the
    margin: on a quiet day FZ0 differs by the log of the ratio, so 0.4 is a number half as high
    again as GJR-FHS's that nothing called for.
    """
    if call.exceeded:
        return "exceeded"
    if call.difference is not None and call.difference > rule.margin:
        return "costly"
    return None
