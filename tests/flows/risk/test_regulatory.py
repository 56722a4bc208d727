"""The regulatory view of a book, and the desk's P&L that it is held against."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.instruments import Instrument
from features.market import MarketData
from features.pricing_market import Issuer
from flows.refusal import RefusedError
from flows.risk.factor_classes import class_of_factor, class_of_instrument
from flows.risk.lens import lens_of
from flows.risk.linear import Weights
from flows.risk.observations import observed
from flows.risk.regulatory import Evidence, read_hypothetical, regulatory_view
from flows.scenario_sets.files import ScenarioSet
from models.base import Asset
from models.instruments.risk_factors import Factor
from models.measures import expected_shortfall
from validation.internal_models import BASEL_2019_MODELS as RULE
from validation.regulation import BASEL_2019

BOOK = {"STOCK0": 0.5, "STOCK1": 0.5}
ASSETS = tuple(Asset(name, "price", "log", "USD", 100.0) for name in BOOK)


def drawn(steps: int = 10) -> ScenarioSet:
    moves = 0.01 * np.random.default_rng(0).standard_normal((2000, steps, 2))
    return ScenarioSet(moves.astype(np.float32), ASSETS)


def view(market: MarketData, told: ScenarioSet, evidence: Evidence) -> dict[str, object]:
    lens = lens_of(Weights(BOOK, market.instruments), told.assets, RULE)
    return regulatory_view(lens, told, market, BASEL_2019, evidence, places=[0, 1])


def test_a_book_of_shares_has_the_es_of_ten_sessions(tiny: MarketData):
    """Asset class ``equity`` has the short horizon: only the first rung moves."""
    told = drawn()
    found = view(tiny, told, Evidence({}, {}))
    pnl = np.expm1(told.moves.sum(axis=1, dtype=np.float64)) @ [0.5, 0.5]
    shortfall = found["shortfall"]
    assert isinstance(shortfall, dict)
    assert shortfall["es"] == pytest.approx(expected_shortfall(pnl, alpha=0.975))
    assert [one["factors"] for one in shortfall["rungs"]] == [2, 0, 0, 0, 0]


def test_a_set_that_is_too_short_says_what_to_pass(tiny: MarketData):
    found = view(tiny, drawn(steps=5), Evidence({}, {}))
    assert "--horizon 10" in str(found["shortfall"])


def test_the_desks_pnl_of_a_book_is_its_own_risk_factors(tiny: MarketData):
    closes = tiny.close[list(BOOK)]
    returns = np.expm1(np.log(closes).diff().dropna()) @ [0.5, 0.5]
    same = view(tiny, drawn(), Evidence({}, {}, returns))["attribution"]
    assert isinstance(same, dict)
    assert (same["zone"], same["sessions"]) == ("green", 250)
    late = view(tiny, drawn(), Evidence({}, {}, returns.shift(1).dropna()))["attribution"]
    assert isinstance(late, dict)
    assert late["zone"] == "red"
    unknown = view(tiny, drawn(), Evidence({}, {}))["attribution"]
    assert "--hypothetical" in str(unknown)


def test_prices_are_counted_and_gaps_are_not(tiny: MarketData):
    close = tiny.close.copy()
    close.loc["2021-03-01":"2021-08-31", "STOCK1"] = np.nan
    holed = replace(tiny, close=close)
    seen = observed(list(BOOK), holed, Path("unused"))
    found = view(holed, drawn(), Evidence(seen, {"STOCK1": "moves by 1 times STOCK0"}))
    real = found["modellability"]
    assert isinstance(real, dict)
    rows = {one["factor"]: one for one in real["factors"]}
    assert rows["STOCK0"]["enough"]
    assert rows["STOCK1"]["observations"] == len(pd.bdate_range("2021-01-01", "2021-12-31")) - 132
    assert rows["STOCK1"]["fewest"] == 0
    assert rows["STOCK1"]["follows"] == "moves by 1 times STOCK0"


def test_nodes_of_curves_are_counted_under_their_factors_names(tiny: MarketData, tmp_path: Path):
    (tmp_path / "instruments.csv").write_text(
        "instrument,asset_class,currency,kind,move\nA,equity,USD,price,log\n"
    )
    (tmp_path / "prices.csv").write_text("date,instrument,close\n2021-06-01,A,1\n")
    (tmp_path / "curves.csv").write_text(
        "date,curve,tenor_years,zero_rate\n2021-06-01,USD,0.5,0.01\n2021-06-02,USD,0.5,0.01\n"
        "2021-06-02,USD,1,0.01\n"
    )
    (tmp_path / "vols.csv").write_text(
        "date,underlying,expiry,strike,vol\n2021-06-01,A,2022-06-17,102.5,0.2\n"
    )
    names = ["curve:USD:0.5", "curve:USD:1", "vol:A:2022-06-17:102.5", "credit:X:5"]
    counted = {name: len(days) for name, days in observed(names, tiny, tmp_path).items()}
    assert counted == {"curve:USD:0.5": 2, "curve:USD:1": 1, "vol:A:2022-06-17:102.5": 1}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("day,pnl\n2021-01-04,1\n", "no columns date and pnl"),
        ("date,pnl\n04.01.2021,1\n", r"date in row 1 is '04.01.2021'"),
        ("date,pnl\n2021-01-04,1\n2021-01-05,\n", "pnl in row 2 is ''"),
        ('date,pnl\n2021-01-04,"1,5"\n', "pnl in row 1"),
        ("date,pnl\n2021-01-04,inf\n", "pnl in row 1"),
        ("date,pnl\n2021-01-04,1\n2021-01-04,2\n", "more than one row"),
    ],
)
def test_a_pnl_that_cannot_be_read_is_refused(tmp_path: Path, text: str, reason: str):
    file = tmp_path / "pnl.csv"
    file.write_text(text)
    with pytest.raises(RefusedError, match=reason):
        read_hypothetical(file)


def test_a_pnl_is_read_in_order_of_dates(tmp_path: Path):
    file = tmp_path / "pnl.csv"
    file.write_text("date,pnl\n2021-01-05,-2.5\n2021-01-04,1e3\n")
    assert read_hypothetical(file).tolist() == [1000.0, -2.5]


@pytest.mark.parametrize(
    ("name", "asset_class", "currency", "kind", "expected"),
    [
        ("AAPL", "stock", "USD", "price", "equity_small"),
        ("SPX", "equity index", "USD", "price", "equity_large"),
        ("EURUSD", "fx", "USD", "fx", "fx_specified"),
        ("USDEUR", "fx", "EUR", "fx", "fx_specified"),
        ("CHFSEK", "fx", "SEK", "fx", "fx_specified"),
        ("EURPLN", "fx", "PLN", "fx", "fx"),
        ("TLT", "government bond", "USD", "price", "rate_specified"),
        ("EMB", "government bond", "BRL", "price", "rate"),
        ("HYG", "high yield bond", "USD", "price", "spread_corporate_high_yield"),
        ("LQD", "investment grade credit", "USD", "price", "spread_corporate_investment_grade"),
        ("GOLD", "gold", "USD", "price", "commodity_metal"),
        ("WTI", "commodity oil", "USD", "price", "commodity_energy"),
        ("DBC", "commodity", "USD", "price", "commodity"),
        ("BTC", "crypto", "USD", "price", "other"),
    ],
)
def test_classes_of_instruments(name, asset_class, currency, kind, expected):
    one = Instrument(name, asset_class, currency, kind, "log")
    assert class_of_instrument(one, RULE, base="USD") == expected


@pytest.mark.parametrize(
    ("factor", "expected"),
    [
        (Factor("curve:PLN:5", "rate", "diff", 0.05, "PLN", 5.0), "rate"),
        (Factor("curve:USD_SWAP:5", "rate", "diff", 0.05, "USD_SWAP", 5.0), "rate_specified"),
        (Factor("credit:X:5", "credit", "log", 0.02, "X", 5.0), "spread_corporate_high_yield"),
        (Factor("credit:S:5", "credit", "log", 0.02, "S", 5.0), "spread_sovereign_high_yield"),
        (Factor("vol:A:2025", "volatility", "log", 0.2, "A"), "equity_small_volatility"),
        (Factor("vol:EURUSD:2025", "volatility", "log", 0.1, "EURUSD"), "fx_volatility"),
        (Factor("vol:WTI:2025", "volatility", "log", 0.4, "WTI"), "commodity_energy_volatility"),
        (Factor("vol:B:2025", "volatility", "log", 0.1, "B"), "rate_volatility"),
    ],
)
def test_classes_of_factors(factor: Factor, expected: str):
    listed = {
        name: Instrument(name, what, "USD", kind, "log")  # pyright: ignore[reportArgumentType]
        for name, what, kind in (
            ("A", "stock", "price"),
            ("EURUSD", "fx", "fx"),
            ("WTI", "commodity oil", "price"),
            ("B", "bond future", "price"),
        )
    }
    about = {"S": Issuer("S", sector="sovereign")}
    found = class_of_factor(factor, listed, about, RULE, base="USD")
    assert found == expected
    assert RULE.horizon(found) >= 10
