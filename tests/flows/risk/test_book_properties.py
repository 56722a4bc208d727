"""What holds of the numbers of every book, whatever it holds: METHODS in properties."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.instruments import Instrument
from features.positions import Position
from features.pricing_market import CreditCurve, PricingMarket, VolSurface, ZeroCurve
from flows.risk.linear import Weights
from flows.risk.numbers import Outcomes, levels_of, parts_of
from flows.risk.revalued import Quantities
from flows.scenario_sets.files import ScenarioSet
from models.base import Asset
from models.instruments.book import priced_book

AS_OF = pd.Timestamp("2024-12-31")
LATER = pd.Timestamp("2026-06-30")
INSTRUMENTS = {
    "ACME": Instrument("ACME", "stock", "USD", "price", "log"),
    "FUND": Instrument("FUND", "equity", "USD", "price", "log"),
    "EURUSD": Instrument("EURUSD", "fx", "USD", "fx", "log"),
}
TENORS = np.array([1.0, 5.0])
PRICING = PricingMarket(
    AS_OF,
    INSTRUMENTS,
    {"ACME": 100.0, "FUND": 40.0, "EURUSD": 1.1},
    curves={"USD": ZeroCurve(TENORS, np.array([0.04, 0.04]), AS_OF)},
    credit={"X": CreditCurve("senior", TENORS, np.array([0.01, 0.02]), 0.4, AS_OF)},
    surfaces={
        "ACME": VolSurface(
            pd.DatetimeIndex([LATER]), np.array([80.0, 120.0]), np.full((1, 2), 0.25), AS_OF
        )
    },
)
NAMES = ("ACME", "FUND", "EURUSD", "UST10Y", "HY_OAS")
LAST = (100.0, 40.0, 1.1, 4.0, 3.5)
ASSETS = tuple(
    Asset(
        name,
        "rate" if name == "UST10Y" else "spread" if name == "HY_OAS" else "price",
        "diff" if last < 10.0 and name != "EURUSD" else "log",
        "USD",
        last,
    )
    for name, last in zip(NAMES, LAST, strict=True)
)
PATHS = 800
MOVES = (
    np.random.default_rng(0).standard_t(4, (PATHS, 2, len(NAMES)))
    * np.array([0.02, 0.01, 0.006, 0.06, 0.08])
).astype(np.float32)
TOLD = ScenarioSet(MOVES, ASSETS)
ALPHAS = (0.9, 0.95, 0.975)
TERMS: dict[str, dict[str, Any]] = {
    "ACME": {"type": "equity"},
    "EURUSD": {"type": "fx_spot"},
    "put": {
        "type": "option",
        "underlying": "ACME",
        "strike": 95.0,
        "expiry": LATER,
        "call_put": "put",
        "style": "european",
    },
    "bond": {
        "type": "bond",
        "issuer": "X",
        "notional": 100.0,
        "coupon": 0.05,
        "frequency": 2,
        "day_count": "30/360",
        "maturity": LATER,
    },
    "cds": {"type": "cds", "issuer": "X", "notional": 100.0, "fixed_rate": 0.01, "maturity": LATER},
}
SIZES = st.floats(-20.0, 20.0).filter(lambda size: abs(size) > 0.01)
QUANTITIES = st.dictionaries(st.sampled_from(sorted(TERMS)), SIZES, min_size=1)
WEIGHTS = st.dictionaries(
    st.sampled_from(["ACME", "FUND", "EURUSD"]), SIZES.map(lambda size: size / 20.0), min_size=1
)


def of_quantities(book: dict[str, float], *, told: ScenarioSet = TOLD) -> Outcomes:
    held = tuple(Position(name, size, currency="USD", **TERMS[name]) for name, size in book.items())
    priced = priced_book(held, PRICING, base_currency="USD")
    return Quantities(held, PRICING, "USD", priced).outcomes(told, horizon=2)


def of_weights(book: dict[str, float], *, told: ScenarioSet = TOLD) -> Outcomes:
    return Weights(book, INSTRUMENTS).outcomes(told, horizon=1)


def numbers(outcomes: Outcomes) -> np.ndarray:
    """VaR and ES of every level, of shape (level, 2)."""
    return np.array([[row["var"], row["es"]] for row in levels_of(outcomes, ALPHAS)])


KINDS = [(of_quantities, QUANTITIES), (of_weights, WEIGHTS)]
EVERY = st.one_of(*(st.tuples(st.just(of), books) for of, books in KINDS))
TWO = st.one_of(*(st.tuples(st.just(of), books, books) for of, books in KINDS))
FEW = settings(max_examples=25, deadline=None)


@FEW
@given(EVERY)
def test_es_is_at_least_var_and_both_rise_with_the_level(drawn: Any):
    of, book = drawn
    told = numbers(of(book))
    assert (told[:, 1] >= told[:, 0]).all()
    assert (np.diff(told, axis=0) >= -1e-9 * np.abs(told[:-1])).all()


@FEW
@given(EVERY, st.floats(0.1, 10.0))
def test_so_much_more_of_everything_is_so_much_more_risk(drawn: Any, size: float):
    of, book = drawn
    more = {name: size * held for name, held in book.items()}
    np.testing.assert_allclose(numbers(of(more)), size * numbers(of(book)), rtol=1e-8, atol=1e-9)


@FEW
@given(TWO)
def test_two_books_together_have_at_most_the_es_of_both(drawn: Any):
    of, one, other = drawn
    both = {name: one.get(name, 0.0) + other.get(name, 0.0) for name in {**one, **other}}
    es = [numbers(of(book))[:, 1] for book in (both, one, other)]
    assert (es[0] <= es[1] + es[2] + 1e-8 * (1.0 + np.abs(es[1]) + np.abs(es[2]))).all()


@FEW
@given(EVERY, st.integers(0, 2**32 - 1))
def test_only_the_law_counts_not_the_order_of_paths_or_positions(drawn: Any, seed: int):
    of, book = drawn
    order = np.random.default_rng(seed).permutation(PATHS)
    shuffled = of(dict(reversed(book.items())), told=ScenarioSet(MOVES[order], ASSETS))
    np.testing.assert_allclose(numbers(shuffled), numbers(of(book)), rtol=1e-9, atol=1e-12)


@FEW
@given(EVERY)
def test_contributions_of_every_grouping_sum_to_the_total(drawn: Any):
    of, book = drawn
    outcomes = of(book)
    for by in ("position", *outcomes.groups):
        told = parts_of(outcomes, by, alpha=0.975)
        scale = max(abs(told["total"]), 1e-9)
        total = sum(row["es_contribution"] for row in told["parts"])
        assert total == pytest.approx(told["total"], abs=1e-6 * scale)


@FEW
@given(EVERY, st.floats(0.05, 0.95))
def test_what_is_split_in_two_is_the_same(drawn: Any, share: float):
    of, book = drawn
    name, size = next(iter(book.items()))
    whole, part, rest = (
        of({**book, name: held}).total for held in (size, share * size, (1.0 - share) * size)
    )
    without = of({**book, name: 0.0}).total
    np.testing.assert_allclose(part + rest - without, whole, rtol=1e-8, atol=1e-8)


@FEW
@given(EVERY)
def test_nothing_of_something_is_nothing_and_less_than_nothing_is_the_other_side(drawn: Any):
    of, book = drawn
    nothing = of(dict.fromkeys(book, 0.0)).total
    np.testing.assert_array_equal(nothing, 0.0)
    other = of({name: -size for name, size in book.items()}).total
    np.testing.assert_allclose(other, -of(book).total, rtol=1e-9, atol=1e-9)


@FEW
@given(EVERY)
def test_what_gains_more_on_every_path_risks_less(drawn: Any):
    """A book beside itself with its worst paths taken away gains at least as much everywhere."""
    of, book = drawn
    outcomes = of(book)
    better = Outcomes(
        outcomes.horizon,
        np.maximum(outcomes.total, np.quantile(outcomes.total, 0.01))[:, None],
        ("better",),
        {},
        None,
        outcomes.unit,
    )
    assert (numbers(better) <= numbers(outcomes) + 1e-12).all()


@FEW
@given(EVERY, st.floats(-5.0, 5.0))
def test_cash_that_is_earned_anyhow_lowers_risk_by_its_amount(drawn: Any, cash: float):
    of, book = drawn
    outcomes = of(book)
    pnl = np.column_stack([outcomes.pnl, np.full(PATHS, cash)])
    richer = Outcomes(outcomes.horizon, pnl, (*outcomes.positions, "cash"), {}, None, outcomes.unit)
    np.testing.assert_allclose(numbers(richer), numbers(outcomes) - cash, rtol=1e-9, atol=1e-9)
