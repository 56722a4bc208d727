"""The panel: every feature of every series, each as known at that series' own origins."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from features.anomaly import anomaly
from features.asof import Timeline
from features.correlation import co_movement
from features.crosssection import market_section
from features.exposure import EXPOSURES, exposures
from features.frictions import FRICTIONS, frictions
from features.frictions import NAMES as FRICTION_NAMES
from features.headlines import headline_sentiment
from features.liquidity import volume_surprise
from features.losses import drawdown, mean_return, worst_return
from features.macro import macro_readings
from features.market import MarketData
from features.news import news_readings
from features.returns import History
from features.roles import Cast, cast_roles
from features.stress import stress
from features.volatility import (
    downside_volatility,
    ewma,
    ewma_volatility,
    expanding_volatility,
    garman_klass_variance,
    parkinson_variance,
)


@dataclass(frozen=True, slots=True)
class SeriesFeatures:
    """Features of one series; row ``t`` holds what is known at its origin ``t``.

    Attributes
    ----------
    own : array of shape (time, own)
        From the series' own returns and bars, in its own units; NaN where not known.
    shared : array of shape (time, shared)
        Common to all series, as seen from this one's origins; NaN where not known. Series with
        the same origins hold the same array.
    past : array of shape (time, 3), optional
        Of each session alone, for a model that reads them one by one: its return, the volatility
        that its range shows (Parkinson), and `volume_surprise`; NaN where not known.
    """

    own: NDArray[np.float64]
    shared: NDArray[np.float64]
    past: NDArray[np.float64] | None = None


@dataclass(frozen=True, slots=True)
class Panel:
    """Point-in-time features of many series.

    Attributes
    ----------
    own, shared : tuple of str
        Names of the columns of every `SeriesFeatures`.
    values : mapping of history name to SeriesFeatures
    ignored : mapping of series to reason
        Series of the macro and news tables that entered no feature.
    modalities : mapping of modality to tuple of str
        Which columns come from which kind of data, so that a head can do without one of them.
    """

    own: tuple[str, ...]
    shared: tuple[str, ...]
    values: Mapping[str, SeriesFeatures]
    ignored: Mapping[str, str] = field(default_factory=dict[str, str])
    modalities: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])


@dataclass(frozen=True, slots=True)
class Track:
    """What one series shows of itself at each of its sessions; bars are NaN where absent."""

    returns: NDArray[np.float64]
    days: NDArray[np.float64]
    open: NDArray[np.float64]
    high: NDArray[np.float64]
    low: NDArray[np.float64]
    close: NDArray[np.float64]
    volume: NDArray[np.float64]


OWN: Mapping[str, Mapping[str, Callable[[Track], NDArray[np.float64]]]] = MappingProxyType(
    {
        "returns": {
            "volatility_1": lambda track: ewma_volatility(track.returns, half_life=1.0),
            "volatility_3": lambda track: ewma_volatility(track.returns, half_life=3.0),
            "volatility_10": lambda track: ewma_volatility(track.returns, half_life=10.0),
            "volatility_30": lambda track: ewma_volatility(track.returns, half_life=30.0),
            "volatility_120": lambda track: ewma_volatility(track.returns, half_life=120.0),
            "volatility_expanding": lambda track: expanding_volatility(track.returns),
            "downside_10": lambda track: downside_volatility(track.returns, half_life=10.0),
            "last_return": lambda track: track.returns,
            "worst_5": lambda track: worst_return(track.returns, window=5),
            "worst_20": lambda track: worst_return(track.returns, window=20),
            "mean_20": lambda track: mean_return(track.returns, window=20),
            "drawdown_250": lambda track: drawdown(track.returns, window=250),
        },
        "bars": {
            "garman_klass_10": lambda track: np.sqrt(
                ewma(
                    garman_klass_variance(track.open, track.high, track.low, track.close),
                    half_life=10.0,
                )
            ),
            "parkinson_10": lambda track: np.sqrt(
                ewma(parkinson_variance(track.high, track.low), half_life=10.0)
            ),
            "volume_surprise_60": lambda track: volume_surprise(track.volume, window=60),
        },
        "calendar": {"days_since_session": lambda track: track.days},
    }
)
"""Per-series features by modality: volatilities and returns are per session, of simple returns."""


def build_panel(
    market: MarketData, histories: Sequence[History], *, include_revised: bool = False
) -> Panel:
    """Every feature of every history, each as known at that history's own origins.

    Parameters
    ----------
    market : MarketData
        The cross-section is made of all of its holdable instruments, whatever the histories.
    histories : sequence of History
        Instruments and books; names must differ.
    include_revised : bool
        Whether series that are today's restated history may enter. They were not known like
        this at their time: nothing computed with them is a headline result.

    Raises
    ------
    ValueError
        If two histories share a name.
    """
    names = [history.name for history in histories]
    if len(set(names)) < len(names):
        twice = sorted({name for name in names if names.count(name) > 1})
        raise ValueError(f"histories must have different names, got {twice} twice. Rename a book.")
    roles = cast_roles(market, include_revised=include_revised)
    shared = shared_timelines(market, histories, roles)
    timelines = [timeline for told in shared.values() for timeline in told]
    # Most series of one exchange have the same origins, and so see the same market.
    views: dict[bytes, NDArray[np.float64]] = {}
    clocks = {history.name: history.origins.asi8.tobytes() for history in histories}
    for history in histories:
        clock = clocks[history.name]
        if clock not in views:
            views[clock] = np.hstack([timeline.at(history.origins) for timeline in timelines])
    tracks = {history.name: track_of(market, history) for history in histories}
    costs = frictions(market, histories)
    return Panel(
        own=(
            *(name for features in OWN.values() for name in features),
            *EXPOSURES,
            *FRICTION_NAMES,
        ),
        shared=tuple(name for timeline in timelines for name in timeline.names),
        values={
            name: SeriesFeatures(
                own=np.hstack([_own(track), _held(market, name, len(track.returns)), costs[name]]),
                shared=views[clocks[name]],
                past=_past(track),
            )
            for name, track in tracks.items()
        },
        ignored=roles.ignored,
        modalities={
            **{modality: tuple(features) for modality, features in OWN.items()},
            "book": EXPOSURES,
            **{modality: tuple(features) for modality, features in FRICTIONS.items()},
            **{
                modality: tuple(name for timeline in told for name in timeline.names)
                for modality, told in shared.items()
            },
        },
    )


def shared_timelines(
    market: MarketData, histories: Sequence[History], roles: Cast
) -> dict[str, list[Timeline]]:
    """Features common to all series, by modality, on the time axes on which they become known."""
    section = market_section(market, histories)
    return {
        "market": [stress(section), co_movement(section), anomaly(section)],
        "macro": macro_readings(roles.observed, section),
        "news": news_readings(roles.observed),
        "headlines": [headline_sentiment(market.headlines, section)],
    }


def track_of(market: MarketData, history: History) -> Track:
    """Returns of a history beside the bars of its instrument; a book has none."""
    listed = history.name in market.instruments
    nothing = np.full(len(history.dates), np.nan)
    rows = market.close.index.get_indexer(history.dates)

    def column(field: str) -> NDArray[np.float64]:
        frame = market.close if field == "close" else market.bars.get(field)
        if not listed or frame is None or history.name not in frame:
            return nothing
        return np.asarray(frame[history.name], dtype=np.float64)[rows]

    gaps = np.diff(history.dates) / np.timedelta64(1, "D")
    return Track(
        returns=history.returns,
        days=np.concatenate([nothing[:1], gaps]),
        open=column("open"),
        high=column("high"),
        low=column("low"),
        close=column("close"),
        volume=column("volume"),
    )


def _own(track: Track) -> NDArray[np.float64]:
    return np.column_stack(
        [feature(track) for features in OWN.values() for feature in features.values()]
    )


def _held(market: MarketData, name: str, sessions: int) -> NDArray[np.float64]:
    """Exposures of a book or an instrument, alike at all sessions: its history has no others."""
    weights = {name: 1.0} if name in market.instruments else market.portfolios.get(name)
    held = np.full(len(EXPOSURES), np.nan)
    if weights is not None:
        held = exposures(market.instruments, weights)
    return np.tile(held, (sessions, 1))


def _past(track: Track) -> NDArray[np.float64]:
    return np.column_stack(
        [
            track.returns,
            np.sqrt(parkinson_variance(track.high, track.low)),
            volume_surprise(track.volume, window=60),
        ]
    )
