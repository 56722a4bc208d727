"""A flag teaches by what was known at its origin, never by what came, and within its cap."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from features.splits import PooledWindow
from models.tail.feedback import (
    Feedback,
    Flagged,
    HeldOut,
    kernel_weights,
    lesson_of,
)
from models.tail.inputs import Rows
from models.tail.transport import KNOTS

DAYS = pd.bdate_range("2020-03-02", periods=30)
FLAG = Flagged("fx", f"{DAYS[11]:%Y-%m-%d}", known="2020-03-21")
WEEK = HeldOut("2020-03-09", "2020-03-15", known="2020-03-21")
FEEDBACK = Feedback(flagged=(FLAG,), held_out=(WEEK,))


def series(seed: int, *, rows: int = 30) -> Rows:
    """Rows whose target is the weekday after their origin."""
    rng = np.random.default_rng(seed)
    return Rows(
        own=rng.normal(size=(rows, 3)).astype(np.float32),
        shared=rng.normal(size=(rows, 2)).astype(np.float32),
        var=np.tile(np.linspace(1.0, 2.0, len(KNOTS)), (rows, 1)),
        es=np.tile(np.linspace(1.5, 3.0, len(KNOTS)), (rows, 1)),
        move=rng.normal(size=rows),
        target=DAYS[:rows].to_numpy() + np.timedelta64(0, "ns"),
    )


numbers = st.floats(-5.0, 5.0)


@settings(max_examples=60, deadline=None)
@given(
    rows=arrays(np.float64, (7, 4), elements=numbers),
    flagged=arrays(np.float64, (3, 4), elements=numbers),
    cap=st.floats(1.0, 10.0),
    width=st.floats(0.01, 5.0),
)
def test_a_weight_lies_between_one_and_the_cap(
    rows: np.ndarray, flagged: np.ndarray, cap: float, width: float
) -> None:
    weights = kernel_weights(rows, flagged, cap=cap, width=width)
    assert (weights >= 1.0).all()
    assert (weights <= cap).all()
    at_the_flag = kernel_weights(flagged, flagged, cap=cap, width=width)
    np.testing.assert_allclose(at_the_flag, cap, rtol=1e-12)


def test_a_weight_falls_with_the_distance_as_the_bell_says() -> None:
    # Root mean square differences of 0, 1 and 2 from the nearer of two flags; width 1.
    rows = np.array([[0.0, 0.0], [1.0, 1.0], [2.0, -2.0]])
    flagged = np.array([[0.0, 0.0], [50.0, 50.0]])
    weights = kernel_weights(rows, flagged, cap=3.0, width=1.0)
    np.testing.assert_allclose(weights, 1 + 2 * np.exp([0.0, -0.5, -2.0]))


def test_many_rows_are_weighed_as_few_are() -> None:
    rng = np.random.default_rng(3)
    rows, flagged = rng.normal(size=(40_000, 3)), rng.normal(size=(2, 3))
    whole = kernel_weights(rows, flagged, cap=3.0, width=0.5)
    some = kernel_weights(rows[::1000], flagged, cap=3.0, width=0.5)
    np.testing.assert_array_equal(whole[::1000], some)


@pytest.mark.parametrize(("cap", "width"), [(0.5, 1.0), (3.0, 0.0)])
def test_a_cap_below_one_or_no_width_is_refused(cap: float, width: float) -> None:
    with pytest.raises(ValueError, match="cap must be 1 or more and width above 0"):
        kernel_weights(np.zeros((1, 1)), np.zeros((1, 1)), cap=cap, width=width)


@settings(max_examples=30, deadline=None)
@given(moves=arrays(np.float64, 30, elements=st.floats(-20.0, 20.0)))
def test_weights_do_not_change_when_outcomes_do(moves: np.ndarray) -> None:
    book, pool = series(1), series(2)
    lesson = lesson_of(FEEDBACK, {"fx": book, "eq": pool})
    other = lesson_of(FEEDBACK, {"fx": replace(book, move=moves), "eq": pool})
    assert lesson is not None
    assert other is not None
    assert lesson.key == other.key
    before, after = lesson.weights(pool), lesson.weights(replace(pool, move=moves))
    assert before is not None
    np.testing.assert_array_equal(before, after)


def test_the_flagged_origin_itself_weighs_most() -> None:
    book = series(1)
    lesson = lesson_of(FEEDBACK, {"fx": book})
    assert lesson is not None
    weights = lesson.weights(book)
    assert weights is not None
    assert weights[11] == pytest.approx(3.0)
    assert (np.delete(weights, 11) < 3.0).all()


def test_targets_of_a_challenge_week_are_left_out_of_every_series() -> None:
    rows = series(1)
    lesson = lesson_of(FEEDBACK, {"fx": rows})
    assert lesson is not None
    left_out = rows.target[~lesson.taught(rows.target)]
    days = pd.bdate_range("2020-03-09", "2020-03-13")
    np.testing.assert_array_equal(left_out, days.to_numpy())


@pytest.mark.parametrize(
    "flag",
    [
        Flagged("bonds", FLAG.target, FLAG.known),  # a series without features
        Flagged("fx", "2020-03-14", FLAG.known),  # a Saturday
        Flagged("fx", "2020-03-02", FLAG.known),  # the base said nothing yet
    ],
)
def test_a_flag_without_features_teaches_nothing(flag: Flagged) -> None:
    rows = series(1)
    rows.var[0] = np.nan
    assert lesson_of(Feedback(flagged=(flag,)), {"fx": rows}) is None


def test_a_week_left_out_alone_changes_no_weight() -> None:
    lesson = lesson_of(Feedback(held_out=(WEEK,)), {"fx": series(1)})
    assert lesson is not None
    assert lesson.weights(series(2)) is None


@pytest.mark.parametrize(
    ("year", "until", "flags", "weeks"),
    [
        (2020, "2020-03-16", 0, 0),  # before the flagged session, and before the draw
        (2020, "2020-03-20", 0, 0),  # after the sessions, before the draw
        (2020, "2020-03-21", 1, 1),
        (None, "2020-03-17", 1, 1),  # made now: knows the draw of a session it has seen
        (None, "2020-03-16", 0, 1),
        (None, "2020-03-08", 0, 0),
    ],
)
def test_a_head_knows_of_a_flag_what_was_known_at_its_time(
    year: int | None, until: str, flags: int, weeks: int
) -> None:
    seen = FEEDBACK.seen_by(PooledWindow(year, pd.Timestamp(until)))
    assert (len(seen.flagged), len(seen.held_out)) == (flags, weeks)


def test_the_manifest_tells_feedback_from_other_feedback() -> None:
    digests = {
        one.parameters()["feedback.sha256"]
        for one in (FEEDBACK, replace(FEEDBACK, cap=2.0), Feedback(flagged=(FLAG,)))
    }
    assert len(digests) == 3
    assert Feedback().parameters() == {}
    assert FEEDBACK.parameters()["feedback.flags"] == 1
