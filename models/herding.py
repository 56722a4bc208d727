"""Fire sales: what a shock becomes when everybody sells because of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

ROUNDS = 200
"""Rounds of selling before the spiral is taken to have ended."""


@dataclass(frozen=True, slots=True)
class Funds:
    """Who holds what, on how much equity.

    Attributes
    ----------
    holdings : array of shape (fund, asset)
        Currency, at least zero.
    equity : array of shape (fund,)
        Currency, above zero.
    depth : array of shape (asset,)
        Currency whose sale takes the price down by a factor e; infinite where sales move nothing.

    Raises
    ------
    ValueError
        If a holding is short, an equity or a depth is not above zero.
    """

    holdings: Float[np.ndarray, "fund asset"]
    equity: Float[np.ndarray, " fund"]
    depth: Float[np.ndarray, " asset"]

    def __post_init__(self) -> None:
        if not (self.holdings >= 0.0).all():
            raise ValueError("holdings must be at least zero: who is short does not fire-sell.")
        if not ((self.equity > 0.0).all() and (self.depth > 0.0).all()):
            raise ValueError("equity and depth must be above zero. Leave out who has failed.")

    @property
    def leverage(self) -> Float[np.ndarray, " fund"]:
        """Assets over equity."""
        return self.holdings.sum(axis=1) / self.equity


@dataclass(frozen=True, slots=True)
class Spiral:
    """How a shock ended.

    Attributes
    ----------
    first_loss, total_loss : float
        Of all funds together: from the shock alone, and after the sales; currency, positive.
    price : array of shape (asset,)
        Final price over the one before the shock.
    sold : array of shape (asset,)
        At the prices before the shock; currency.
    rounds : int
        Rounds in which somebody sold.
    failed : bool array of shape (fund,)
        Funds whose equity is gone.
    """

    first_loss: float
    total_loss: float
    price: Float[np.ndarray, " asset"]
    sold: Float[np.ndarray, " asset"]
    rounds: int
    failed: np.ndarray

    @property
    def amplification(self) -> float:
        """Total over first loss; exactly one where sales move no price."""
        return self.total_loss / self.first_loss


def leverage_targeting(
    funds: Funds, shock: Float[np.ndarray, " asset"], *, rounds: int = 1
) -> Spiral:
    """Every fund sells until its leverage is what it was, each asset in proportion.

    Parameters
    ----------
    funds : Funds
    shock : array of shape (asset,)
        Simple return of each asset, at most zero and above -1.
    rounds : int
        One is the published model.

    References
    ----------
    Greenwood, Landier and Thesmar (2015), *Vulnerable banks*.
    """
    target = funds.leverage
    return _spiral(funds, shock, target, target, rounds)


def threshold_deleveraging(
    funds: Funds,
    shock: Float[np.ndarray, " asset"],
    *,
    limit: Float[np.ndarray, " fund"],
    target: Float[np.ndarray, " fund"],
    rounds: int = ROUNDS,
) -> Spiral:
    """Funds sell only once their leverage passes a limit, and then down to a target below it.

    Parameters
    ----------
    funds : Funds
    shock : array of shape (asset,)
        Simple return of each asset, at most zero and above -1.
    limit, target : array of shape (fund,)
        Leverage; each target is at least one and at most its limit.

    References
    ----------
    Cont and Schaanning (2017), *Fire sales, indirect contagion and systemic stress testing*.
    """
    if not ((target >= 1.0) & (target <= limit)).all():
        raise ValueError("target must be at least one and at most the limit, fund by fund.")
    return _spiral(funds, shock, limit, target, rounds)


def amplification_curve(
    funds: Funds,
    shock: Float[np.ndarray, " asset"],
    limits: Float[np.ndarray, "fund model"],
    *,
    shares: Float[np.ndarray, " share"],
    buffer: float = 0.1,
) -> Float[np.ndarray, " share"]:
    """Amplification as more and more funds take the same model's limit for their own.

    Parameters
    ----------
    funds : Funds
    shock : array of shape (asset,)
    limits : array of shape (fund, 2)
        Largest leverage each fund may have: by its own model, and by the shared one.
    shares : array of shape (share,)
        Share of funds that follow the shared model, each in [0, 1]; the first ones follow.
    buffer : float
        How far below its limit a fund that sells goes.
    """
    if not ((shares >= 0.0) & (shares <= 1.0)).all():
        raise ValueError(f"shares must lie in [0, 1], got {shares.tolist()}.")
    curve = np.empty(len(shares))
    for place, share in enumerate(shares):
        follows = np.arange(len(funds.equity)) < round(share * len(funds.equity))
        limit = np.where(follows, limits[:, 1], limits[:, 0])
        target = np.maximum((1.0 - buffer) * limit, 1.0)
        told = threshold_deleveraging(funds, shock, limit=limit, target=target)
        curve[place] = told.amplification
    return curve


def _spiral(
    funds: Funds,
    shock: Float[np.ndarray, " asset"],
    limit: Float[np.ndarray, " fund"],
    target: Float[np.ndarray, " fund"],
    rounds: int,
) -> Spiral:
    if not ((shock <= 0.0) & (shock > -1.0)).all() or not (shock < 0.0).any():
        raise ValueError("shock must hold simple returns in (-1, 0], one of them below zero.")
    held = funds.holdings.copy()  # units, at a price of one before the shock
    price = 1.0 + shock
    equity = funds.equity + funds.holdings @ shock
    first = float(-(funds.holdings @ shock).sum())
    sold = np.zeros(len(shock))
    extra = np.zeros(len(equity))  # lost to the sales; kept apart, so that no sale is exactly none
    last = 0
    for turn in range(1, rounds + 1):
        assets = held @ price
        over = (equity > 0.0) & (assets > limit * equity * (1.0 + 1e-12))
        # Who has nothing left is wound up: all of it goes.
        wanted = np.where(equity > 0.0, np.where(over, assets - target * equity, 0.0), assets)
        share = np.clip(
            np.divide(wanted, assets, out=np.zeros_like(assets), where=assets > 0), 0, 1
        )
        sale = share @ held
        if not (sale * price > 1e-12 * funds.holdings.sum(axis=0).max()).any():
            break
        # The book is sold on the way down: on average at the logarithmic mean of both prices.
        fall = sale * price / funds.depth
        after = price * np.exp(-fall)
        far = fall > 1e-8  # nearer, the quotient would round, and no impact would not be none
        mean = price * np.where(far, -np.expm1(-fall) / np.where(far, fall, 1.0), 1.0 - 0.5 * fall)
        sales = share[:, None] * held
        lost = (held - sales) @ (price - after) + sales @ (price - mean)
        equity, extra = equity - lost, extra + lost
        held = held - sales
        price, sold, last = after, sold + sale, turn
    return Spiral(first, first + float(extra.sum()), price, sold, last, equity <= 0.0)
