"""Where the P&L between two days came from: time, each kind of factor, and what is left over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from jaxtyping import Float

from features.positions import Position
from features.pricing_market import PricingMarket
from models.instruments.bond_future import bond_future_legs
from models.instruments.book import PricedBook, priced_book
from models.instruments.cash_flows import Legs
from models.instruments.discounting import curve_of, discount_today, node_weights
from models.instruments.forwards import FutureBatch
from models.instruments.frn import fixing
from models.instruments.risk_factors import Factor, FactorScenarios, base_levels
from models.instruments.schedules import Period, periods
from models.instruments.surface import grid_weights
from models.instruments.terms import given
from models.portfolio import position_pnl

PAYING = ("bond", "frn", "irs", "cds")
"""Types that pay on fixed days."""

PositionPnl = Float[np.ndarray, " position"]


@dataclass(frozen=True, slots=True)
class Carry:
    """What time alone does to a book: the market as it is, some days later.

    Attributes
    ----------
    positions : tuple of Position
        Those that are alive on the later day.
    pnl : array of shape (position,)
        In the base currency; accrual, roll-down, decay, what is paid in between, and what a
        future's price drifts by. A price stays where it is, also where a dividend is due.
    later : PricedBook
        The positions at today's levels on the later day.
    ended : tuple of str
        Positions that end by then; nothing is said of them.
    """

    positions: tuple[Position, ...]
    pnl: PositionPnl
    later: PricedBook
    ended: tuple[str, ...]


def carry(
    positions: Sequence[Position], market: PricingMarket, *, to: pd.Timestamp, base_currency: str
) -> Carry:
    """What time alone makes of positions.

    Parameters
    ----------
    positions : sequence of Position
    market : PricingMarket
        Its quotes keep their tenors: a curve rolls down with time.
    to : Timestamp
        The later day.
    base_currency : str

    Raises
    ------
    ValueError
        If ``to`` lies before the market's as-of, or a position cannot be priced.
    """
    if to < market.as_of:
        raise ValueError(
            f"to must not lie before the as-of {market.as_of:%Y-%m-%d}, got {to:%Y-%m-%d}."
        )
    alive = tuple(one for one in positions if one.ends is None or one.ends > to)
    ended = tuple(one.instrument for one in positions if one.ends is not None and one.ends <= to)
    now = priced_book(alive, market, base_currency=base_currency)
    then = priced_book(alive, aged(market, to), base_currency=base_currency)
    pnl = then.today() - now.today()
    pnl = pnl + _rates(now) * _paid(alive, market, to)
    pnl = pnl + _rates(then) * _settled(then, now, aged(market, to), market)
    return Carry(alive, pnl, then, ended)


@dataclass(frozen=True, slots=True)
class Explained:
    """P&L of positions between two days, by cause; the parts sum to ``total``.

    Attributes
    ----------
    positions : tuple of Position
    total : array of shape (position,)
        Change of market value, with what was paid in between and what futures settled.
    parts : mapping of cause to array of shape (position,)
        ``carry``; each group of factors moved alone; ``cross``, what they did together and none
        alone; ``unexplained``, what full revaluation by factors does not reach: quotes at other
        tenors and strikes than those the book stands on, and the running coupons' new fixing.
    ended : tuple of str
        Positions that ended in between; nothing is said of them.
    """

    positions: tuple[Position, ...]
    total: PositionPnl
    parts: Mapping[str, PositionPnl]
    ended: tuple[str, ...]


def pnl_explain(
    positions: Sequence[Position],
    before: PricingMarket,
    after: PricingMarket,
    *,
    base_currency: str,
) -> Explained:
    """P&L of the same positions between two days, shared out by revaluation.

    First time passes at the levels of before, then each group of factors moves alone, then all.

    Parameters
    ----------
    positions : sequence of Position
        Held throughout.
    before, after : PricingMarket
        Of the two days. A surface, a curve or spreads that only one of them has are no quotes of
        both; give those of one to the other to hold them still.
    base_currency : str

    Raises
    ------
    ValueError
        If a position cannot be priced on both days.
    """
    time = carry(positions, before, to=after.as_of, base_currency=base_currency)
    factors = time.later.factors
    moves = factor_moves(factors, after)
    groups = [factor.group for factor in factors]
    causes = tuple(dict.fromkeys(group for group in groups if group != "default"))
    alone = np.stack(
        [np.where(np.array(groups) == cause, moves, 0.0) for cause in causes] + [moves]
    )
    found = position_pnl(time.later, FactorScenarios(factors, alone))
    parts: dict[str, PositionPnl] = {"carry": time.pnl}
    parts |= {cause: found[k] for k, cause in enumerate(causes)}
    parts["cross"] = found[-1] - found[:-1].sum(axis=0)
    total = _realised(time.positions, before, after, base_currency)
    parts["unexplained"] = total - np.sum(list(parts.values()), axis=0)
    return Explained(time.positions, total, parts, time.ended)


def factor_moves(factors: Sequence[Factor], market: PricingMarket) -> Float[np.ndarray, " factor"]:
    """Move of each factor from its base to where another day's quotes have it.

    Nodes that the other day does not quote are read off its curve or surface.

    Raises
    ------
    ValueError
        If the market lacks what a factor belongs to.
    """
    levels = np.array([_level(factor, market) for factor in factors])
    base = np.array([factor.base for factor in factors])
    in_logs = np.array([factor.move == "log" for factor in factors])
    ratio = np.where(in_logs, levels / np.where(in_logs, base, 1.0), 1.0)
    return np.where(in_logs, np.log(ratio), levels - base)


def aged(market: PricingMarket, to: pd.Timestamp) -> PricingMarket:
    """The same quotes on a later day; dividends that were due by then are no longer to come."""
    return replace(
        market,
        as_of=to,
        dividends={
            name: tuple(one for one in paid if one[0] > to)
            for name, paid in market.dividends.items()
        },
    )


def _level(factor: Factor, market: PricingMarket) -> float:
    if factor.group == "default":
        return factor.base
    table = {"curve": market.curves, "credit": market.credit, "vol": market.surfaces}
    kind = factor.name.partition(":")[0]
    if kind not in table or ":" not in factor.name:
        if factor.name not in market.closes:
            raise ValueError(f"{factor.name} has no close on {market.as_of:%Y-%m-%d}.")
        return market.closes[factor.name]
    if factor.owner not in table[kind]:
        raise ValueError(
            f"{factor.owner} has no quotes on {market.as_of:%Y-%m-%d}. Add them, or hold those of "
            f"the other day."
        )
    if kind == "curve":
        curve = market.curves[factor.owner]
        return float(node_weights(curve.tenors, factor.tenor) @ curve.rates)
    if kind == "credit":
        credit = market.credit[factor.owner]
        return float(node_weights(credit.tenors, factor.tenor) @ credit.spreads)
    surface = market.surfaces[factor.owner]
    expiry = pd.Timestamp(factor.name.split(":")[2])
    years = market.years(expiry)
    if years <= 0.0:
        return factor.base
    weights = grid_weights(surface, market, expiry, factor.strike)
    total = sum(weight * float(surface.vols[node]) ** 2 for node, weight in weights.items())
    return float(np.sqrt(total / years))


def _realised(
    positions: Sequence[Position],
    before: PricingMarket,
    after: PricingMarket,
    base_currency: str,
) -> PositionPnl:
    first = priced_book(positions, before, base_currency=base_currency)
    last = priced_book(positions, after, base_currency=base_currency)
    total = last.today() - first.today()
    total = total + _rates(first) * _paid(positions, before, after.as_of)
    return total + _rates(last) * _settled(last, first, after, before)


def _rates(book: PricedBook) -> PositionPnl:
    """Base currency for one unit of each position's own."""
    return book.conversion.rates(base_levels(book.factors)[0])[:, 0].numpy()


