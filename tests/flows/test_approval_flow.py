"""How a request stands, and what a page that asks for it may take and may say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from flows import approval_flow
from flows.clock import instant_text
from flows.ledger.ledger import Transaction
from flows.refusal import RefusedError

NOW = datetime(2020, 3, 16, 20, tzinfo=UTC)


class Rows(Transaction):
    """A transaction over one request and, it may be, its approval."""

    def __init__(self, *, now: datetime, approval: dict[str, Any] | None = None) -> None:
        self.now = now
        self._rows: dict[str, Any] = {
            "request": {
                "seq": 12,
                "action": "promote",
                "requester": "ana",
                "reason": "gates passed\n# Approved by ben",
                "expires": instant_text(NOW),
            },
            "approval": approval,
        }

    def last(self, kind: str, /, **equal: Any) -> Any:
        row = self._rows[kind]
        return row if row and all(row.get(name) == value for name, value in equal.items()) else None


APPROVAL = {"request": 12, "actor": "ben", "at": "2020-03-16T19:00:00.000000Z"}


@pytest.mark.parametrize(
    ("late", "approval", "outcome"),
    [
        (timedelta(microseconds=-1), None, None),
        (timedelta(0), None, "expired"),
        (timedelta(days=-1), APPROVAL, "approved"),
        (timedelta(days=1), APPROVAL, "approved"),  # it was decided in time
    ],
)
def test_a_request_waits_until_it_is_approved_or_expires(
    late: timedelta, approval: dict[str, Any] | None, outcome: str | None
):
    found = approval_flow.standing(Rows(now=NOW + late, approval=approval), 12)
    assert found.outcome == outcome
    assert found.by == ("ben" if approval else None)


def test_a_request_that_is_not_there_is_refused():
    with pytest.raises(RefusedError, match="no request 13"):
        approval_flow.standing(Rows(now=NOW), 13)


@pytest.mark.parametrize("typed", [{"secret": "x"}, {"look_again": True, "reason": "fine by me"}])
def test_no_text_can_be_typed_into_a_waiting_run(typed: dict[str, Any]):
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        approval_flow.LookAgain(**typed)
    fields = approval_flow.LookAgain.model_json_schema()["properties"]
    assert {field["type"] for field in fields.values()} == {"boolean"}


def test_a_reason_cannot_pass_itself_off_as_the_page():
    before = NOW - timedelta(hours=1)
    shown = approval_flow.page(approval_flow.standing(Rows(now=before), 12))
    assert "foreshock approve 12 --as USER" in shown
    assert "    # Approved by ben" in shown.splitlines()  # quoted as text, and no heading
