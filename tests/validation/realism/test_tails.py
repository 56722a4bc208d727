# pyright: reportOptionalMemberAccess=false, reportOperatorIssue=false, reportOptionalOperand=false

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import norm

from models.measures import expected_shortfall, value_at_risk
from validation.realism.sample import PathSample
from validation.realism.strategies import default_books, session_scale
from validation.realism.tails import LEVELS, shortfall_bias, tail_error, tail_measures, tail_table

LADDER = -np.arange(1.0, 101.0)  # losses 1..100
ONCE = np.ones((1, 100), dtype=np.float32)


def table(moves, *, like=None, logarithmic=False, draws=100):
    kinds = np.full(moves.shape[2], logarithmic)
    sample = PathSample(moves, kinds)
    real = sample if like is None else PathSample(like, kinds)
    books = default_books(real, seed=0)
    scale, book_scale = session_scale(real, books)
    return tail_table(sample, books=books, scale=scale, book_scale=book_scale, seed=0, draws=draws)


def test_hand_counted():
    found = tail_measures(LADDER[:, None], ONCE)[0, 0]
    np.testing.assert_allclose(found, [[99, 100], [98, 99.2], [95, 98]])


def test_a_resample_is_measured_as_if_it_were_written_out(generator):
    """By the measures of the other room, which shares no code."""
    pnl = generator.standard_t(3, size=400)
    times = np.bincount(generator.integers(400, size=400), minlength=400)
    found = tail_measures(pnl[:, None], times[None].astype(np.float32))[0, 0]
    written = np.repeat(pnl, times)
    for level, alpha in enumerate(LEVELS):
        assert found[level, 0] == value_at_risk(written, alpha=alpha)
        assert found[level, 1] == pytest.approx(expected_shortfall(written, alpha=alpha))


@given(arrays(np.float64, (120, 2), elements=st.floats(-1e6, 1e6)))
def test_shortfall_is_at_least_var_and_both_grow_with_the_level(pnl):
    found = tail_measures(pnl, np.ones((1, 120), dtype=np.float32))[0]
    slack = 1e-9 * np.abs(pnl).max()
    assert (found[..., 1] >= found[..., 0]).all()
    assert (np.diff(found, axis=1) <= slack).all()


def test_too_few_paths_are_refused():
    with pytest.raises(ValueError, match="Pass at least 100"):
        tail_measures(LADDER[:50, None], ONCE[:, :50])


def test_losses_a_tenth_larger_are_an_error_and_a_bias_of_a_tenth(generator):
    moves = generator.normal(size=(3_000, 2, 3))
    real, larger = table(moves), table(1.1 * moves, like=moves)
    assert tail_error(larger, real, strategy="static").value == pytest.approx(0.1)
    bias = shortfall_bias(larger, real)
    assert bias.value == pytest.approx(0.1)
    assert bias.n == 9  # three assets at three levels; a book of differences holds nothing


def test_the_error_of_a_normal_law_is_what_its_quantiles_say(generator):
    """VaR of sigma 1.2 against 1.0, all from the closed form."""
    real, wide = (table(generator.normal(scale=s, size=(20_000, 1, 1))) for s in (1.0, 1.2))
    assert real.estimates["static"].values[0] == pytest.approx(norm.ppf(0.99), rel=0.04)
    assert shortfall_bias(wide, real).value == pytest.approx(0.2, abs=0.05)


def test_order_within_a_path_is_seen_by_strategies_and_not_by_a_static_book(generator):
    """Persistent moves reward the trend; sorted anew, each path has the same sum."""
    shocks = generator.normal(size=(4_000, 8, 2))
    moves = shocks.copy()
    moves[:, 1:] += 0.5 * shocks[:, :-1]
    shuffled = generator.permuted(moves, axis=1)
    real, other = table(moves), table(shuffled, like=moves)
    assert tail_error(other, real, strategy="static").value == pytest.approx(0.0, abs=1e-12)
    assert tail_error(other, real, strategy="trend").value > 0.1


def test_a_better_candidate_than_the_baseline_has_a_small_p(generator):
    laws = [generator.normal(scale=scale, size=(4_000, 1, 2)) for scale in (1.0, 1.02, 1.4)]
    real, near, far = (table(law, like=laws[0]) for law in laws)
    assert tail_error(near, real, baseline=far).p_better < 0.05
    assert tail_error(far, real, baseline=near).p_better > 0.95
    assert shortfall_bias(far, real).p_value < 0.05


def test_a_position_that_never_loses_is_no_scale():
    moves = np.ones((200, 2, 1))
    assert tail_error(table(moves), table(moves)).status.startswith("not_computable")
    assert shortfall_bias(table(moves), table(moves)).status.startswith("not_computable")
