"""From a market and a ledger to a page: told twice alike, and refused where something lacks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from flows.explaining import explain as job
from flows.explaining.explain import explain, notes
from flows.explaining.version import Explained
from flows.refusal import RefusedError
from flows.terminal import Terminal
from models.tail.served import Served
from tests.flows.explaining.explained import made_explanation
from tests.flows.explaining.test_paragraph import strangers


def explained(root: Path, data: Path, **asked: Any) -> dict[str, Any]:
    given: dict[str, Any] = {"alpha": 0.975} | asked
    return explain("all", root=root, terminal=Terminal(quiet=True), data=data, **given)


@pytest.mark.slow
def test_the_same_question_has_the_same_answer_in_words_and_on_the_page(
    recorded: Path, tiny_market: Path, tmp_path: Path
):
    told = explained(recorded, tiny_market, out=tmp_path / "mine")
    again = explained(recorded, tiny_market)
    assert told | {"files": None} == again | {"files": None}
    place = recorded / "explanations" / "2021-12-31" / "all-v2"
    assert again["files"]["page"] == str(place / "explain.html")
    page, data = Path(told["files"]["page"]), Path(told["files"]["json"])
    assert told["paragraph"] in page.read_text().replace("&#39;", "'")
    assert json.loads(data.read_text()) == {k: v for k, v in told.items() if k != "files"}
    assert page.read_bytes() == Path(again["files"]["page"]).read_bytes()
    assert strangers(told["paragraph"], told | {"paragraph": ""}) == []
    assert told["version"]["number"] == 2
    # It learned up to 2024, and the market ends in 2021.
    assert "it may have seen what came" in told["notes"][0]


def test_a_version_that_cannot_read_the_panel_says_so(
    recorded: Path, tiny_market: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(Served, "unreadable", lambda *_: "panel: vix is not what it was trained on")
    with pytest.raises(RefusedError, match="--version: 2: panel: vix"):
        explained(recorded, tiny_market)


def test_a_level_between_the_knots_is_refused_before_anything_is_read(state_root: Path):
    with pytest.raises(RefusedError, match=r"--alpha: .*0.975, 0.99, 0.995\), got 0.98"):
        explained(state_root, state_root, alpha=0.98)
    assert not state_root.exists()


def test_a_missing_extra_is_named_with_its_remedy(
    state_root: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(job, "find_spec", lambda name: None if name == "lime" else name)
    with pytest.raises(RefusedError, match=r"needs lime, not installed here.*\[explain\]"):
        explained(state_root, state_root)


def test_what_a_reader_must_know_stands_in_the_notes(served: Served):
    told = made_explanation()
    row = {"number": 3, "as_of": "2024-12-31", "manifest_sha256": "02" * 32}
    assert notes(told, Explained(row, "champion", served)) == []
    told["stability"]["warning"] = "unstable: seeds disagree"
    told["origin"] = "2024-12-30"
    found = notes(told, Explained(row, "champion before", served))
    assert "learned from data up to 2024-12-31, after this origin" in found[0]
    assert "files are damaged" in found[1]
    assert found[2] == "Unstable: seeds disagree."
