"""Which book is asked about, what is said of a broken one, and that one of nothing has no risk."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from flows.cli import app
from flows.ingest import Ingested, ingest
from flows.refusal import RefusedError
from flows.risk.book import book_of
from flows.risk.linear import Weights
from flows.risk.request import risk_request
from flows.risk.revalued import Quantities
from flows.settings import checkout

EXAMPLE = checkout() / "infra" / "examples" / "market"
Broken = Callable[[pd.DataFrame], pd.DataFrame]


def cell(rows: str, column: str, value: str) -> Broken:
    """One cell of the first row that a query names."""

    def broke(frame: pd.DataFrame) -> pd.DataFrame:
        frame.loc[frame.query(rows).index[0], column] = value
        return frame

    return broke


def without(rows: str) -> Broken:
    return lambda frame: frame.drop(frame.query(rows).index)


def reasons(tmp_path: Path, table: str, broke: Broken) -> list[str]:
    """What is said against the desk's book when one table of the example is broken."""
    market = tmp_path / "market"
    shutil.copytree(EXAMPLE, market)
    file = market / f"{table}.csv"
    frame = pd.read_csv(file, dtype=str, keep_default_na=False)
    broke(frame).to_csv(file, index=False)
    found = ingest(market)
    assert "desk" not in found.verdicts.positions
    assert "portfolios: desk" in found.verdicts.rejected
    return [str(one) for one in found.verdicts.against("desk")]


BOOK = "portfolios/desk"
CASES = [
    (BOOK, cell("instrument == 'STOCK'", "quantity", ""), "a missing one is never taken as zero"),
    (BOOK, cell("instrument == 'STOCK'", "quantity", "1,500"), "row 1: 1,500"),
    (BOOK, cell("instrument == 'STOCK'", "quantity", "inf"), "row 1: inf"),
    (BOOK, cell("instrument == 'STOCK'", "type", "share"), "Use one of equity"),
    (
        BOOK,
        cell("instrument == 'FUND_PUT'", "strike", ""),
        "strike is empty, and type option needs it",
    ),
    (BOOK, cell("instrument == 'FUND_PUT'", "underlying", "NOPE"), "FUND_PUT (row 13)"),
    (BOOK, cell("instrument == 'STOCK'", "instrument", "STOK"), "STOK (row 1)"),
    (BOOK, cell("instrument == 'STOCK'", "currency", "SEK"), "cannot be converted to USD"),
    (BOOK, lambda book: pd.concat([book, book[:1]]), "more than one row: STOCK"),
    ("curves", without("curve == 'EUR'"), "no curve discounts: BANK_FLOATER"),
    ("curves", cell("curve == 'USD'", "zero_rate", "5.2"), "left out USD, which has a zero_rate"),
    ("credit", without("issuer == 'INDUSTRIAL'"), "issuers without spreads: INDUSTRIAL_2029"),
    ("credit", cell("issuer == 'INDUSTRIAL'", "recovery", "-0.4"), "has a recovery of -0.4"),
    ("vols", cell("underlying == 'STOCK'", "vol", "-0.2"), "STOCK, which has volatilities"),
    ("vols", cell("underlying == 'STOCK'", "vol", "3.0"), "less total variance at a later expiry"),
]


@pytest.mark.parametrize(("table", "broke", "said"), CASES[1:2])
def test_a_cell_that_cannot_be_read_costs_the_book(
    tmp_path: Path, table: str, broke: Broken, said: str
):
    (told,) = reasons(tmp_path, table, broke)
    assert said in told


@pytest.mark.slow
@pytest.mark.parametrize(("table", "broke", "said"), CASES)
def test_what_is_wrong_with_a_book_is_said_and_the_rest_of_it_is_not_valued(
    tmp_path: Path, table: str, broke: Broken, said: str
):
    assert any(said in told for told in reasons(tmp_path, table, broke))


@pytest.fixture(scope="module")
def found() -> Ingested:
    return ingest(EXAMPLE)


def test_both_kinds_of_books_are_found_by_name(found: Ingested):
    weights = book_of(found, risk_request(portfolio="sixty_forty"))
    assert isinstance(weights, Weights)
    assert sum(weights.holdings.values()) == pytest.approx(1.0)
    held = book_of(found, risk_request(portfolio="desk", base="EUR"))
    assert isinstance(held, Quantities)
    assert held.unit == "EUR"
    assert held.holdings["STOCK"] == 1500


def test_stand_ins_for_a_book_of_weights_are_refused_not_passed_over(found: Ingested):
    asked = risk_request(portfolio="sixty_forty", proxies=Path("mine.csv"))
    with pytest.raises(RefusedError, match=r"--proxies: sixty_forty holds weights"):
        book_of(found, asked)


def test_what_is_not_there_is_refused_with_what_is(found: Ingested):
    with pytest.raises(RefusedError, match=r"There are desk, long_short, sixty_forty\."):
        book_of(found, risk_request(portfolio="none"))


@pytest.mark.parametrize(
    "rows",
    [
        "instrument,weight\n",
        "instrument,weight\nSTOCK0,0\n",
        "instrument,quantity,type,currency\n",
        "instrument,quantity,type,currency\nSTOCK0,0,equity,USD\n",
    ],
)
def test_a_book_of_nothing_says_so(
    tiny_market: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: str
):
    monkeypatch.setenv("FORESHOCK_HOME", str(tmp_path / "state"))
    market = tmp_path / "market"
    shutil.copytree(tiny_market, market)
    (market / "portfolios" / "nothing.csv").write_text(rows)
    out = tmp_path / "out"
    asked = ["risk", "--portfolio", "nothing", "--data", str(market), "--paths", "1000"]
    asked += ["--horizon", "1", "--alphas", "0.95", "--out", str(out)]
    answer = CliRunner().invoke(app, asked)
    assert answer.exit_code == 0, answer.output
    assert "It holds nothing: a zero-risk state." in answer.output
    assert "\N{MINUS SIGN}0" not in answer.output
    told = json.loads((out / "risk.json").read_text())
    assert told["zero_risk"]
    assert {row["es"] for row in told["levels"]} == {0.0}
    assert "zero-risk state" in (out / "risk.html").read_text()
