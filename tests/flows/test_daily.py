"""A session is recorded once, from what was known, and says what must be done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from flows.clock import FixedClock
from flows.daily import SessionInputs, run_session
from flows.desk_history import DeskHistory
from flows.desk_settings import DeskSettings
from flows.ledger.champions import champion_of, stop
from flows.ledger.identity import Person
from flows.ledger.ledger import Ledger
from flows.refusal import RefusedError

SESSIONS = pd.bdate_range("2020-01-02", periods=900)
DESK = DeskSettings()
ALPHAS = (0.975, 0.99)
ROLES = {"legacy": "hs_250", "fallback": "gjr_fhs", "challenger": "combined"}


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(datetime(2020, 1, 2, 22, tzinfo=UTC))


@pytest.fixture
def ledger(tmp_path: Path, clock: FixedClock) -> Iterator[Ledger]:
    opened = Ledger.open(tmp_path, clock=clock)
    yield opened
    opened.close()


def inputs(
    day: int,
    *,
    books: tuple[str, ...] = ("fx",),
    pnl: float = -0.001,
    roles: Mapping[str, str] = ROLES,
    factor: float = 1.0,
    **more: Any,
) -> SessionInputs:
    """A session of a market whose daily volatility is 1%, where every model but one says so.

    ``factor`` multiplies the legacy's numbers.
    """
    rows: list[dict[str, Any]] = []
    for book in books:
        for role, model in roles.items():
            for alpha in ALPHAS:
                var = 0.01 * norm.ppf(alpha)
                es = 0.01 * norm.pdf(norm.ppf(alpha)) / (1 - alpha)
                scale = factor if role == "legacy" else 1.0
                about = {"portfolio": book, "role": role, "model": model, "version": None}
                about |= {"alpha": alpha, "horizon": 1, "sigma": 0.01}
                about |= {"origin": SESSIONS[day], "target": SESSIONS[day + 1]}
                # to the last bit the same is a frozen feed
                jitter = 1 + 1e-4 * (day % 7)
                rows.append(about | {"var": scale * var * jitter, "es": scale * es * jitter})
    return SessionInputs(
        as_of=SESSIONS[day],
        snapshot="01" * 32,
        forecasts=pd.DataFrame(rows),
        realised={book: {f"{SESSIONS[day]:%Y-%m-%d}": pnl} for book in books},
        **more,
    )


def at(clock: FixedClock, day: int) -> None:
    clock.set(datetime.combine(SESSIONS[day].date(), datetime.min.time(), UTC).replace(hour=22))


def test_a_session_is_recorded_once_whoever_tries_again(ledger: Ledger):
    first = run_session(inputs(0), ledger=ledger, desk=DESK)
    again = run_session(inputs(0, pnl=-0.5), ledger=ledger, desk=DESK)
    assert first.fresh
    assert not again.fresh
    assert (again.seq, again.summary) == (first.seq, first.summary)
    with ledger.reading() as tx:
        assert len(tx.rows("session")) == 1
    assert ledger.verify() == []


def test_without_a_champion_the_legacys_number_is_published(ledger: Ledger):
    done = run_session(inputs(0, factor=1.2), ledger=ledger, desk=DESK)
    assert done.summary["standing"] == "legacy"
    (var, *_) = [one for one in done.numbers if one.measure == "var" and one.alpha == 0.99]
    assert var.model == pytest.approx(1.2 * 0.01 * norm.ppf(0.99))


def test_after_a_stop_the_fallbacks_number_is_published(ledger: Ledger):
    with ledger.transaction() as tx:
        stop(tx, "foreshock-tail", actor=Person("ada", "approver"), reason="alarm")
        assert champion_of(tx, "foreshock-tail").cause == "stop"
    done = run_session(inputs(0, factor=1.2), ledger=ledger, desk=DESK)
    assert done.summary["standing"] == "fallback"
    assert {one.state for one in done.numbers} == {"STOPPED"}
    assert done.numbers[0].published == pytest.approx(0.01 * norm.ppf(0.975))


def test_a_return_is_held_against_the_forecast_of_the_session_before(ledger: Ledger):
    run_session(inputs(0, pnl=-0.9), ledger=ledger, desk=DESK)  # nothing was forecast for it
    run_session(inputs(1, pnl=-0.02), ledger=ledger, desk=DESK)
    run_session(inputs(2, pnl=float("nan")), ledger=ledger, desk=DESK)
    with ledger.reading() as tx:
        history = DeskHistory.read(tx, alphas=ALPHAS, before="2020-01-07")
    record = history.books["fx"]
    assert record.targets == ["2020-01-03", "2020-01-06"]
    assert record.origins == ["2020-01-02", "2020-01-03"]
    assert record.pnl[0] == -0.02
    assert np.isnan(record.pnl[1])
    assert record.said["hs_250"][0][0] == pytest.approx(0.01 * norm.ppf(ALPHAS))


def test_a_history_kept_in_hand_is_the_one_the_ledger_gives(ledger: Ledger, clock: FixedClock):
    kept = DeskHistory(ALPHAS)
    generator = np.random.default_rng(3)
    for day in range(30):
        at(clock, day)
        pnl = 0.01 * generator.standard_normal()
        run_session(inputs(day, pnl=pnl), ledger=ledger, desk=DESK, history=kept)
    with ledger.reading() as tx:
        read = DeskHistory.read(tx, alphas=ALPHAS, before="2099-01-01")
        early = DeskHistory.read(tx, alphas=ALPHAS, before=f"{SESSIONS[10]:%Y-%m-%d}")
    mine, theirs = kept.of("fx", "hs_250"), read.of("fx", "hs_250")
    past = early.of("fx", "hs_250")
    assert mine is not None
    assert theirs is not None
    assert past is not None
    for name in ("pnl", "var", "es", "baseline_var", "baseline_es"):
        np.testing.assert_array_equal(getattr(mine, name), getattr(theirs, name))
        np.testing.assert_array_equal(getattr(past, name), getattr(theirs, name)[:9])


def year(ledger: Ledger, clock: FixedClock, *, factor: float, days: int, seed: int = 5) -> Any:
    """Sessions in a row; the last one, and the causes of all triggers."""
    generator = np.random.default_rng(seed)
    kept, causes, before, done = DeskHistory(ALPHAS), [], None, None
    for day in range(days):
        at(clock, day)
        pnl = 0.01 * generator.standard_normal()
        session = inputs(day, pnl=pnl, factor=factor)
        done = run_session(session, ledger=ledger, desk=DESK, history=kept, before=before)
        before = dict(done.monitors)
        causes += [(day, trigger.cause) for trigger in done.triggers]
    return done, causes


@pytest.mark.slow
def test_a_number_half_of_what_it_should_be_is_told_of_once_for_each_time_it_is_found(
    ledger: Ledger, clock: FixedClock
):
    _, causes = year(ledger, clock, factor=0.5, days=200)
    days = [day for day, _ in causes]
    assert {cause for _, cause in causes} == {"degradation"}
    assert days[0] < 150
    assert min(np.diff(days), default=DESK.monitor.stands) >= DESK.monitor.stands
    with ledger.reading() as tx:
        alerts = [row["key"] for row in tx.rows("alert", kind="degraded")]
        together = {
            book
            for row in tx.rows("session")
            for book in row["summary"]["monitor"]["rejected_together"]
        }
    assert alerts == [f"degraded:fx:{number + 1}" for number in range(len(days))]
    assert together == {"fx"}


@pytest.mark.slow
def test_a_right_number_triggers_nothing(ledger: Ledger, clock: FixedClock):
    done, causes = year(ledger, clock, factor=1.0, days=300)
    assert causes == []
    shadow = done.summary["shadow"]
    assert (shadow["candidate"], shadow["incumbent"]) == ("combined", "hs_250")
    assert shadow["rows"][0]["n"] == 299
    assert shadow["rows"][0]["fz0_difference"] == pytest.approx(0.0)
    assert shadow["advice"]["advice"] == "wait"


def test_a_crisis_and_a_rejected_feed_are_told_once(ledger: Ledger):
    run_session(inputs(0, regime="low"), ledger=ledger, desk=DESK)
    health = {"checked": 2, "rejected": {"vix": "missing 7.4%"}}
    done = run_session(inputs(1, regime="crisis", health=health), ledger=ledger, desk=DESK)
    assert [(one.cause, one.subject) for one in done.triggers] == [("regime", "crisis")]
    assert done.triggers[0].evidence["from"] == "low"
    done = run_session(inputs(2, regime="crisis", health=health), ledger=ledger, desk=DESK)
    assert done.triggers == ()
    with ledger.reading() as tx:
        told = [(row["key"], row["message"]) for row in tx.rows("alert")]
    assert ("feeds:vix:1", "vix was rejected: missing 7.4%.") in told
    assert sum(key.startswith("feeds:vix") for key, _ in told) == 1


def test_three_drifted_inputs_set_off_a_retrain_with_their_names(ledger: Ledger):
    drift = [
        {"feature": f"f{n}", "value": 0.9, "threshold": 0.5, "drifted": True} for n in range(3)
    ]
    done = run_session(inputs(0, drift=drift), ledger=ledger, desk=DESK)
    (trigger,) = done.triggers
    assert trigger.cause == "drift"
    assert trigger.evidence["effects"] == {"f0": 0.9, "f1": 0.9, "f2": 0.9}


def test_a_session_before_the_last_one_is_refused(ledger: Ledger):
    run_session(inputs(5), ledger=ledger, desk=DESK)
    with pytest.raises(RefusedError, match="lies before the last session, 2020-01-09"):
        run_session(inputs(4), ledger=ledger, desk=DESK)


def test_nothing_is_shown_without_the_fallback(ledger: Ledger):
    with pytest.raises(RefusedError, match="the fallback's are missing"):
        run_session(inputs(0, roles={"legacy": "hs_250"}), ledger=ledger, desk=DESK)
    whole = inputs(0)
    bare = replace(whole, forecasts=whole.forecasts.drop(columns="sigma"))
    with pytest.raises(RefusedError, match="column sigma is missing"):
        run_session(bare, ledger=ledger, desk=DESK)


@pytest.mark.slow
def test_bets_against_a_challenger_that_says_half_are_told_in_the_shadow(
    ledger: Ledger, clock: FixedClock
):
    generator = np.random.default_rng(8)
    kept, before, shadows, degraded = DeskHistory(ALPHAS), None, [], []
    for day in range(150):
        at(clock, day)
        session = inputs(day, pnl=0.01 * generator.standard_normal())
        rows = session.forecasts
        rows.loc[rows["role"] == "challenger", ["var", "es"]] *= 0.5
        done = run_session(session, ledger=ledger, desk=DESK, history=kept, before=before)
        before = dict(done.monitors)
        shadows.append(done.summary["shadow"])
        degraded += [one["degraded"] for one in done.summary["monitor"]["books"].values()]
    assert shadows[-1]["threshold"] == pytest.approx(np.log(50))
    assert ["fx"] in [shadow["rejected_together"] for shadow in shadows]
    assert not any(degraded)
