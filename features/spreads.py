"""Bid-ask spreads that daily bars betray: what a round trip costs where nobody quotes.

Every estimate is a fraction of the price, rolled over past sessions: the value of a session uses
its own bar and those before it. A bar that is absent, upside down or without a range says nothing.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from bidask import edge_rolling
from jaxtyping import Bool, Float
from numpy.typing import NDArray

MONTH = 21
"""Sessions: estimates of a single session are nearly all noise."""

_CS = 3.0 - 2.0 * np.sqrt(2.0)


def edge_spread(
    open_: Float[np.ndarray, " time"],
    high: Float[np.ndarray, " time"],
    low: Float[np.ndarray, " time"],
    close: Float[np.ndarray, " time"],
    *,
    window: int = MONTH,
) -> Float[np.ndarray, " time"]:
    """Spread that best explains open, high, low and close together, over ``window`` sessions.

    NaN where fewer than two thirds of the bars are sound. The root of a square that may come out
    negative: its absolute value is taken, as the authors do.

    Source: Ardia, Guidotti and Kroencke (2024), *Efficient estimation of bid-ask spreads from
    open, high, low, and close prices*, in the authors' own package.
    """
    sound = _sound(high, low, open_, close)
    bars = {"open": open_, "high": high, "low": low, "close": close}
    frame = pd.DataFrame({name: np.where(sound, bar, np.nan) for name, bar in bars.items()})
    if len(frame) < 3:
        return np.full(len(frame), np.nan)
    return np.asarray(edge_rolling(frame, window=window, min_periods=2 * window // 3))


def corwin_schultz_spread(
    high: Float[np.ndarray, " time"],
    low: Float[np.ndarray, " time"],
    *,
    window: int = MONTH,
) -> Float[np.ndarray, " time"]:
    r"""Spread from ranges: variance grows with the days a range spans, the spread does not.

    Of two sessions, :math:`\beta` is the sum of the squared log ranges and :math:`\gamma` that of
    their common range; :math:`\alpha = (\sqrt{2\beta} - \sqrt\beta)/k - \sqrt{\gamma/k}` with
    :math:`k = 3 - 2\sqrt 2`, and the spread is :math:`2(e^\alpha - 1)/(1 + e^\alpha)`, zero where
    negative. The mean over ``window`` pairs; NaN where fewer than two thirds are known.

    Overnight gaps are left as they are: taking them out, as the authors also propose, counts the
    gaps of a crisis, which are moves, as spread.

    Source: Corwin and Schultz (2012), *A simple way to estimate bid-ask spreads from daily high
    and low prices*.
    """
    sound = _sound(high, low)
    top, bottom = _log(high, sound), _log(low, sound)
    before_top, before_bottom = _before(top), _before(bottom)
    beta = (top - bottom) ** 2 + (before_top - before_bottom) ** 2
    gamma = (np.maximum(top, before_top) - np.minimum(bottom, before_bottom)) ** 2
    alpha = (np.sqrt(2.0 * beta) - np.sqrt(beta)) / _CS - np.sqrt(gamma / _CS)
    return rolling_mean(np.maximum(2.0 * np.tanh(alpha / 2.0), 0.0), window=window)


def abdi_ranaldo_spread(
    high: Float[np.ndarray, " time"],
    low: Float[np.ndarray, " time"],
    close: Float[np.ndarray, " time"],
    *,
    window: int = MONTH,
) -> Float[np.ndarray, " time"]:
    r"""Spread from how far a close lies from the middle of its own range and of the next one.

    :math:`2\sqrt{\max(E[(c_t - \eta_t)(c_t - \eta_{t+1})], 0)}`, with log close :math:`c` and
    log mid-range :math:`\eta`; a session closes the pair that the session before opened. NaN
    where fewer than two thirds of ``window`` pairs are known.

    Source: Abdi and Ranaldo (2017), *A simple estimation of bid-ask spreads from daily close,
    high, and low prices*, their monthly estimator.
    """
    sound = _sound(high, low, close)
    middle = (_log(high, sound) + _log(low, sound)) / 2.0
    before, earlier = _before(_log(close, sound)), _before(middle)
    product = rolling_mean((before - earlier) * (before - middle), window=window)
    return 2.0 * np.sqrt(np.maximum(product, 0.0))


def rolling_mean(values: Float[np.ndarray, " time"], *, window: int) -> Float[np.ndarray, " time"]:
    """Mean of the last ``window`` values; NaN where fewer than two thirds of them are known."""
    rolled = pd.Series(values).rolling(window, min_periods=2 * window // 3)
    return np.asarray(rolled.mean(), dtype=np.float64)


def _sound(
    high: NDArray[np.float64], low: NDArray[np.float64], *inside: NDArray[np.float64]
) -> Bool[np.ndarray, " time"]:
    """Bars with a range above zero that holds their other prices, but for a vendor's rounding."""
    rounding = 1e-5
    sound = np.isfinite(high) & (low > 0.0) & (high > low)
    for price in inside:
        sound &= (price >= low * (1.0 - rounding)) & (price <= high * (1.0 + rounding))
    return sound


def _log(price: NDArray[np.float64], sound: NDArray[np.bool_]) -> NDArray[np.float64]:
    return np.log(price, out=np.full(len(price), np.nan), where=sound)


def _before(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.concatenate([np.full(min(1, len(values)), np.nan), values[:-1]])
