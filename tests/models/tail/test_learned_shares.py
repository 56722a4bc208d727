"""Shares are learned from the past alone, and find a mixture that is known to be the best."""

import numpy as np
import pytest
import torch
from scipy import stats

from models.tail.learned_shares import Learning, Told, fz0_slope, learned_shares
from models.tail.loss import fz0

ALPHA = 0.975
TRUE_VAR = -stats.norm.ppf(1 - ALPHA)
TRUE_ES = stats.norm.pdf(TRUE_VAR) / (1 - ALPHA)
FIXED = (1 / 3, 1 / 3, 1 / 3)
FREE = Learning(rate=0.05, floor=0.0, towards=0.0)


def told(sessions: int, *, series: int = 20, seed: int = 0) -> Told:
    """Two experts that err by 30% in opposite directions, so that their mean is the truth, and one
    that is half too high."""
    rng = np.random.default_rng(seed)
    session = np.repeat(np.arange(sessions), series)
    wrong = 0.3 * rng.choice([-1.0, 1.0], len(session))
    size = np.column_stack([1.0 + wrong, 1.0 - wrong, np.full(len(session), 1.5)])
    return Told(session, rng.standard_normal(len(session)), TRUE_VAR * size, TRUE_ES * size)


def score(one: Told, shares: np.ndarray) -> float:
    """Mean FZ0 of a combination, by the loss that heads train on."""
    var, es = ((x * shares).sum(axis=1, keepdims=True) for x in (one.var, one.es))
    pnl, v, e = (torch.as_tensor(x) for x in (-one.loss[:, None], var, es))
    return float(fz0(pnl, v, e, torch.tensor([1 - ALPHA])).mean())


def test_the_best_mixture_is_found_where_no_expert_is_right_alone():
    shares = learned_shares(told(2500), alpha=ALPHA, fixed=FIXED, learning=FREE)
    np.testing.assert_allclose(shares[-20_000:].mean(axis=0), [0.5, 0.5, 0.0], atol=0.05)


def test_the_regret_against_the_best_mixture_is_small_and_falls_with_time():
    one = told(4000, seed=1)
    shares = learned_shares(one, alpha=ALPHA, fixed=FIXED, learning=FREE)
    best = np.tile([0.5, 0.5, 0.0], (len(one.loss), 1))

    def regret(rows: slice) -> float:
        part = Told(one.session[rows], one.loss[rows], one.var[rows], one.es[rows])
        return score(part, shares[rows]) - score(part, best[rows])

    start = score(one, np.tile(FIXED, (len(one.loss), 1))) - score(one, best)
    early, late = regret(slice(0, 10_000)), regret(slice(60_000, None))
    assert late < 0.25 * start
    assert late < early < start


def test_the_slope_is_that_of_the_score():
    one = told(3, seed=2)
    shares = torch.tensor([0.2, 0.5, 0.3], dtype=torch.float64, requires_grad=True)
    var, es = ((torch.as_tensor(x) @ shares)[:, None] for x in (one.var, one.es))
    pnl = torch.as_tensor(-one.loss[:, None])
    fz0(pnl, var, es, torch.tensor([1 - ALPHA], dtype=torch.float64)).mean().backward()
    found = fz0_slope(one, np.arange(60), shares.detach().numpy(), alpha=ALPHA)
    assert shares.grad is not None
    np.testing.assert_allclose(found, shares.grad.numpy(), rtol=1e-9)


def test_cutting_the_future_leaves_past_shares_as_they_were():
    whole = told(300, seed=3)
    short = Told(whole.session[:4000], whole.loss[:4000], whole.var[:4000], whole.es[:4000])
    np.testing.assert_array_equal(
        learned_shares(short, alpha=ALPHA, fixed=FIXED),
        learned_shares(whole, alpha=ALPHA, fixed=FIXED)[:4000],
    )


@pytest.mark.parametrize("horizon", [1, 10])
def test_a_target_on_the_date_of_the_origin_is_not_known_yet(horizon: int):
    """Losses of origins from session 100 on are first seen ``horizon + 1`` sessions later."""
    one = told(150, seed=4)
    loss = one.loss.copy()
    loss[one.session >= 100] = 8.0
    before = one.session <= 100 + horizon
    first, changed = (
        learned_shares(
            Told(one.session, each, one.var, one.es), alpha=ALPHA, fixed=FIXED, horizon=horizon
        )
        for each in (one.loss, loss)
    )
    np.testing.assert_array_equal(first[before], changed[before])
    assert (first[one.session == 101 + horizon] != changed[one.session == 101 + horizon]).any()


def test_shares_sum_to_one_and_keep_their_floor():
    learning = Learning(rate=0.5, floor=0.05, towards=0.0)
    shares = learned_shares(told(500, seed=5), alpha=ALPHA, fixed=FIXED, learning=learning)
    np.testing.assert_allclose(shares.sum(axis=1), 1.0, rtol=1e-12)
    assert shares.min() >= 0.05


def test_drawn_all_the_way_back_they_are_the_fixed_ones():
    fixed = (0.6, 0.0, 0.4)
    shares = learned_shares(
        told(50, seed=6), alpha=ALPHA, fixed=fixed, learning=Learning(towards=1.0)
    )
    np.testing.assert_allclose(shares, np.tile(fixed, (1000, 1)))


def test_rows_in_which_an_expert_is_silent_teach_nothing():
    one = told(60, seed=7)
    var, loss = one.var.copy(), one.loss.copy()
    var[one.session < 30, 1] = np.nan
    loss[(one.session >= 30) & (one.session < 40)] = np.nan
    shares = learned_shares(
        Told(one.session, loss, var, one.es), alpha=ALPHA, fixed=FIXED, learning=FREE
    )
    np.testing.assert_allclose(shares[one.session <= 41], 1 / 3)
    assert np.isfinite(shares).all()
    assert (shares[-1] != shares[0]).any()


def test_what_cannot_be_learned_is_refused():
    with pytest.raises(ValueError, match="sum to one"):
        learned_shares(told(3), alpha=ALPHA, fixed=(0.5, 0.2, 0.2))
    with pytest.raises(ValueError, match="leaves nothing to learn"):
        learned_shares(told(3), alpha=ALPHA, fixed=FIXED, learning=Learning(floor=0.4))
    with pytest.raises(ValueError, match="towards must lie"):
        Learning(towards=1.5)
