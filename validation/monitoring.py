"""Is a model that is in use still right: a session's figures of one book, and its alarms.

Two kinds of test look every session. The e-backtests bet against VaR and ES and are told early
where they say too little; in a spell of `MonitorRule.spell` sessions a right forecast raises one
with probability at most `MonitorRule.e_level`, whenever one looks (Ville's inequality). Tests on a
rolling window see what a bettor cannot: a VaR that is too high, a score that falls behind the
baseline, a law of the wrong shape. They are read every session at a level whose yearly false
alarms are not derived but measured on simulated good models (``infra/bench/monitor.py``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any, Literal

import numpy as np
from jaxtyping import Float
from scipy.special import betaincinv

from validation.calibration import berkowitz
from validation.comparison import hac_lag, hac_t
from validation.coverage import kupiec
from validation.e_backtest import Betting, Measure, Wealth
from validation.e_bh import e_benjamini_hochberg
from validation.exceedances import Series, exceedances, tail_probability
from validation.input_domain import Outside
from validation.monitor_rule import MonitorRule
from validation.scores import fz0, in_percent

Levels = Float[np.ndarray, "session level"]
AlarmKind = Literal["e_var", "e_es", "coverage", "fz0", "pit", "domain", "drift"]


@dataclass(frozen=True, slots=True)
class BookHistory:
    """What was forecast for one book and what happened; the last row is the session's.

    Attributes
    ----------
    alphas : tuple of float
        Confidence levels, in the order of the columns.
    pnl : array of shape (session,)
        Realised simple return, a gain positive; NaN where it is not clean.
    var, es : array of shape (session, level)
        Forecasts of the published model for the same sessions, fractions of value, losses
        positive; NaN where it gave none.
    baseline_var, baseline_es : array of shape (session, level)
        The same of GJR-FHS.
    pit : array of shape (session,)
        Of the published model's law; NaN where it is not known.
    since : int
        Sessions from before this version was in use, the first rows: the e-backtests learn from
        them and bet on none. It stays the same while the history grows.
    """

    alphas: tuple[float, ...]
    pnl: Series
    var: Levels
    es: Levels
    baseline_var: Levels
    baseline_es: Levels
    pit: Series
    since: int = 0


@dataclass(frozen=True, slots=True)
class Alarm:
    """One reason to look at a model.

    Attributes
    ----------
    kind : str
        ``e_var``, ``e_es``, ``coverage``, ``fz0`` or ``pit``, which mark a book degraded;
        ``domain`` or ``drift``, which speak of inputs.
    message : str
    evidence : dict
        Plain values.
    """

    kind: AlarmKind
    message: str
    evidence: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class LevelMonitor:
    """Figures at one confidence level; None where there are fewer sessions than the minimum.

    Attributes
    ----------
    alpha : float
    n, exceedances : int
        Of the rolling window.
    expected : float
        Exceedances of a right VaR.
    rate_lower, rate_upper : float or None
        Exact 95% interval for the probability of an exceedance (Clopper and Pearson).
    coverage_p : float or None
        Exact two-sided p-value of their number.
    fz0_difference : float or None
        Mean FZ0 less the baseline's on the sessions both have, P&L in percent; negative is better.
    fz0_t : float or None
        Its Newey-West t-statistic.
    e_var, e_es : Wealth
        Of the bettors against VaR and against (VaR, ES).
    """

    alpha: float
    n: int
    exceedances: int
    expected: float
    rate_lower: float | None
    rate_upper: float | None
    coverage_p: float | None
    fz0_difference: float | None
    fz0_t: float | None
    e_var: Wealth
    e_es: Wealth


@dataclass(frozen=True, slots=True)
class BookMonitor:
    """A session's monitoring of one book.

    Attributes
    ----------
    sessions : int
        Rows of the history it rests on.
    levels : tuple of LevelMonitor
    pit_n : int
        PITs in the window.
    pit_p : float or None
        Berkowitz's p-value; None below the minimum, or where the PITs cannot be tested.
    alarms : tuple of Alarm
    """

    sessions: int
    levels: tuple[LevelMonitor, ...]
    pit_n: int
    pit_p: float | None
    alarms: tuple[Alarm, ...]

    @property
    def degraded(self) -> bool:
        """Whether any alarm stands."""
        return bool(self.alarms)

    @property
    def reasons(self) -> tuple[str, ...]:
        """What each alarm says."""
        return tuple(alarm.message for alarm in self.alarms)

    @property
    def evidence(self) -> float:
        """An e-value of the book: the mean wealth of its bettors, at most 1 on average if right."""
        wealths = [wealth.grem for one in self.levels for wealth in (one.e_var, one.e_es)]
        return float(np.mean(np.exp(wealths))) if wealths else 1.0

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        plain = asdict(self)
        plain["levels"] = list(plain["levels"])
        plain["alarms"] = list(plain["alarms"])
        for level, one in zip(plain["levels"], self.levels, strict=True):
            level["e_var"]["grem"], level["e_es"]["grem"] = one.e_var.grem, one.e_es.grem
        return plain | {
            "degraded": self.degraded,
            "reasons": list(self.reasons),
            "evidence": self.evidence,
        }


def monitor_book(
    history: BookHistory, rule: MonitorRule, *, before: BookMonitor | None = None
) -> BookMonitor:
    """The figures and alarms of the last session of a history.

    Parameters
    ----------
    history : BookHistory
        From the same first session each time; what comes after its last row is not known to it.
    rule : MonitorRule
        Levels of it that the history lacks are not watched.
    before : BookMonitor, optional
        Answer on an earlier part of the same history under the same rule, from which the
        e-backtests are played on. It changes the time this takes and not the answer.

    Returns
    -------
    BookMonitor

    Raises
    ------
    ValueError
        If the arrays differ in length, an ES is below its VaR, or ``before`` has seen more
        sessions than the history has.
    """
    _refuse_ragged(history)
    if before is not None and before.sessions > len(history.pnl):
        raise ValueError(
            f"before must rest on an earlier part of the history, got {before.sessions} sessions "
            f"for {len(history.pnl)}. Begin the history at the same session each time."
        )
    watched = [alpha for alpha in rule.alphas if alpha in history.alphas]
    known = {one.alpha: one for one in before.levels} if before else {}
    levels = tuple(_level(history, alpha, rule, known.get(alpha)) for alpha in watched)
    pit = history.pit[np.isfinite(history.pit)][-rule.window :]
    pit_p = berkowitz(pit).p_value if pit.size >= rule.minimum else None
    alarms = [alarm for one in levels for alarm in _level_alarms(one, rule)]
    if pit_p is not None and pit_p < rule.pit_level:
        message = f"the PITs of {pit.size} sessions are not uniform and independent (p {pit_p:.2g})"
        alarms.append(Alarm("pit", message, {"p": pit_p, "n": int(pit.size)}))
    return BookMonitor(len(history.pnl), levels, int(pit.size), pit_p, tuple(alarms))


def degraded_together(monitors: Mapping[str, BookMonitor], *, level: float) -> tuple[str, ...]:
    """Books whose forecasts are rejected, on average at most a share ``level`` of them wrongly.

    Books share most of their risk; see `validation.e_bh.e_benjamini_hochberg`.
    """
    rejected = e_benjamini_hochberg(
        np.array([one.evidence for one in monitors.values()]), level=level
    )
    return tuple(name for name, out in zip(monitors, rejected, strict=True) if out)


def monitor_inputs(
    today: Outside | None, drift: Sequence[Mapping[str, Any]], rule: MonitorRule
) -> tuple[Alarm, ...]:
    """Alarms on inputs: a reason to retrain, not yet a sign that forecasts are wrong.

    Parameters
    ----------
    today : Outside, optional
        See `validation.input_domain.outside`.
    drift : sequence of dict
        ``feature``, ``value`` (effect size), ``threshold`` and ``drifted`` of each feature.
    rule : MonitorRule
    """
    alarms: list[Alarm] = []
    if today is not None and today.share is not None and today.share > rule.outside_share:
        message = (
            f"{today.share:.0%} of {today.known} inputs lie outside the training domain: "
            f"{', '.join(today.features)}"
        )
        alarms.append(
            Alarm("domain", message, {"share": today.share, "features": list(today.features)})
        )
    drifted = [row for row in drift if row["drifted"]]
    if len(drifted) >= rule.drift_features:
        names = [str(row["feature"]) for row in drifted]
        message = f"{len(names)} inputs have drifted beyond their usual effect: {', '.join(names)}"
        effects = {str(row["feature"]): float(row["value"]) for row in drifted}
        alarms.append(Alarm("drift", message, {"effects": effects}))
    return tuple(alarms)


def _level(
    history: BookHistory, alpha: float, rule: MonitorRule, before: LevelMonitor | None
) -> LevelMonitor:
    column = history.alphas.index(alpha)
    pnl, var, es = history.pnl, history.var[:, column], history.es[:, column]
    at = np.flatnonzero(np.isfinite(pnl) & np.isfinite(var) & np.isfinite(es))[-rule.window :]
    hits = exceedances(pnl[at], var[at])
    n, count, enough = len(at), int(np.count_nonzero(hits)), len(at) >= rule.minimum
    lower, upper = _exact_interval(count, n) if enough else (None, None)
    difference = _fz0_difference(history, column, alpha, rule)
    return LevelMonitor(
        alpha=alpha,
        n=n,
        exceedances=count,
        expected=n * tail_probability(alpha),
        rate_lower=lower,
        rate_upper=upper,
        coverage_p=kupiec(hits, alpha=alpha).p_exact if enough else None,
        fz0_difference=None if difference is None else float(difference.mean()),
        fz0_t=None if difference is None else hac_t(difference, lag=hac_lag(1)),
        e_var=_wealth(history, column, "var", rule, before.e_var if before else None),
        e_es=_wealth(history, column, "es", rule, before.e_es if before else None),
    )


def _wealth(
    history: BookHistory, column: int, measure: Measure, rule: MonitorRule, before: Wealth | None
) -> Wealth:
    betting = Betting(
        history.alphas[column],
        measure,
        memory=rule.memory,
        level=rule.e_level,
        every=rule.spell,
    )
    start = before or Wealth(sessions=history.since)
    path = betting.play(history.pnl, history.var[:, column], history.es[:, column], start=start)
    return path[-1] if path else start


def _fz0_difference(
    history: BookHistory, column: int, alpha: float, rule: MonitorRule
) -> Series | None:
    """FZ0 less the baseline's on the last sessions with both; None if there are too few."""
    given = (history.var, history.es, history.baseline_var, history.baseline_es)
    pairs = [one[:, column] for one in given]
    scored = np.isfinite(history.pnl) & (pairs[1] > 0.0) & (pairs[3] > 0.0)
    at = np.flatnonzero(scored & np.isfinite(pairs[0]) & np.isfinite(pairs[2]))[-rule.window :]
    if len(at) < rule.minimum:
        return None
    pnl, var, es, baseline_var, baseline_es = (in_percent(one[at]) for one in (history.pnl, *pairs))
    return fz0(pnl, var, es, alpha=alpha) - fz0(pnl, baseline_var, baseline_es, alpha=alpha)


