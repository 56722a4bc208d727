"""The Data Docs can be read by a person, and looking at them tells nobody."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

from validation.feed_rules.data_docs import write_data_docs
from validation.feed_rules.expectations import judged, summary
from validation.feed_rules.rules import Breach, Rule
from validation.feed_rules.sessions import MISSING
from validation.feed_rules.values import FLAT

HOSTILE = "<img src=x onerror=alert(1)>"
RULES = {"prices": (MISSING, FLAT)}


@pytest.fixture(scope="module")
def counts() -> dict[str, pd.DataFrame]:
    feeds = pd.DataFrame(
        {"series": ["FIVE", "SIX", HOSTILE], "expected": 100, "missing": [5, 6, 0]}
    )
    return {"prices": summary(feeds, RULES["prices"], [Breach(FLAT, HOSTILE, 9, (), "")])}


def test_great_expectations_decides_on_the_counts(counts: dict[str, pd.DataFrame]) -> None:
    assert judged(counts, RULES) == {
        ("prices", "SIX", "missing_sessions"),
        ("prices", HOSTILE, "flat_line"),
    }


def test_a_rule_that_could_not_be_checked_does_not_pass(counts: dict[str, pd.DataFrame]) -> None:
    unknown = Rule("never_counted", FLAT.answer, "nothing", "Nothing.")
    with pytest.raises(RuntimeError, match="rule never_counted was not evaluated"):
        judged(counts, {"prices": (unknown,)})


def test_each_page_names_the_feeds_at_fault_and_loads_nothing(
    counts: dict[str, pd.DataFrame], tmp_path: Path
) -> None:
    first = write_data_docs(counts, RULES, tmp_path / "docs")
    (link,) = re.findall(r'href="([^"]+)"', first.read_text())
    page = (first.parent / link).read_text()
    assert "SIX" in page
    assert MISSING.expectation in page
    assert HOSTILE not in page
    for each in first.parent.rglob("*.html"):
        assert not re.search(r"https?://|<script", each.read_text())
