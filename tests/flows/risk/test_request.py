"""What may be asked of a book's risk."""

from __future__ import annotations

import pytest

from flows.refusal import RefusedError
from flows.risk.request import risk_request, trades


def test_trades_are_read():
    assert trades("SPY=0.1, TLT=-0.25") == {"SPY": 0.1, "TLT": -0.25}
    assert trades(None) == {}


@pytest.mark.parametrize("text", ["SPY", "SPY=", "=0.1", "SPY=ten", "SPY=0.1,SPY=0.2"])
def test_what_is_no_trade_is_refused(text: str):
    with pytest.raises(RefusedError, match="is no trade"):
        trades(text)


@pytest.mark.parametrize(
    "given",
    [
        {"paths": 10},
        {"horizon": 0},
        {"base": "usd"},
        {"value": -1.0},
        {"loss": 0.0},
        {"alphas": ()},
    ],
)
def test_a_request_out_of_range_is_refused_with_its_name(given: dict[str, object]):
    with pytest.raises(RefusedError, match=next(iter(given))):
        risk_request(portfolio="all", **given)
