"""Sessions of a desk in the ledger, as `flows.daily` would record them, for tests of flags."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from flows.clock import FixedClock
from flows.ledger.chain import bulk_digest
from flows.ledger.ledger import Ledger
from flows.ledger.schema import forecast, outcome

ALPHA = 0.975
MODELS = {"champion": "combined", "legacy": "hs_250", "fallback": "gjr_fhs"}


def following(day: str) -> str:
    """The next weekday."""
    one = date.fromisoformat(day)
    return f"{one + timedelta(days=3 if one.weekday() == 4 else 1)}"


def record_session(
    ledger: Ledger,
    clock: FixedClock,
    day: str,
    *,
    books: tuple[str, ...] = ("fx",),
    pnl: Mapping[str, float | None] | float | None = 0.001,
    var: Mapping[str, float] | None = None,
    standing: str = "champion",
    happened: bool = True,
) -> int:
    """A session at 22:00 UTC: VaR by role for the next weekday, ES a quarter above, P&L of today.

    Roles without a VaR of their own say 2%.
    """
    clock.set(datetime.fromisoformat(f"{day}T22:00:00+00:00"))
    said = [
        {
            "portfolio": book,
            "role": role,
            "model": model,
            "version": None,
            "alpha": ALPHA,
            "horizon": 1,
            "origin": day,
            "target": following(day),
            "var": (var or {}).get(role, 0.02),
            "es": 1.25 * (var or {}).get(role, 0.02),
            "sigma": 0.01,
            "pit": None,
        }
        for book in books
        for role, model in MODELS.items()
    ]
    came = [
        {
            "portfolio": book,
            "target": day,
            "pnl": pnl[book] if isinstance(pnl, Mapping) else pnl,
            "pits": None,
        }
        for book in (books if happened else ())
    ]
    with ledger.transaction() as tx:
        seq = tx.append(
            "session",
            actor="scheduler",
            as_of=day,
            settings_sha256="0" * 64,
            forecasts_sha256=bulk_digest(said),
            outcomes_sha256=bulk_digest(came),
            summary={"standing": standing},
        )
        for table, rows in ((forecast, said), (outcome, came)):
            if rows:
                tx.connection.execute(table.insert(), [row | {"session": seq} for row in rows])
    return seq
