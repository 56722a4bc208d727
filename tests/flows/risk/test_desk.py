"""Scenario numbers beside the desk's: supported, or held at the higher one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from flows.risk.desk import desk_view, gaps


def said(var: float | None, es: float = 0.03) -> dict[str, Any]:
    shared = {"alpha": 0.99, "legacy": 0.05, "fallback": 0.02}
    return {
        "numbers": [
            {**shared, "measure": "var", "model": var},
            {**shared, "measure": "es", "model": es},
        ]
    }


LEVELS = [
    {"alpha": 0.99, "horizon": 1, "var": 0.02, "es": 0.03},
    {"alpha": 0.99, "horizon": 10, "var": 0.2, "es": 0.3},
]


def test_numbers_within_the_band_support_each_other():
    var, es = gaps(LEVELS, said(0.025))
    assert (var["state"], var["counts"]) == ("CORROBORATED", 0.02)
    assert var["ratio"] == pytest.approx(0.8)
    assert (es["measure"], es["ratio"]) == ("es", 1.0)


@pytest.mark.parametrize(("model", "counts"), [(0.05, 0.05), (0.01, 0.02), (0.0, 0.02)])
def test_beyond_it_the_higher_number_counts(model: float, counts: float):
    var, _ = gaps(LEVELS, said(model))
    assert (var["state"], var["counts"]) == ("HOLD", counts)


def test_where_the_desk_says_nothing_there_is_no_gap():
    assert [one["measure"] for one in gaps(LEVELS, said(None))] == ["es"]
    assert gaps(LEVELS, {"status": "no session"}) == []


def test_a_desk_without_a_ledger_says_what_to_do(tmp_path: Path):
    assert "foreshock monitor" in desk_view(tmp_path, "all", "2024-12-31")["status"]
    assert not list(tmp_path.iterdir())