def _level_alarms(one: LevelMonitor, rule: MonitorRule) -> list[Alarm]:
    alarms: list[Alarm] = []
    kinds: tuple[tuple[Literal["e_var", "e_es"], str, Wealth], ...] = (
        ("e_var", "VaR", one.e_var),
        ("e_es", "VaR and ES", one.e_es),
    )
    for kind, name, wealth in kinds:
        if wealth.crossed is not None and wealth.sessions - wealth.crossed < rule.stands:
            message = (
                f"evidence that {100 * one.alpha:g}% {name} say too little reached "
                f"{1 / rule.e_level:.0f}, {wealth.sessions - wealth.crossed} sessions ago"
            )
            alarms.append(Alarm(kind, message, {"alpha": one.alpha, **asdict(wealth)}))
    if one.coverage_p is not None and one.coverage_p < rule.coverage_level:
        message = (
            f"{one.exceedances} of {one.n} losses exceeded the {100 * one.alpha:g}% VaR, "
            f"{one.expected:.1f} expected (exact p {one.coverage_p:.2g})"
        )
        evidence = {"alpha": one.alpha, "n": one.n, "exceedances": one.exceedances}
        alarms.append(Alarm("coverage", message, evidence | {"p": one.coverage_p}))
    if (
        one.fz0_difference is not None
        and one.fz0_t is not None
        and one.expected >= rule.fz0_expected
        and one.fz0_difference > rule.fz0_difference
        and one.fz0_t > rule.fz0_t
    ):
        message = (
            f"FZ0 at {100 * one.alpha:g}% is {one.fz0_difference:+.3f} against the baseline, "
            f"t {one.fz0_t:.1f}"
        )
        evidence = {"alpha": one.alpha, "difference": one.fz0_difference, "t": one.fz0_t}
        alarms.append(Alarm("fz0", message, evidence))
    return alarms


@lru_cache(maxsize=4096)
def _exact_interval(count: int, n: int, level: float = 0.05) -> tuple[float, float]:
    lower = float(betaincinv(count, n - count + 1, level / 2)) if count else 0.0
    upper = float(betaincinv(count + 1, n - count, 1 - level / 2)) if count < n else 1.0
    return lower, upper


def _refuse_ragged(history: BookHistory) -> None:
    shape = (len(history.pnl), len(history.alphas))
    for name in ("var", "es", "baseline_var", "baseline_es"):
        came = getattr(history, name).shape
        if came != shape:
            raise ValueError(
                f"{name} must have a row a session and a column a level, {shape}, got {came}."
            )
    if len(history.pit) != shape[0]:
        raise ValueError(f"pit must have a value a session, {shape[0]}, got {len(history.pit)}.")
