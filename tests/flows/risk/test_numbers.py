"""Numbers of a book on scenarios: counted by hand, adding up, and refused where paths are few."""

from __future__ import annotations

import numpy as np
import pytest

from flows.refusal import RefusedError
from flows.risk.numbers import Outcomes, levels_of, loss_probability, parts_of

LADDER = -np.arange(1.0, 1001.0)


def outcomes(pnl: np.ndarray, weights: np.ndarray | None = None) -> Outcomes:
    names = tuple(f"p{k}" for k in range(pnl.shape[1]))
    kinds = tuple("stock" if k % 2 == 0 else "bond" for k in range(pnl.shape[1]))
    return Outcomes(10, pnl, names, {"asset_class": kinds}, weights)


def test_a_ladder_by_hand():
    (row,) = levels_of(outcomes(LADDER[:, None]), [0.99])
    assert (row["var"], row["es"]) == (990.0, 995.5)
    assert row["var_low"] < 990.0 < row["var_high"]
    assert row["es_low"] < 995.5 < row["es_high"]


def test_a_level_needs_its_paths():
    with pytest.raises(RefusedError, match="at least 10000 paths"):
        levels_of(outcomes(LADDER[:, None]), [0.999])


def test_the_probability_of_a_loss_is_a_count():
    told = loss_probability(outcomes(LADDER[:, None]), 900.0)
    assert told["probability"] == pytest.approx(0.1)
    assert told["standard_error"] == pytest.approx(np.sqrt(0.1 * 0.9 / 1000))


def test_weights_move_the_numbers():
    told = outcomes(LADDER[:, None], np.r_[np.zeros(900), np.full(100, 0.01)])
    assert loss_probability(told, 950.0)["probability"] == pytest.approx(0.5)
    (row,) = levels_of(told, [0.9])
    assert row["var"] == 990.0
    assert row["var_low"] is None


@pytest.mark.parametrize("by", ["position", "asset_class"])
def test_parts_add_up(by: str):
    pnl = np.random.default_rng(0).standard_t(4, (5000, 4))
    told = parts_of(outcomes(pnl), by, alpha=0.975)
    assert sum(row["es_contribution"] for row in told["parts"]) == pytest.approx(told["total"])
    (level,) = levels_of(outcomes(pnl), [0.975])
    assert told["total"] == pytest.approx(level["es"])
    assert sum(row["var_contribution"] for row in told["parts"]) == pytest.approx(level["var"])
    assert len({row[by] for row in told["parts"]}) == (4 if by == "position" else 2)


def test_a_book_that_holds_nothing_that_moves_has_no_risk():
    told = parts_of(outcomes(np.zeros((2000, 2))), "position", alpha=0.975)
    assert told["total"] == 0.0
    assert told["diversification"] is None
