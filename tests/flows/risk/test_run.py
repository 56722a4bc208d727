"""The risk of a book from a market directory to its page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from flows.refusal import RefusedError
from flows.risk.request import risk_request
from flows.risk.run import risk
from flows.settings import checkout
from flows.steps import Steps
from flows.terminal import Terminal

QUIET = Steps(Terminal(quiet=True))


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory, tiny_market: Path) -> dict[str, Any]:
    root = tmp_path_factory.mktemp("state")
    request = risk_request(
        portfolio="all", data=tiny_market, paths=4000, value=1e6, add={"STOCK0": 0.1}, tilt=True
    )
    return risk(request, root=root, steps=QUIET)


def test_numbers_rise_with_level_and_horizon(told: dict[str, Any]):
    es = {(row["alpha"], row["horizon"]): row["es"] for row in told["levels"]}
    assert es[0.95, 1] < es[0.975, 1] < es[0.99, 1]
    assert all(es[alpha, 1] < es[alpha, 10] for alpha in (0.95, 0.975, 0.99))
    assert all(row["es"] >= row["var"] for row in told["levels"])


def test_parts_sum_to_the_number_on_the_page(told: dict[str, Any]):
    (far,) = (r for r in told["levels"] if (r["alpha"], r["horizon"]) == (0.975, 10))
    for parts in told["parts"]:
        total = sum(row["es_contribution"] for row in parts["parts"])
        assert total == pytest.approx(far["es"], abs=1e-6)


def test_what_is_not_known_says_why(told: dict[str, Any]):
    assert "foreshock monitor" in told["desk"]["status"]
    assert "no learned VaR" in told["tilt"]["status"]
    assert "no open, high and low" in told["liquidity"]["status"]
    assert told["change"]["status"] == "no earlier report of this book"


def test_a_trade_is_tried_out(told: dict[str, Any]):
    assert told["what_if"]["trades"] == {"STOCK0": 0.1}
    assert told["what_if"]["change"] > 0.0


def test_the_page_and_the_file_hold_the_same(told: dict[str, Any]):
    page = Path(told["page"])
    kept = json.loads((page.parent / "risk.json").read_text())
    assert kept == {key: value for key, value in told.items() if key != "page"}
    text = page.read_text()
    assert "STOCK3" in text
    assert "What would break it" in text
    assert "<script" not in text


def test_the_next_day_is_told_from_the_last(tiny_market: Path, tmp_path: Path):
    for as_of in ("2021-12-30", "2021-12-31"):
        request = risk_request(portfolio="all", data=tiny_market, paths=2000, as_of=as_of)
        found = risk(request, root=tmp_path, steps=QUIET)
    change = found["change"]
    assert (change["since"], change["traded"]) == ("2021-12-30", [])
    assert change["markets"] == pytest.approx(change["change"])
    assert change["trades"] == 0.0


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"portfolio": "none"}, "none is not in the market directory"),
        ({"portfolio": "all", "add": {"GME": 1.0}}, "GME"),
        ({"portfolio": "all", "scenarios": Path("absent")}, "manifest"),
        ({"portfolio": "all", "alphas": (0.999,), "paths": 2000}, "at least 10000 paths"),
    ],
)
def test_what_cannot_be_answered_is_refused(
    tiny_market: Path, tmp_path: Path, given: dict[str, Any], reason: str
):
    request = risk_request(**{"data": tiny_market, "paths": 2000, **given})
    with pytest.raises(RefusedError, match=reason):
        risk(request, root=tmp_path, steps=QUIET)


@pytest.mark.slow
def test_a_book_of_quantities_is_answered_like_any_other(tmp_path: Path):
    stress = tmp_path / "stress.yaml"
    stress.write_text('name: rates up\nshocks: {YIELD_10Y: "+100bp", INDEX_FUND: "-10%"}\n')
    request = risk_request(
        portfolio="desk",
        data=checkout() / "infra" / "examples" / "market",
        paths=4000,
        add={"FUND_PUT": 10.0, "STOCK": -1500.0},
        stress=stress,
        tilt=True,
    )
    told = risk(request, root=tmp_path / "root", steps=QUIET)
    for name in ("worst", "reverse", "inverted", "liquidity", "explained", "carry"):
        assert told[name]["status"] == "computed", name
    assert told["reverse"]["pnl"] == pytest.approx(-told["reverse"]["loss"], rel=1e-5)
    assert told["what_if"]["es_after"] != told["what_if"]["es_before"]
    for shared in told["stress"]["mean_parts"]:  # short of shares, paying fixed: it gains
        assert sum(one["pnl"] for one in shared["parts"]) == pytest.approx(told["stress"]["mean"])
    assert "1,000 are needed" in told["desk"]["status"]
    assert "1,000 are needed" in told["tilt"]["status"]
    assert any("pnl" in one for one in told["crises"])
    text = Path(told["page"]).read_text()
    for words in ("computed for books of weights", "undefined", "None"):
        assert words not in text
    for words in ("Under the stress rates up", "If correlations inverted", "government bond"):
        assert words in text
