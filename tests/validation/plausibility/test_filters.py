import json

import numpy as np
import pytest

from validation.plausibility.filters import MOST_REJECTED, filter_report

LADDER = -np.arange(1.0, 1001.0)  # losses 1..1000


def worst(count):
    return -1000 + count > LADDER


def test_a_filter_that_takes_the_worst_paths_shows_in_var_and_es():
    """Without the ten worst, 1% of the other 990 is 9.9 paths: the tenth of them is 981."""
    report = filter_report({"tail": worst(10)}, LADDER, draws=20)
    level = report["measures"][0]
    assert level["alpha"] == 0.99
    assert level["before"]["var"][0] == 990
    assert level["before"]["es"][0] == 995.5
    assert level["after"]["var"][0] == 981
    assert level["after"]["es"][0] == pytest.approx((sum(range(982, 991)) + 0.9 * 981) / 9.9)
    assert level["before"]["es"][1] <= 995.5 <= level["before"]["es"][2]


def test_a_path_that_breaks_two_rules_is_rejected_once():
    report = filter_report({"a": worst(30), "b": worst(20)}, LADDER, draws=5)
    assert report["by_rule"] == {"a": 30, "b": 20}
    assert (report["rejected"], report["share"]) == (30, 0.03)


@pytest.mark.parametrize(("count", "edits"), [(50, False), (51, True)])
def test_more_than_five_in_a_hundred_is_editing(count, edits):
    assert MOST_REJECTED == 0.05
    report = filter_report({"tail": worst(count)}, LADDER, draws=5)
    assert report["edits_the_distribution"] is edits


def test_a_path_without_a_pnl_is_counted_and_no_nan_is_written():
    pnl = LADDER.copy()
    pnl[3] = np.nan
    report = filter_report({"finite": ~np.isfinite(pnl)}, pnl, draws=5)
    assert report["pnl_unknown"] == 1
    json.dumps(report, allow_nan=False)


def test_too_few_paths_have_no_measures():
    report = filter_report({"a": np.zeros(50, dtype=bool)}, LADDER[:50], draws=5)
    assert report["measures"][0] == {"alpha": 0.99, "before": None, "after": None}
    assert report["status"].startswith("not_computable")
