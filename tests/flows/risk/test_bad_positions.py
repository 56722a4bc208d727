"""Books of quantities broken one way after the other: each says what is wrong, and is refused."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from flows.ingest import ingest
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