def _paid(positions: Sequence[Position], market: PricingMarket, to: pd.Timestamp) -> PositionPnl:
    """Coupons, fixed and floating payments and premiums due by a day, in their own currency."""
    return np.array([one.quantity * _due(one, market, to) for one in positions])


def _due(position: Position, market: PricingMarket, to: pd.Timestamp) -> float:
    """What one unit pays by a day, unless its issuer defaults."""
    if position.type not in PAYING:
        return 0.0
    notional = float(position.notional or 0.0)
    coming = periods(
        given(position, "maturity"),
        frequency=position.frequency or 4,
        day_count=position.day_count or "ACT/360",
        currency=position.currency,
        as_of=market.as_of,
        adjusted=position.type in ("irs", "cds"),
    )
    due = [period for period in coming if period.pay <= to]
    return notional * float(
        np.sum([period.accrual * _rate(position, period, market) for period in due])
    )


def _rate(position: Position, period: Period, market: PricingMarket) -> float:
    """Rate that one unit of face receives over a period."""
    if position.type == "bond":
        return float(position.coupon or 0.0)
    if position.type == "cds":
        return -float(position.fixed_rate or 0.0)
    floating = _floating(position, period, market)
    if position.type == "frn":
        return floating + float(position.coupon or 0.0)
    net = floating - float(position.fixed_rate or 0.0)
    return -net if position.pay_receive == "receive" else net


def _floating(position: Position, period: Period, market: PricingMarket) -> float:
    curve = position.float_index or curve_of(position.currency, market, named=position.curve)
    start, end = market.years(period.start), market.years(period.end)
    if start <= 0.0:
        return fixing(curve, period, position.day_count, market)
    on = market.curves[curve]
    return (discount_today(on, start) / discount_today(on, end) - 1.0) / period.accrual


def _settled(
    last: PricedBook, first: PricedBook, after: PricingMarket, before: PricingMarket
) -> PositionPnl:
    """What the futures of a book settled between two days, in each position's own currency."""
    found = np.zeros(len(last.positions))
    for now, then in zip(_future_batches(last), _future_batches(first), strict=True):
        gain = now.quantities * (now.settled - then.settled)
        found[list(now.positions)] = gain[:, 0].numpy()
    for place, one in enumerate(last.positions):
        if one.type == "future" and one.coupon is not None:
            found[place] = one.quantity * (
                _agreed(bond_future_legs(one, after)) - _agreed(bond_future_legs(one, before))
            )
    return found


def _future_batches(book: PricedBook) -> list[FutureBatch]:
    return [batch for batch in book.batches if isinstance(batch, FutureBatch)]


def _agreed(legs: Legs) -> float:
    """Price at which one contract of a bond future stands: what its legs give for it today."""
    return -sum(amount for (product, _), amount in legs.payments() if not product)
