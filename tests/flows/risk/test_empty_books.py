"""A book of nothing is an explicit state with a risk of zero, not an error and not a silence."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from flows.cli import app


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
