"""A session's look at the models in use and at their inputs: figures, signals, and their kinds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flows.alerts import Signal
from flows.desk_history import DeskHistory
from validation.input_domain import Outside
from validation.monitor_rule import MonitorRule
from validation.monitoring import BookMonitor, degraded_together, monitor_book, monitor_inputs

DEGRADED, DRIFTED, OUTSIDE, REGIME, FEEDS = "degraded", "drift", "domain", "regime", "feeds"
ANOMALY = "anomaly"

DESK = "desk"
"""Line of the model whose number the desk sees; beside it stands the challengers'."""

Monitors = dict[str, BookMonitor]


def monitored(
    history: DeskHistory,
    *,
    model: str,
    since: str,
    rule: MonitorRule,
    before: Mapping[str, BookMonitor] | None = None,
) -> Monitors:
    """Every book's monitor of the model whose number the desk sees.

    Parameters
    ----------
    history : DeskHistory
    model : str
    since : str
        ISO date from which its version is in use.
    rule : MonitorRule
    before : mapping of book to BookMonitor, optional
        Of an earlier session of the same history, model and ``since``: it saves time.
    """
    found: Monitors = {}
    for book in history.books:
        told = history.of(book, model, since=since)
        if told is not None:
            found[book] = monitor_book(told, rule, before=(before or {}).get(book))
    return found


def degradation_signals(monitors: Mapping[str, BookMonitor], *, model: str) -> list[Signal]:
    """One signal for each book with an alarm, with the first alarm's words."""
    return [
        Signal(
            DEGRADED,
            book,
            "warning",
            f"{book}: {model} is degraded: {one.alarms[0].message}.",
            {"model": model, "alarms": [[a.kind, a.message] for a in one.alarms]},
        )
        for book, one in monitors.items()
        if one.alarms
    ]


def input_signals(
    today: Outside | None, drift: Sequence[Mapping[str, Any]], *, rule: MonitorRule
) -> list[Signal]:
    """Signals on what the models read: outside of what they learned from, or drifted."""
    kinds = {"domain": OUTSIDE, "drift": DRIFTED}
    return [
        Signal(
            kinds[one.kind],
            "inputs",
            "info" if one.kind == "domain" else "warning",
            f"{one.message}.",
            dict(one.evidence),
        )
        for one in monitor_inputs(today, drift, rule)
    ]


def regime_signals(
    regime: str | None, before: str | None, market: Mapping[str, Any]
) -> list[Signal]:
    """A signal for the session in which the regime changed, with what the jump model says of it."""
    if regime is None or before is None or regime == before:
        return []
    severity = "warning" if regime == "crisis" else "info"
    evidence: dict[str, Any] = {"from": before, "to": regime}
    said = ""
    if market:
        stressed, chance = market["stressed"], market["probabilities"][regime]
        evidence |= {"stressed": stressed, "probabilities": market["probabilities"]}
        said = f", probability {chance:.0%}"
        if regime == "crisis":
            said += ", confirmed" if stressed else ", not confirmed yet"
            said += " by the jump model"
    message = f"The regime is {regime}{said}; it was {before}."
    return [Signal(REGIME, regime, severity, message, evidence)]


def anomaly_signals(market: Mapping[str, Any]) -> list[Signal]:
    """A signal for a day that is among the rarest, with what made it."""
    found = market.get("anomaly")
    if not (found and found["alarm"]):
        return []
    made = ", ".join(f"{name} {share:.0%}" for name, share in found["made_by"])
    message = f"Today moved like no more than {found['rarity']:.1%} of all sessions: {made}."
    return [Signal(ANOMALY, "market", "info", message, dict(found))]


def feed_signals(health: Mapping[str, Any]) -> list[Signal]:
    """One signal for each feed that was rejected, with the reason the gate gave."""
    return [
        Signal(
            FEEDS,
            str(name),
            "warning",
            f"{name} was rejected: {str(reason).rstrip('.')}.",
            {"feed": name},
        )
        for name, reason in dict(health.get("rejected", {})).items()
    ]


def monitor_figures(monitors: Mapping[str, BookMonitor], *, level: float) -> dict[str, Any]:
    """What a session keeps of its monitors: plain values, by book.

    Parameters
    ----------
    monitors : mapping of book to BookMonitor
    level : float
        Of e-BH over books.
    """
    return {
        "books": {
            book: {
                "sessions": one.sessions,
                "degraded": one.degraded,
                "reasons": list(one.reasons),
                "pit_p": one.pit_p,
                "evidence": one.evidence,
                "levels": [
                    {
                        "alpha": at.alpha,
                        "n": at.n,
                        "exceedances": at.exceedances,
                        "expected": at.expected,
                        "coverage_p": at.coverage_p,
                        "fz0_difference": at.fz0_difference,
                        "log_e_var": at.e_var.grem,
                        "log_e_es": at.e_es.grem,
                    }
                    for at in one.levels
                ],
            }
            for book, one in monitors.items()
        },
        "rejected_together": list(degraded_together(monitors, level=level)) if monitors else [],
    }
