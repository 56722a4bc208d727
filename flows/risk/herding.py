"""What becomes of a bad session when many funds sell because of it: with one model, and with many.

Funds hold what the book holds, in shares that are alike but not the same, on borrowed money. A bad
session raises what each fund's model says of its risk; whose leverage is then more than the model
allows sells down, which moves prices, which moves the others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from features.market import MarketData
from features.returns import book_history, instrument_history
from features.volatility import ewma_volatility
from flows.risk.change import ALPHA
from flows.risk.linear import Weights
from flows.risk.liquidity import HALF_LIFE, PARTICIPATION, USUAL
from flows.risk.request import RiskRequest
from flows.risk.revalued import Quantities
from flows.scenario_sets.files import ScenarioSet
from models.baselines import forecast_series
from models.herding import Funds, amplification_curve, leverage_targeting
from models.liquidity import Impact
from models.measures import tail_paths

OURS = "gjr_fhs"
"""Whose reaction to a bad session is taken for ours: the learned tail is a map of it."""
OTHERS: Mapping[str, int] = {"hs_250": 250, "hs_500": 500, "ewma": 250, "garch_fhs": 500}
"""What funds use that do not share our model, each as often as the other; sessions it needs."""
FEWEST = 500
"""Sessions that ours needs."""
REACTS_AT = 0.99
LEVERAGE = 5.0
"""Assets over equity of every fund before the session."""
HEADROOM = 0.25
"""Funds lie up to this share below what their model allowed the day before."""
BUFFER = 0.1
"""A fund that has to sell goes this share below its limit."""
UNLIKE = 0.5
"""Deviation of the logarithm of a fund's holding from the book's."""
DRAWN = 200
"""Funds that are drawn; they stand for any number, each in proportion."""
SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
TENTH = 1.1
MOST = 1e9
"""Funds beyond which nobody looks."""


@dataclass(frozen=True, slots=True)
class Crowd:
    """Funds alike to one book, before a bad session, and what their models allow after it.

    Attributes
    ----------
    one : array of shape (fund, asset)
        Holdings of funds of one unit of currency each.
    depth : array of shape (asset,)
    shock : array of shape (asset,)
        Simple returns of the bad session, at most zero.
    limits : array of shape (fund, 2)
        Largest leverage: by a model of its own, and by ours.
    """

    one: Float[np.ndarray, "fund asset"]
    depth: Float[np.ndarray, " asset"]
    shock: Float[np.ndarray, " asset"]
    limits: Float[np.ndarray, "fund 2"]

    def funds(self, together: float) -> Funds:
        """The crowd, when all of it together holds an amount of currency."""
        size = together / len(self.one)
        return Funds(self.one * size, np.full(len(self.one), size / LEVERAGE), self.depth)

    def amplified(
        self,
        together: float,
        *,
        shares: tuple[float, ...] = SHARES,
        limits: Float[np.ndarray, "fund 2"] | None = None,
    ) -> Float[np.ndarray, " share"]:
        """Total over first loss, by the share of funds that follow our model."""
        allowed = self.limits if limits is None else limits
        return amplification_curve(
            self.funds(together), self.shock, allowed, shares=np.array(shares), buffer=BUFFER
        )


def herding_of(
    request: RiskRequest,
    book: Weights | Quantities,
    told: ScenarioSet,
    market: MarketData,
) -> dict[str, Any] | None:
    """What herding does to a book, where it was asked for.

    Parameters
    ----------
    request : RiskRequest
        ``herding`` is the number of funds.
    book : Weights or Quantities
        What is held long of prices and currencies; the rest of it nobody fire-sells.
    told : ScenarioSet
    market : MarketData
    """
    if request.herding is None:
        return None
    if isinstance(book, Weights):
        held = {name: weight for name, weight in book.weights.items() if weight > 0.0}
    else:
        worth = zip(book.held, book.priced.today().tolist(), strict=True)
        held = {
            one.instrument: value
            for one, value in worth
            if one.type in ("equity", "fx_spot") and value > 0.0
        }
    return herding(
        held, told, market, funds=request.herding, value=request.value, seed=request.seed
    )


def herding(
    held: Mapping[str, float],
    told: ScenarioSet,
    market: MarketData,
    *,
    funds: int,
    value: float | None,
    seed: int,
) -> dict[str, Any]:
    """How much worse a bad session becomes if many funds hold the book and share our model.

    Parameters
    ----------
    held : mapping of instrument to float
        Shares of the book that can be sold, above zero; they are scaled to sum to one.
    told : ScenarioSet
        The worst first sessions of what the funds hold are the shock.
    market : MarketData
        Volumes say how deep each holding trades.
    funds : int
    value : float, optional
        Of each fund, in the currency of the volumes; by default what can be sold in a session.
    seed : int
        Of who holds how much.

    Returns
    -------
    dict
        ``status`` computed, or why not; ``amplification`` at that many funds by the share that
        follows our model, ``models`` if all used each, ``curve`` by the number of funds, ``tenth``
        the number of funds that make the loss a tenth larger, and every assumption.

    References
    ----------
    Greenwood, Landier and Thesmar (2015), *Vulnerable banks*; Cont and Schaanning (2017), *Fire
    sales, indirect contagion and systemic stress testing*.
    """
    if not held:
        return {"status": "the book holds nothing long that trades: nobody fire-sells it"}
    names, weights = list(held), np.array(list(held.values()), dtype=np.float64)
    weights = weights / weights.sum()
    volume = np.array([_usual_volume(market, name) for name in names])
    depth = volume / (Impact().permanent * np.array([_volatility(market, n) for n in names]))
    depth = np.where(np.isfinite(depth), depth, np.inf)
    if not np.isfinite(volume).any():
        return {
            "status": "no volume is known of anything the book holds: how deep it trades is not"
        }
    shock = _shock(names, weights, told)
    if not (shock < 0.0).any():
        return {"status": "nothing that the book holds long falls in any session"}
    try:
        reactions = _reactions(
            market, dict(zip(names, weights, strict=True)), float(weights @ shock)
        )
    except ValueError as error:
        return {"status": str(error)}
    size = value or float(np.nanmin(PARTICIPATION * volume / weights))
    generator = np.random.default_rng(seed)
    alike = weights * np.exp(UNLIKE * generator.standard_normal((DRAWN, len(names))))
    room = LEVERAGE * (1.0 + HEADROOM * generator.random(DRAWN))
    others = [name for name in reactions if name != OURS]
    own = np.array([reactions[others[fund % len(others)]] for fund in range(DRAWN)])
    crowd = Crowd(
        one=alike / alike.sum(axis=1, keepdims=True),
        depth=depth,
        shock=shock,
        limits=np.column_stack([room / own, room / reactions[OURS]]),
    )
    together = funds * size
    return {
        "status": "computed",
        "funds": funds,
        "value": size,
        "value_is": "given" if value else "what a tenth of a session's volume lets one fund sell",
        "shock": float(weights @ shock),
        "amplification": _rows("share", SHARES, crowd.amplified(together)),
        "published": leverage_targeting(crowd.funds(together), shock).amplification,
        "models": [
            {
                "model": name,
                "reaction": reaction,
                "amplification": float(
                    crowd.amplified(
                        together, shares=(1.0,), limits=np.column_stack([room, room / reaction])
                    )[0]
                ),
            }
            for name, reaction in reactions.items()
        ],
        "curve": [
            {"funds": count, "own": float(own_), "shared": float(shared)}
            for count in (funds * 10.0 ** (step / 5.0) for step in range(-5, 6))
            for own_, shared in [crowd.amplified(count * size, shares=(0.0, 1.0))]
        ],
        "tenth": {
            name: _funds_at(lambda n, s=share: float(crowd.amplified(n * size, shares=(s,))[0]))
            for name, share in (("own", 0.0), ("shared", 1.0))
        },
        "holdings": [
            {
                "position": name,
                "share": float(weights[k]),
                "shock": float(shock[k]),
                "days_of_volume": float(weights[k] * together / volume[k])
                if np.isfinite(volume[k])
                else None,
            }
            for k, name in enumerate(names)
        ],
        "assumptions": {
            "leverage": LEVERAGE,
            "headroom": HEADROOM,
            "sold_below_limit": BUFFER,
            "daily_volatilities_for_a_days_volume": Impact().permanent,
            "deviation_of_holdings": UNLIKE,
        },
    }


def _usual_volume(market: MarketData, name: str) -> float:
    """Middle of what was traded in the last sessions, in currency; NaN where nothing is known."""
    for field in ("dollar_volume", "volume"):
        if field in market.bars and name in market.bars[field]:
            traded = market.bars[field][name].dropna()
            if field == "volume":
                traded = traded * market.close[name].reindex(traded.index)
            usual = float(traded.iloc[-USUAL:].median())
            if usual > 0.0:
                return usual
    return float("nan")


def _volatility(market: MarketData, name: str) -> float:
    """Daily, as of now."""
    return float(ewma_volatility(instrument_history(market, name).returns, half_life=HALF_LIFE)[-1])


def _shock(
    names: list[str], weights: Float[np.ndarray, " asset"], told: ScenarioSet
) -> Float[np.ndarray, " asset"]:
    """Mean simple return of each holding over the sessions that make their ES; no gains."""
    place = {asset.instrument: k for k, asset in enumerate(told.assets)}
    at = [place[name] for name in names]
    returns = np.expm1(np.asarray(told.moves[:, 0])[:, at].astype(np.float64))
    tail = tail_paths(returns @ weights, alpha=ALPHA, weights=told.weights)
    mean = (tail.share @ returns[tail.paths]) / tail.share.sum()
    return np.minimum(mean, 0.0)


def _reactions(market: MarketData, weights: Mapping[str, float], loss: float) -> dict[str, float]:
    """VaR of each model after a session with such a return, over the one before it."""
    past = book_history(market, weights, name="the funds' book").returns
    models = [name for name, needs in {**OTHERS, OURS: FEWEST}.items() if len(past) >= needs]
    if OURS not in models or len(models) == 1:
        raise ValueError(
            f"the book has {len(past)} sessions; how models react to a bad one is read "
            f"off at least {FEWEST}"
        )
    count = len(past)
    told = forecast_series(
        np.append(past, loss), models=models, alphas=(REACTS_AT,), first=count, every=count
    )
    return {name: float(one.var[count, 0] / one.var[count - 1, 0]) for name, one in told.items()}


def _funds_at(amplified: Callable[[float], float]) -> float | None:
    """Number of funds from which the loss is a tenth larger; None where no crowd does it."""
    low, high = 0.0, 1.0
    while amplified(high) < TENTH:
        low, high = high, 4.0 * high
        if high > MOST:
            return None
    for _ in range(24):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if amplified(middle) < TENTH else (low, middle)
    return high


def _rows(
    key: str, places: tuple[float, ...], found: Float[np.ndarray, " place"]
) -> list[dict[str, float]]:
    return [
        {key: place, "amplification": float(one)} for place, one in zip(places, found, strict=True)
    ]
