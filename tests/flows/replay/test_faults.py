"""Faults that are planted hit what they are meant to hit, and nothing else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.sources.directory import read_market
from flows.daily import SessionInputs
from flows.replay.faults import too_small, widest_held, wrong_unit
from tests.flows.conftest import write_market

DAYS = pd.bdate_range("2021-12-27", periods=5)


@pytest.fixture
def market(tmp_path: Path) -> Path:
    closes = pd.DataFrame({"A": np.arange(1.0, 6.0), "B": np.arange(11.0, 16.0)}, index=DAYS)
    return write_market(closes, tmp_path / "market")


def closes_of(market: Path, name: str) -> list[float]:
    prices = read_market(market).tables["prices"]
    return prices[prices["instrument"] == name].sort_values("date")["close"].tolist()


def test_one_feed_comes_in_cents_on_the_dates_and_all_else_is_as_it_was(
    market: Path, tmp_path: Path
) -> None:
    before = {path: path.read_bytes() for path in market.rglob("*") if path.is_file()}
    out = tmp_path / "out"
    for _ in range(2):  # what an earlier session left is overwritten
        made = wrong_unit(market, out, instrument="A", dates=list(DAYS[1:3]), factor=100.0)
        assert made == out
    assert closes_of(out, "A") == [1.0, 200.0, 300.0, 4.0, 5.0]
    assert closes_of(out, "B") == [11.0, 12.0, 13.0, 14.0, 15.0]
    for name in ("instruments.csv", "portfolios/all.csv"):
        assert (out / name).read_bytes() == (market / name).read_bytes()
    assert {path: path.read_bytes() for path in market.rglob("*") if path.is_file()} == before
    assert read_market(out).findings == read_market(market).findings


def test_only_the_numbers_of_the_version_at_fault_shrink() -> None:
    rows = [
        {"portfolio": "fx", "version": version, "var": 0.02, "es": 0.03, "sigma": 0.01}
        for version in (7, 8, None)
    ]
    inputs = SessionInputs(DAYS[0], "01" * 32, pd.DataFrame(rows), {})
    shrunk = too_small(inputs, version=7, factor=0.5)
    assert shrunk.forecasts["var"].tolist() == [0.01, 0.02, 0.02]
    assert shrunk.forecasts["es"].tolist() == [0.015, 0.03, 0.03]
    assert shrunk.forecasts["sigma"].tolist() == [0.01] * 3
    assert inputs.forecasts["var"].tolist() == [0.02] * 3


@pytest.mark.parametrize(
    ("books", "widest"),
    [
        ({"one": "AB", "two": "BC", "three": "C"}, "B"),  # two of three; the first by name
        ({"one": "AB", "two": "AB", "three": "AC"}, "B"),  # without A no book would be left
        ({"one": "AB", "two": "A"}, "B"),
        ({"one": "BA"}, "A"),  # there is no other
    ],
)
def test_the_feed_at_fault_is_widely_held_and_leaves_a_book(
    books: dict[str, str], widest: str
) -> None:
    held = {book: dict.fromkeys(names, 0.5) for book, names in books.items()}
    assert widest_held(held) == widest
