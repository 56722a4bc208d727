"""Quotes of one instrument in one session: the best of all exchanges, its spread and its depth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class BestQuotes:
    """The best bid and ask after each quote, in order of time.

    A side at which nobody stands has price -inf (bid) or inf (ask) and size zero.

    Attributes
    ----------
    time : int array of shape (quote,)
        Nanoseconds since the epoch; equal instants are allowed.
    bid, ask : array of shape (quote,)
    bid_size, ask_size : array of shape (quote,)
        Units shown at the best price, over all exchanges that quote it.
    bid_depth, ask_depth : array of shape (quote,)
        Units shown over all levels; where only the best is known, that.
    """

    time: Int[np.ndarray, " quote"]
    bid: Float[np.ndarray, " quote"]
    ask: Float[np.ndarray, " quote"]
    bid_size: Float[np.ndarray, " quote"]
    ask_size: Float[np.ndarray, " quote"]
    bid_depth: Float[np.ndarray, " quote"]
    ask_depth: Float[np.ndarray, " quote"]

    @property
    def sound(self) -> Bool[np.ndarray, " quote"]:
        """Both sides stand, and the bid lies below the ask."""
        return np.isfinite(self.bid) & np.isfinite(self.ask) & (self.bid < self.ask)

    @property
    def crossed(self) -> Bool[np.ndarray, " quote"]:
        """The bid lies above the ask: two exchanges that had not yet heard of each other."""
        return np.isfinite(self.bid) & np.isfinite(self.ask) & (self.bid > self.ask)

    @property
    def middle(self) -> Float[np.ndarray, " quote"]:
        """Mean of bid and ask; NaN where the quote is not sound."""
        sound = self.sound
        return np.where(sound, self.bid, np.nan) / 2.0 + np.where(sound, self.ask, np.nan) / 2.0


def best_quotes(
    time: Int[np.ndarray, " quote"],
    bid: Float[np.ndarray, " quote"],
    ask: Float[np.ndarray, " quote"],
    bid_size: Float[np.ndarray, " quote"],
    ask_size: Float[np.ndarray, " quote"],
    *,
    exchange: Shaped[np.ndarray, " quote"] | None = None,
    bid_depth: Float[np.ndarray, " quote"] | None = None,
    ask_depth: Float[np.ndarray, " quote"] | None = None,
) -> BestQuotes:
    """The best of all exchanges after each quote (in the United States, the NBBO).

    A row is the whole quote of its exchange, which stands until that exchange's next row; a side
    that is missing is withdrawn. Where no row has both sides, the rows tell the sides of the best
    quote by turns and the exchange is who holds it: then each side stands until it is told anew.
    (Taken for whole quotes, those would cross nearly always: nobody says when he is outbid.)

    Parameters
    ----------
    time : int array of shape (quote,)
        Ascending nanoseconds since the epoch.
    bid, ask, bid_size, ask_size : array of shape (quote,)
        A side is missing where its price is, or where price or size is not above zero.
    exchange : array of shape (quote,), optional
        Who quotes; absent: one exchange.
    bid_depth, ask_depth : array of shape (quote,), optional
        Units over all levels, of a book of one exchange; NaN where not known.
    """
    bids, asks = (bid > 0.0) & (bid_size > 0.0), (ask > 0.0) & (ask_size > 0.0)
    if (bids & asks).any():
        who = np.zeros(len(time), dtype=np.intp)
        if exchange is not None:
            _, who = np.unique(exchange, return_inverse=True)
        best_bid, at_bid = _best(who, np.where(bids, bid, -np.inf), np.where(bids, bid_size, 0.0))
        best_ask, at_ask = _best(who, np.where(asks, -ask, -np.inf), np.where(asks, ask_size, 0.0))
    else:
        best_bid, at_bid = _standing(bids, bid, bid_size)
        best_ask, at_ask = _standing(asks, -ask, ask_size)
    return BestQuotes(
        time=time,
        bid=best_bid,
        ask=-best_ask,
        bid_size=at_bid,
        ask_size=at_ask,
        bid_depth=at_bid if bid_depth is None else np.where(bid_depth >= 0, bid_depth, at_bid),
        ask_depth=at_ask if ask_depth is None else np.where(ask_depth >= 0, ask_depth, at_ask),
    )


def quoted_spread(quotes: BestQuotes, *, until: int) -> float:
    """Spread over middle, each quote weighted by the time it stood; NaN without sound quotes.

    Parameters
    ----------
    quotes : BestQuotes
    until : int
        Nanoseconds since the epoch at which the last quote stops counting.
    """
    bid, ask = (np.where(quotes.sound, side, np.nan) for side in (quotes.bid, quotes.ask))
    return _time_weighted(quotes, (ask - bid) / quotes.middle, until)


def quoted_depth(quotes: BestQuotes, *, until: int) -> float:
    """Value shown on the mean of both sides, in currency, weighted by time like the spread."""
    shown = (quotes.bid_depth + quotes.ask_depth) / 2.0
    return _time_weighted(quotes, shown * quotes.middle, until)


def order_flow(quotes: BestQuotes) -> Float[np.ndarray, " change"]:
    r"""What each change of the best quotes adds to demand less supply, in units.

    :math:`e_n = q^b_n 1\{b_n \ge b_{n-1}\} - q^b_{n-1} 1\{b_n \le b_{n-1}\}
    - q^a_n 1\{a_n \le a_{n-1}\} + q^a_{n-1} 1\{a_n \ge a_{n-1}\}`: a bid that rises or grows, and
    an ask that rises or shrinks, are demand.

    Source: Cont, Kukanov and Stoikov (2014), *The price impact of order book events*.
    """
    bid, ask = quotes.bid, quotes.ask
    # Infinite prices compare as they should: a side that appears rises, one that goes falls.
    demand = np.where(bid[1:] >= bid[:-1], quotes.bid_size[1:], 0.0)
    demand -= np.where(bid[1:] <= bid[:-1], quotes.bid_size[:-1], 0.0)
    supply = np.where(ask[1:] <= ask[:-1], quotes.ask_size[1:], 0.0)
    supply -= np.where(ask[1:] >= ask[:-1], quotes.ask_size[:-1], 0.0)
    return demand - supply


def flow_imbalance(quotes: BestQuotes) -> float:
    """Sum of `order_flow` over the sum of its sizes, from -1 (all supply) to 1 (all demand).

    NaN where the best quotes never changed.
    """
    flow = order_flow(quotes)
    size = np.abs(flow).sum()
    return float(flow.sum() / size) if size > 0 else float("nan")


def _best(
    who: NDArray[np.intp], price: NDArray[np.float64], size: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Highest price among the exchanges after each quote, and the size they show at it."""
    rows = np.arange(len(price))
    best, at_best = np.full(len(price), -np.inf), np.zeros(len(price))
    for one in range(int(who.max(initial=-1)) + 1):
        last = np.maximum.accumulate(np.where(who == one, rows, -1))
        theirs = np.where(last >= 0, price[last], -np.inf)
        shown = np.where(last >= 0, size[last], 0.0)
        at_best = np.where(theirs > best, shown, at_best + np.where(theirs == best, shown, 0.0))
        best = np.maximum(best, theirs)
    return best, at_best


def _standing(
    told: NDArray[np.bool_], price: NDArray[np.float64], size: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Price and size of one side as last told."""
    last = np.maximum.accumulate(np.where(told, np.arange(len(told)), -1))
    return np.where(last >= 0, price[last], -np.inf), np.where(last >= 0, size[last], 0.0)


def _time_weighted(quotes: BestQuotes, values: NDArray[np.float64], until: int) -> float:
    stood = np.diff(quotes.time, append=max(until, quotes.time[-1]) if len(quotes.time) else 0)
    sound = quotes.sound
    weight = np.where(sound, stood.astype(np.float64), 0.0)
    total = weight.sum()
    if not total > 0:
        return float("nan")
    return float(np.where(sound, values, 0.0) @ weight / total)
