"""Among books that share their risk, the share of false alarms is bounded."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from validation.e_bh import e_benjamini_hochberg

evidence_of_books = arrays(float, st.integers(1, 12), elements=st.floats(0.0, 1e4))


@pytest.mark.parametrize(
    ("evidence", "rejected"),
    [
        ([39.9, 1.0], [False, False]),  # one alone needs 2 / 0.05 = 40
        ([40.0, 1.0], [True, False]),
        ([20.0, 20.0], [True, True]),  # two together need 2 / (2 * 0.05) = 20 each
        ([19.0, 1000.0], [False, True]),
        ([np.nan, 40.0], [False, True]),  # what has no evidence still counts as a book
        ([np.nan, 39.0], [False, False]),
    ],
)
def test_counted_by_hand_at_five_percent(evidence: list[float], rejected: list[bool]) -> None:
    assert e_benjamini_hochberg(np.array(evidence), level=0.05).tolist() == rejected


@given(evidence_of_books, st.sampled_from([0.01, 0.05, 0.2]))
def test_every_rejected_set_consists_with_itself_and_is_the_largest(
    evidence: np.ndarray, level: float
) -> None:
    """The definition in full: some k books at K / (k level) or more, and no larger k has them."""
    books = evidence.size
    rejected = e_benjamini_hochberg(evidence, level=level)
    sizes = [k for k in range(1, books + 1) if np.count_nonzero(k * evidence * level >= books) >= k]
    assert rejected.sum() == (max(sizes) if sizes else 0)
    if rejected.any() and not rejected.all():
        assert evidence[rejected].min() >= evidence[~rejected].max()


@given(evidence_of_books)
def test_the_order_of_books_does_not_matter(evidence: np.ndarray) -> None:
    turned = e_benjamini_hochberg(evidence[::-1], level=0.05)[::-1]
    ties = len(np.unique(evidence)) < evidence.size
    assert ties or turned.tolist() == e_benjamini_hochberg(evidence, level=0.05).tolist()


@given(evidence_of_books)
def test_more_evidence_never_clears_a_book(evidence: np.ndarray) -> None:
    before = e_benjamini_hochberg(evidence, level=0.05)
    assert (e_benjamini_hochberg(2.0 * evidence, level=0.05) | ~before).all()


def test_a_share_of_false_alarms_is_held_where_all_books_are_the_same_one() -> None:
    """Eight copies of one bet that pays 100 once in a hundred: false alarms in 1% of draws."""
    generator = np.random.default_rng(1)
    draws = [np.full(8, 100.0 * (generator.random() < 0.01)) for _ in range(2000)]
    false = sum(e_benjamini_hochberg(draw, level=0.05).any() for draw in draws)
    assert false / 2000 <= 0.05


@pytest.mark.parametrize(
    ("evidence", "level", "named"), [([1.0], 1.0, "level"), ([-0.1], 0.05, "logarithms")]
)
def test_what_is_no_e_value_is_refused(evidence: list[float], level: float, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        e_benjamini_hochberg(np.array(evidence), level=level)
