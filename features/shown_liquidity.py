"""What a series has shown of its liquidity, session by session: its spread, and what traded."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from jaxtyping import Float

from features.market import MarketData
from features.orderflow import session_flow
from features.spreads import corwin_schultz_spread

USUAL = 63
"""Sessions before, over whose middle what usually trades is read."""


def shown_liquidity(
    market: MarketData, names: Sequence[str], dates: pd.DatetimeIndex
) -> tuple[Float[np.ndarray, "time asset"], Float[np.ndarray, "time asset"]]:
    """Spread and depth of each series on each date, NaN where it has shown none.

    The spread is what was quoted in the session, else what the ranges of the last month betray
    (Corwin and Schultz). Of three estimators from daily bars it is the steadiest, and unlike that
    of Abdi and Ranaldo it is not zero on every other session. A rate, a spread and a price that
    moves by differences are no holdings and have neither.

    Parameters
    ----------
    market : MarketData
    names : sequence of str
    dates : DatetimeIndex of shape (time,)

    Returns
    -------
    spread : array of shape (time, asset)
        Fraction of the price.
    depth : array of shape (time, asset)
        What traded, by value where that is known and else by volume, in multiples of the middle
        of the `USUAL` sessions before.
    """
    columns = [_of_one(market, name) for name in names]
    spread, depth = (
        np.column_stack([column[k].reindex(dates).to_numpy(np.float64) for column in columns])
        for k in (0, 1)
    )
    return spread, depth


def _of_one(market: MarketData, name: str) -> tuple[pd.Series, pd.Series]:
    sessions = market.close.index[market.close[name].notna()]
    nothing = pd.Series(np.nan, index=sessions)
    if not market.instruments[name].holdable:
        return nothing, nothing
    bars = {
        field: frame.loc[sessions, name].astype(np.float64)
        for field, frame in market.bars.items()
        if name in frame
    }
    spread = nothing
    if {"high", "low"} <= bars.keys():
        estimate = corwin_schultz_spread(bars["high"].to_numpy(), bars["low"].to_numpy())
        spread = pd.Series(estimate, index=sessions)
    quoted = session_flow(market, name, sessions).quoted_spread
    spread = spread.mask(np.isfinite(quoted), quoted)
    traded = bars.get("dollar_volume", nothing)
    if not traded.notna().any():
        traded = bars.get("volume", nothing)
    usual = traded.rolling(USUAL, min_periods=2 * USUAL // 3).median().shift(1)
    return spread, traded / usual.where(usual > 0.0)
