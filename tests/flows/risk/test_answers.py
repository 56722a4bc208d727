"""A report of one day does not see the next, and a book of nothing is told as such."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from typer.testing import CliRunner

from flows.cli import app
from flows.risk.request import risk_request
from flows.risk.run import risk
from flows.steps import Steps
from flows.terminal import Terminal

AS_OF = "2021-12-30"


def told(market: Path, root: Path) -> dict[str, Any]:
    request = risk_request(
        portfolio="all", data=market, as_of=AS_OF, paths=1000, horizon=2, alphas=(0.95,), value=1e6
    )
    found = risk(request, root=root, steps=Steps(Terminal(quiet=True)))
    return {name: one for name, one in found.items() if name not in ("page", "snapshot")}


def test_a_later_day_changes_no_number_of_an_earlier_report(tiny_market: Path, tmp_path: Path):
    cut = tmp_path / "cut"
    shutil.copytree(tiny_market, cut)
    prices = pd.read_csv(cut / "prices.csv", dtype=str)
    known = prices[prices["date"] <= AS_OF]
    assert len(known) < len(prices)
    known.to_csv(cut / "prices.csv", index=False)
    assert told(tiny_market, tmp_path / "one") == told(cut, tmp_path / "other")


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
