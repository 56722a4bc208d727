"""A person's number is held against the model's by what happened."""

from __future__ import annotations

from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from flows.clock import FixedClock
from flows.ledger.ledger import Ledger
from flows.ledger.schema import forecast, outcome
from flows.override_verdicts import judge_overrides, verdict_figures
from flows.overrides import record_override, standing_overrides
from flows.refusal import RefusedError


def verdict(pnl: list[float], *, var: float, es: float) -> dict[str, object]:
    figures = verdict_figures(
        alpha=0.99,
        pnl=np.array(pnl),
        override=(0.04, 0.05),
        var=np.full(len(pnl), var),
        es=np.full(len(pnl), es),
    )
    return {name: figures[name] for name in figures}


def test_a_raised_number_is_right_when_the_loss_comes() -> None:
    figures = verdict([-0.035, 0.001], var=0.02, es=0.025)
    assert figures["right"] is True
    assert (figures["exceedances_override"], figures["exceedances_model"]) == (0, 1)


def test_a_raised_number_is_wrong_when_it_does_not() -> None:
    # Without an exceedance FZ0 is v/e + log(e) - 1: 0.8 + log 5 - 1 and 0.8 + log 2.5 - 1.
    figures = verdict([0.001], var=0.02, es=0.025)
    assert figures["right"] is False
    assert figures["fz0_override"] == pytest.approx(0.8 + np.log(5.0) - 1)
    assert figures["fz0_model"] == pytest.approx(0.8 + np.log(2.5) - 1)


def test_the_same_number_was_not_right() -> None:
    assert verdict([-0.1], var=0.04, es=0.05)["right"] is False


def test_an_unknown_pnl_does_not_count() -> None:
    assert verdict([np.nan, -0.035], var=0.02, es=0.025)["n"] == 1
    nothing = verdict([np.nan], var=0.02, es=0.025)
    assert nothing["right"] is False
    assert str(nothing["status"]).startswith("not_computable")


FRIDAY = datetime(2020, 3, 13, 21, tzinfo=UTC)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(FRIDAY)


@pytest.fixture
def ledger(tmp_path: Path, clock: FixedClock) -> Generator[Ledger, None, None]:
    opened = Ledger.open(tmp_path, clock=clock)
    yield opened
    opened.close()


def session(ledger: Ledger, clock: FixedClock, day: str, *, target: str, pnl: float | None) -> None:
    """Forecasts of a session at 22:00, and the P&L of the day; the model says 2% and 2.5%."""
    clock.set(datetime.fromisoformat(f"{day}T22:00:00+00:00"))
    with ledger.transaction() as tx:
        seq = tx.append("session", actor="scheduler", as_of=day, settings_sha256="0" * 64)
        said = {"session": seq, "portfolio": "fx", "alpha": 0.99, "horizon": 1, "origin": day}
        said |= {"target": target, "sigma": 0.01}
        for role, var in (("champion", 0.02), ("fallback", 0.5)):
            tx.connection.execute(
                forecast.insert().values(**said, model=role, role=role, var=var, es=1.25 * var)
            )
        tx.connection.execute(
            outcome.insert().values(session=seq, portfolio="fx", target=day, pnl=pnl)
        )


def override(ledger: Ledger, *, portfolio: str = "fx", until: datetime | None = None) -> int:
    with ledger.transaction() as tx:
        return record_override(
            tx,
            actor="ada",
            portfolio=portfolio,
            alpha=0.99,
            var=0.04,
            es=0.05,
            reason="vote",
            until=until,
        ).seq


def judged(ledger: Ledger) -> list[dict[str, object]]:
    with ledger.transaction() as tx:
        return judge_overrides(tx)


def test_an_override_is_judged_once_when_its_last_outcome_is_in(
    ledger: Ledger, clock: FixedClock
) -> None:
    session(ledger, clock, "2020-03-12", target="2020-03-13", pnl=-0.5)  # over before it began
    clock.set(FRIDAY)  # an hour before Friday's outcome is known
    made = override(ledger)  # until Monday 21:00: Friday's number and Monday's
    assert judged(ledger) == []
    session(ledger, clock, "2020-03-13", target="2020-03-16", pnl=-0.01)
    clock.set(FRIDAY + timedelta(days=3))
    assert judged(ledger) == []  # it has ended; Monday's P&L is still to come
    with ledger.reading() as tx:
        assert len(standing_overrides(tx)) == 1
    session(ledger, clock, "2020-03-16", target="2020-03-17", pnl=-0.035)
    (verdict,) = judged(ledger)
    assert verdict["override"] == made
    assert verdict["right"] is True
    figures = verdict["figures"]
    assert isinstance(figures, dict)
    assert figures["targets"] == ["2020-03-13", "2020-03-16"]
    assert (figures["exceedances_override"], figures["exceedances_model"]) == (0, 1)
    assert judged(ledger) == []
    with ledger.reading() as tx:
        assert standing_overrides(tx) == []


def test_a_mistyped_book_is_refused(ledger: Ledger, clock: FixedClock) -> None:
    session(ledger, clock, "2020-03-12", target="2020-03-13", pnl=-0.01)
    with pytest.raises(RefusedError, match=r"no forecast of fxx at 0\.99.*fx at 0\.99"):
        override(ledger, portfolio="fxx")


def test_an_override_that_met_no_session_is_judged_not_computable(
    ledger: Ledger, clock: FixedClock
) -> None:
    override(ledger, until=FRIDAY + timedelta(minutes=1))
    clock.advance(timedelta(days=1))
    (verdict,) = judged(ledger)
    assert verdict["right"] is False
