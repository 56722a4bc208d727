"""A report of one day does not see the next."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pandas as pd

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
