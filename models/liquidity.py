"""What it costs to get out: P&L of positions while they are sold, after spread and impact."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float


@dataclass(frozen=True, slots=True)
class Impact:
    r"""How our own trades move a price.

    Attributes
    ----------
    temporary : float
        Factor :math:`Y` of the square-root law: a trade of ``Q`` pays
        :math:`Y \sigma \sqrt{Q / V}` of its value, with daily volatility and daily volume.
    permanent : float
        What stays: the price of all that is still held falls by this many daily volatilities for
        a trade as large as a day's volume.

    References
    ----------
    Almgren, Thum, Hauptmann and Li (2005), *Direct estimation of equity market impact*; Toth and
    others (2011), *Anomalous price impact and the critical nature of liquidity*.
    """

    temporary: float = 1.0
    permanent: float = 0.3

    def __post_init__(self) -> None:
        if self.temporary < 0.0 or self.permanent < 0.0:
            raise ValueError(
                f"impact must be at least zero, got temporary {self.temporary:g} and permanent "
                f"{self.permanent:g}."
            )


@dataclass(frozen=True, slots=True)
class Liquidity:
    """Liquidity of each position along each path.

    Attributes
    ----------
    spread : array of shape (path, step, position)
        Bid-ask spread as a fraction of price.
    volatility : array of shape (path, step, position)
        Daily, of the simple return.
    volume : array of shape (path, step, position)
        Daily, in the currency of the values.
    """

    spread: Float[np.ndarray, "path step position"]
    volatility: Float[np.ndarray, "path step position"]
    volume: Float[np.ndarray, "path step position"]


@dataclass(frozen=True, slots=True)
class Liquidated:
    """P&L of a liquidation, path by path, and what of it was cost.

    Attributes
    ----------
    pnl : array of shape (path, position)
        Gain positive, costs deducted.
    exogenous, endogenous : array of shape (path, position)
        Spread paid, and what our own trades moved the price by; costs, positive.
    """

    pnl: Float[np.ndarray, "path position"]
    exogenous: Float[np.ndarray, "path position"]
    endogenous: Float[np.ndarray, "path position"]


def liquidate(
    step_pnl: Float[np.ndarray, "path step position"],
    value: Float[np.ndarray, " position"],
    held: Float[np.ndarray, "step position"],
    liquidity: Liquidity,
    *,
    impact: Impact | None = None,
) -> Liquidated:
    r"""Sell positions along scenarios.

    What is held into a step earns that step's P&L; what is sold at its end pays half the spread
    and the square-root impact of that sale, and what is left bears the permanent part.

    Parameters
    ----------
    step_pnl : array of shape (path, step, position)
        P&L of the whole position in each step, as if nothing were sold; gain positive.
    value : array of shape (position,)
        Currency that is traded when all of it is sold; the sign does not matter.
    held : array of shape (step, position)
        Share still held after each step, not increasing; see `models.liquidation`.
    liquidity : Liquidity
        Its volatilities and spreads are those of the path: costs rise when markets fall.
    impact : Impact, optional

    Raises
    ------
    ValueError
        If a schedule buys back, or keeps something after the last step.

    References
    ----------
    Bangia, Diebold, Schuermann and Stroughair (1999), *Modeling liquidity risk*: half the spread
    as the exogenous cost.
    """
    impact = impact or Impact()
    before = np.vstack([np.ones_like(held[:1]), held[:-1]])
    sold = before - held
    if (sold < -1e-12).any() or (np.abs(held[-1]) > 1e-12).any():
        raise ValueError(
            "held must not increase and must end at zero, so that all of it is sold. Build it with "
            "models.liquidation."
        )
    traded = sold * np.abs(value)
    spread_paid = 0.5 * liquidity.spread * traded
    share = traded / liquidity.volume
    temporary = impact.temporary * liquidity.volatility * np.sqrt(share) * traded
    permanent = impact.permanent * liquidity.volatility * share * held * np.abs(value)
    exogenous = spread_paid.sum(axis=1)
    endogenous = (temporary + permanent).sum(axis=1)
    market = (before * step_pnl).sum(axis=1)
    return Liquidated(market - exogenous - endogenous, exogenous, endogenous)


@dataclass(frozen=True, slots=True)
class Elasticity:
    """How liquidity goes with volatility: powers of the ratio to its usual level.

    Attributes
    ----------
    spread : float
        A doubling of volatility multiplies the spread by two to this power.
    volume : float
        The same for daily volume; in a crisis more trades, but each moves the price further.
    """

    spread: float
    volume: float

    def stressed(
        self, usual: Liquidity, ratio: Float[np.ndarray, "path step position"]
    ) -> Liquidity:
        """Liquidity at volatilities that are ``ratio`` times the usual ones."""
        return Liquidity(
            usual.spread * ratio**self.spread,
            usual.volatility * ratio,
            usual.volume * ratio**self.volume,
        )


def fit_elasticity(
    log_spread: Float[np.ndarray, " session"],
    log_volume: Float[np.ndarray, " session"],
    log_volatility: Float[np.ndarray, " session"],
) -> Elasticity:
    """Slopes of spread and volume on volatility, in logs, over the sessions that have all three.

    Fit it on a past that holds a crisis: the slope is read off the few weeks in which volatility
    multiplied.

    Raises
    ------
    ValueError
        If fewer than 250 sessions are known, or volatility never changed.
    """
    known = np.isfinite(log_spread) & np.isfinite(log_volume) & np.isfinite(log_volatility)
    if int(known.sum()) < 250:
        raise ValueError(
            f"{int(known.sum())} sessions have a spread, a volume and a volatility; 250 are "
            f"needed to say how they go together. Give a longer past."
        )
    away = log_volatility[known] - log_volatility[known].mean()
    variance = float(away @ away)
    if variance <= 1e-12:
        raise ValueError("log_volatility never changes, so nothing follows from it.")
    return Elasticity(
        spread=float(away @ log_spread[known]) / variance,
        volume=float(away @ log_volume[known]) / variance,
    )
