"""Explanations that agree, that disagree, and that have nothing to compare."""

from __future__ import annotations

import numpy as np
import pytest

from models.explanations.agreement import agreement, heaviest, rank_correlation, stability


def test_those_that_weigh_most_come_first_and_nothing_weighs_nothing():
    assert heaviest(np.array([0.1, -0.5, 0.0, 0.2])).tolist() == [1, 3, 0]
    assert heaviest(np.array([0.1, -0.5, 0.0, 0.2]), top=2).tolist() == [1, 3]


def test_hand_counted_agreement():
    """Ranks 1, 2, 3 against 1, 3, 2: one less than six times two over 24."""
    found = agreement(np.array([3.0, -2.0, 1.0]), np.array([0.1, -0.3, 0.2]))
    assert (found.inputs, found.same_sign) == (3, 3)
    assert found.rank == pytest.approx(0.5)


def test_opposites_agree_on_nothing():
    values = np.array([3.0, -2.0, 1.0, 0.5])
    found = agreement(values, -values)
    assert found.same_sign == 0
    assert found.rank == pytest.approx(-1.0)


def test_too_few_or_all_alike_have_no_rank():
    assert rank_correlation(np.array([1.0, 2.0]), np.array([1.0, 2.0])) is None
    assert rank_correlation(np.array([1.0, 2.0, 3.0]), np.zeros(3)) is None


def test_members_that_say_the_same_are_stable():
    whole = np.array([0.3, -0.2, 0.1, 0.0])
    found = stability(whole, np.column_stack([whole, 1.1 * whole, 0.9 * whole]))
    assert (found.members, found.inputs, found.same_sign) == (3, 3, 3)
    assert (found.rank, found.least) == (pytest.approx(1.0), pytest.approx(1.0))
    assert found.stable is True
    assert found.low[0] == pytest.approx(0.27)
    assert found.high[0] == pytest.approx(0.33)


def test_one_member_that_says_the_opposite_is_found_out():
    whole = np.array([0.3, -0.2, 0.1])
    found = stability(whole, np.column_stack([whole, whole, -whole]))
    assert found.least == pytest.approx(-1.0)
    assert found.rank == pytest.approx(-1 / 3)
    assert found.same_sign == 0
    assert found.stable is False


def test_a_single_seed_says_nothing_of_stability():
    found = stability(np.array([0.3, -0.2, 0.1]), np.array([[0.3], [-0.2], [0.1]]))
    assert (found.rank, found.least, found.stable) == (None, None, None)
