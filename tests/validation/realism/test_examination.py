# pyright: reportOptionalMemberAccess=false, reportOperatorIssue=false, reportOptionalOperand=false

from dataclasses import replace

import numpy as np
import pytest

from validation.realism.examination import examine_realism
from validation.realism.sample import PathSample
from validation.realism.strategies import default_books
from validation.simulators import KnownMarket

DRAWS = 40
LAWS = tuple(
    PathSample(KnownMarket(assets=4).paths(500, 5, seed=seed), np.ones(4, dtype=bool))
    for seed in range(2)
)
BOOKS = default_books(LAWS[1], seed=0)
ORDERED = (
    "tail_error", "shortfall_bias", "correlation", "lower_tail_dependence_whole_path",
    "volatility_clustering", "leverage_effect", "energy_score", "variogram_score",
    "effective_rank", "coverage", "duplicates",
)  # fmt: skip


@pytest.fixture(scope="module")
def examined():
    return examine_realism(*LAWS, books=BOOKS, draws=DRAWS)


def test_every_figure_says_its_rows_and_n(examined):
    assert {"auc_boosted_trees", "auc_logistic", *ORDERED} <= set(examined)
    assert all(one.status == "ok" and one.n and one.rows for one in examined.values())


def test_the_order_of_independent_paths_says_nothing(examined, generator):
    shuffled = replace(LAWS[0], moves=generator.permutation(LAWS[0].moves))
    again = examine_realism(shuffled, LAWS[1], books=BOOKS, draws=DRAWS)
    for name in ORDERED:
        assert again[name].value == pytest.approx(examined[name].value, rel=1e-4), name


def test_the_order_of_assets_says_nothing(examined):
    order = np.array([2, 0, 3, 1])
    mine, real = (law.of_assets(order) for law in LAWS)
    again = examine_realism(mine, real, books=BOOKS[:, order], draws=DRAWS)
    for name in ORDERED:
        assert again[name].value == pytest.approx(examined[name].value, rel=1e-4), name


def test_the_same_seed_gives_the_same_figures(examined):
    again = examine_realism(*LAWS, books=BOOKS, draws=DRAWS)
    assert {name: one.to_json() for name, one in again.items()} == {
        name: one.to_json() for name, one in examined.items()
    }


def test_classifiers_left_out_leave_the_rest_as_it_was(examined):
    without = examine_realism(*LAWS, books=BOOKS, draws=DRAWS, classifiers=False)
    assert without["auc_logistic"].status == "not_computable: left out"
    kept = {name: one for name, one in examined.items() if not name.startswith("auc")}
    assert kept == {name: one for name, one in without.items() if not name.startswith("auc")}


def test_one_asset_and_one_session_leave_gaps_that_say_why(generator):
    mine, real = (
        PathSample(generator.normal(size=(300, 1, 1)), np.ones(1, dtype=bool)) for _ in "ab"
    )
    found = examine_realism(mine, real, draws=DRAWS)
    assert found["correlation"].status == "not_computable: one asset has no pair"
    assert found["leverage_effect"].status == "not_computable: one session has no next"


def test_other_axes_are_refused(generator):
    other = PathSample(generator.normal(size=(300, 5, 3)), np.ones(3, dtype=bool))
    with pytest.raises(ValueError, match="candidate must share the reference's"):
        examine_realism(other, LAWS[1])
