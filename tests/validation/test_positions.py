"""Books of quantities: what is refused, what is set aside, and how much of it is too much."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from features.findings import Answer
from features.instruments import Instrument
from features.positions import Position
from features.pricing_market import CreditCurve, PricingMarket, VolSurface, ZeroCurve
from validation.positions import excluded_finding, gross_size, judge_positions

AS_OF = pd.Timestamp("2024-06-28")
LATER = pd.Timestamp("2025-06-28")
NODES = np.array([1.0, 5.0])
MARKET = PricingMarket(
    as_of=AS_OF,
    instruments={
        "AAA": Instrument("AAA", "stock", "USD", "price", "log"),
        "LOST": Instrument("LOST", "stock", "USD", "price", "log"),
        "EURUSD": Instrument("EURUSD", "fx", "USD", "fx", "log"),
        "EURCHF": Instrument("EURCHF", "fx", "CHF", "fx", "log"),
    },
    closes={"AAA": 50.0, "EURUSD": 1.1, "EURCHF": 0.95},
    curves={"USD": ZeroCurve(NODES, NODES, AS_OF)},
    credit={"X": CreditCurve("senior", NODES, NODES, 0.4, AS_OF)},
    surfaces={"AAA": VolSurface(pd.DatetimeIndex([LATER]), NODES, NODES[None], AS_OF)},
)
SHARE = Position("AAA", 10.0, "equity", "USD")
BOND = Position("B", 1.0, "bond", "USD", notional=1000.0, maturity=LATER, issuer="X")
OPTION = Position("O", 1.0, "option", "USD", underlying="AAA", strike=50.0, expiry=LATER)


def judged(*positions, **options):
    return judge_positions("desk", positions, MARKET, base_currency="USD", **options)


def test_a_book_that_can_be_valued_has_nothing_against_it():
    verdict = judged(SHARE, BOND, OPTION)
    assert (verdict.kept, verdict.findings) == ((SHARE, BOND, OPTION), ())


@pytest.mark.parametrize(
    ("position", "rule"),
    [
        (dataclasses.replace(SHARE, quantity=float("nan")), "missing_quantity"),
        (dataclasses.replace(SHARE, quantity=float("inf")), "missing_quantity"),
        (Position("ZZZ", 1.0, "equity", "USD"), "unknown_instrument"),
        (Position("LOST", 1.0, "equity", "USD"), "missing_price"),
        (dataclasses.replace(OPTION, underlying="ZZZ"), "unknown_instrument"),
        (dataclasses.replace(OPTION, underlying="EURUSD"), "missing_volatilities"),
        (dataclasses.replace(BOND, curve="EUR"), "missing_curve"),
        (dataclasses.replace(BOND, currency="CHF"), "missing_curve"),
        (dataclasses.replace(BOND, issuer="NOBODY"), "missing_spreads"),
        (dataclasses.replace(SHARE, currency="JPY"), "currency_gap"),
    ],
)
def test_a_position_that_cannot_be_valued_refuses_the_book(position, rule):
    verdict = judged(position, dataclasses.replace(SHARE, instrument="EURUSD", type="fx_spot"))
    assert verdict.rejected
    assert verdict.kept == ()
    assert rule in {each.rule for each in verdict.findings if each.answer is Answer.REJECT}


def test_a_currency_is_reached_through_a_third():
    assert not judged(dataclasses.replace(SHARE, currency="CHF")).rejected


def test_a_position_held_twice_refuses_the_book():
    (found,) = judged(SHARE, SHARE).findings
    assert (found.answer, found.rule, found.examples) == (
        Answer.REJECT,
        "duplicate_position",
        ("AAA",),
    )


def test_a_book_named_like_an_instrument_is_refused():
    verdict = judge_positions("AAA", [SHARE], MARKET, base_currency="USD")
    assert verdict.rejected


@pytest.mark.parametrize("end", [AS_OF, AS_OF - pd.Timedelta(days=1)])
def test_what_has_matured_is_set_aside(end):
    old = dataclasses.replace(BOND, maturity=end)
    verdict = judged(SHARE, old)
    assert (verdict.kept, verdict.quarantined, verdict.rejected) == ((SHARE,), (old,), False)
    assert [(each.answer, each.rule) for each in verdict.findings] == [
        (Answer.QUARANTINE, "matured")
    ]


def test_a_sign_that_flipped_since_yesterday_is_set_aside():
    verdict = judged(SHARE, BOND, yesterday={"AAA": -10.0, "B": 5.0})
    assert verdict.quarantined == (SHARE,)


@pytest.mark.parametrize("positions", [(), (dataclasses.replace(SHARE, quantity=0.0),)])
def test_a_book_without_risk_says_so(positions):
    verdict = judged(*positions)
    assert [(each.answer, each.rule) for each in verdict.findings] == [(Answer.WARN, "zero_risk")]


def test_the_size_of_what_has_no_price_is_its_face_or_its_underlying():
    assert gross_size(dataclasses.replace(BOND, quantity=-3.0), MARKET) == 3000.0
    assert gross_size(dataclasses.replace(OPTION, multiplier=100.0), MARKET) == 5000.0
    future = Position("F", -2.0, "future", "USD", coupon=0.06, multiplier=1000.0, maturity=LATER)
    assert gross_size(future, MARKET) == 200_000.0


def test_what_the_gate_left_out_is_why_something_is_missing():
    gone = {"vols": ["AAA, which has less total variance at a later expiry"]}
    bare = dataclasses.replace(MARKET, surfaces={})
    verdict = judge_positions("desk", [OPTION], bare, base_currency="USD", left_out=gone)
    assert verdict.findings[0].message == (
        "holds options without volatilities: O. The gate left out AAA, which has less total "
        "variance at a later expiry."
    )


@pytest.mark.parametrize(
    ("excluded", "answer"), [(0.0, None), (5.0, Answer.WARN), (5.01, Answer.REJECT)]
)
def test_more_than_half_a_percent_set_aside_is_refused(excluded, answer):
    found = excluded_finding("desk", excluded, 1000.0)
    assert (found.answer if found else None) is answer
    if found:
        assert f"{excluded / 10:.2f}%" in found.message
