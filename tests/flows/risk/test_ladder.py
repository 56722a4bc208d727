"""The ladder on books whose ES is known."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from flows.risk.ladder import ladder, worst_months
from models.measures import expected_shortfall
from validation.internal_models import BASEL_2019_MODELS as RULE


class Sum:
    """A book that makes the sum of its factors' moves."""

    def __init__(self, **classes: str) -> None:
        self.classes: Mapping[str, str] = classes

    def pnl(self, moves: np.ndarray, moving: frozenset[str]) -> np.ndarray:
        return moves[:, [name in moving for name in self.classes]].sum(axis=1)


MOVES = np.random.default_rng(0).standard_normal((4000, 2))


@pytest.mark.parametrize(
    ("name", "sessions"), [("equity_large", 10), ("fx", 20), ("commodity", 60), ("other", 120)]
)
def test_one_class_is_scaled_by_the_square_root_of_its_horizon(name: str, sessions: int):
    found = ladder(Sum(one=name), MOVES[:, :1], RULE)
    plain = expected_shortfall(MOVES[:, 0], alpha=0.975)
    assert found.es() == pytest.approx(plain * np.sqrt(sessions / 10))


def test_two_classes_by_hand():
    found = ladder(Sum(short="equity_large", long="rate_volatility"), MOVES, RULE)
    both, late = (expected_shortfall(p, alpha=0.975) for p in (MOVES.sum(axis=1), MOVES[:, 1]))
    assert found.factors == (2, 1, 1, 1, 0)
    assert found.es() == pytest.approx(np.sqrt(both**2 + late**2 * (1 + 2 + 2)))
    rungs = found.told()["rungs"]
    assert [(one["horizon"], one["factors"]) for one in rungs][-2:] == [(60, 1), (120, 0)]
    assert rungs[-1]["es"] == 0.0


def test_the_worst_months_are_where_the_large_moves_are():
    moves = np.random.default_rng(1).standard_normal((1000, 1)) * 0.01
    moves[600:640] *= 10.0
    first = worst_months(ladder(Sum(one="equity_large"), moves, RULE))
    worst = np.argsort(moves[:, 0])[:7]  # 2.5% of 250 sessions: six, and a quarter of the seventh
    assert ((worst >= first) & (worst < first + RULE.window)).all()
    assert ((worst >= 600) & (worst < 640)).all()
