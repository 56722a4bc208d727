"""How soon regimes are told and how often wrongly; anomalies; probabilities of a fall.

    python infra/bench/regimes.py [MARKET] [--hourly FILE]

Reads a market directory, by default the richer one, and hourly bars of SPY (columns
``instrument``, ``close`` and the instant at which each bar ends), by default those that lie
beside it. Everything is told online. Choices were made on the first period alone; the second was
looked at once.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from features.crosssection import asset_mean, market_section
from features.daily_moves import market_returns
from features.market import MarketData
from features.returns import book_history
from features.splits import Window, refit_windows
from features.volatility import ewma_volatility
from flows.ingest import ingest
from flows.market_state import MarketState, book_drawdowns, market_state
from infra.bench.episodes import Scored, falls, scored, told_at
from infra.bench.richer_market import REMEDY, richer_market
from infra.bench.switching import detection, switching_market
from models.drawdown import DrawdownForecast
from models.hidden_markov import filtered_states
from models.jumps import jump_states
from models.refits import EVERY, FIRST
from models.regimes import CRISIS, ENTER, LEAVE, latched, market_regimes
from validation.event_forecasts import EventVerdict, judge_events

PERIODS = {"2002 to 2014": ("2002-02-01", "2014-12-31"), "2015 on": ("2015-01-01", "2100-01-01")}
HUMANS = {
    "FOMC cut": "2020-03-03",
    "BoE purchase": "2022-09-28",
    "FDIC receivership": "2023-03-10",
    "tariff announcement": "2025-04-02",
}
"""Dates on which an institution acted, from validation/crises.py."""
REACH = 40
"""Sessions after a dated benchmark in which an alert still counts as one of it."""
FOMC = pd.Timestamp("2020-03-03 10:00", tz="America/New_York")
PEAK = pd.Timestamp("2020-02-19 16:00", tz="America/New_York")

Flags = dict[str, tuple[NDArray[np.bool_], NDArray[np.int64]]]
"""By name: whether stress is told, and the state behind it."""


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="How soon regimes are told, and how rightly.")
    parser.add_argument("market", nargs="?", type=Path)
    parser.add_argument("--hourly", type=Path)
    asked = parser.parse_args()
    directory = asked.market or richer_market()
    if directory is None:
        sys.exit(REMEDY)
    market = ingest(directory, as_of=None).market
    begun = time.perf_counter()
    state = market_state(market, [])
    print(f"all fits and forecasts of the market {time.perf_counter() - begun:.1f} s\n")
    section = market_section(market, [])
    returns = np.nan_to_num(market_returns(section))
    dates = pd.DatetimeIndex(section.instants.tz_convert("America/New_York").strftime("%Y-%m-%d"))
    flags = flags_of(returns, asset_mean(section.surges), state)
    detection_table(flags, returns, dates)
    human_table(flags, market, dates)
    hourly = asked.hourly or directory.parent / "microstructure" / "intraday_hourly.parquet"
    if hourly.exists():
        intraday(hourly)
    simulated()
    anomalies(state, dates)
    fall_table(market, state, dates)


def flags_of(returns: NDArray[np.float64], surge: NDArray[np.float64], state: MarketState) -> Flags:
    """What each way of telling says of each session."""
    windows = refit_windows(len(returns), first=FIRST, every=EVERY)
    two = filtered_states(returns, windows, states=2).belief
    three = state.regimes.probabilities
    likeliest = np.where(np.isnan(three[:, 0]), -1, np.nan_to_num(three).argmax(axis=1))
    told: dict[str, tuple[NDArray[np.int64], int]] = {
        "fast filter, crisis": (state.regimes.state, CRISIS),
        "fast filter, high": (state.regimes.state, 1),
        "HMM 3 states, likeliest": (likeliest, CRISIS),
        "HMM 2 states, likeliest": (latched(two[:, 1:], enter=(0.5,), leave=(0.5,)), 1),
        "jump model (30)": (state.regimes.confirmed, 1),
        "jump model (50)": (jump_states(returns, windows, penalty=50.0), 1),
        "alert and confirmation": (
            np.where(state.regimes.confirmed == 1, state.regimes.state, 0),
            CRISIS,
        ),
        "surge percentile, high": (by_share(surge, (0.85, 0.975), (0.70, 0.90)), 1),
        "surge percentile, crisis": (by_share(surge, (0.85, 0.975), (0.70, 0.90)), 2),
        "EWMA above its 85th": (
            by_share(ewma_volatility(returns, half_life=11.2), (0.85,), (0.85,)),
            1,
        ),
    }
    return {name: (states >= level, states) for name, (states, level) in told.items()}


def by_share(
    level: NDArray[np.float64], enter: tuple[float, ...], leave: tuple[float, ...]
) -> NDArray[np.int64]:
    """States by the share of all levels so far that are at or below each."""
    ranks = pd.Series(level).expanding(FIRST).rank(method="max", pct=True).to_numpy()
    return latched(np.repeat(ranks[:, None], len(enter), axis=1), enter=enter, leave=leave)


def detection_table(flags: Flags, returns: NDArray[np.float64], dates: pd.DatetimeIndex) -> None:
    """Lags from the peak of falls of a tenth, and alarms outside of falls of a twentieth."""
    large, every = falls(returns, fall=0.1, rise=0.2), falls(returns, fall=0.05, rise=0.05)
    for title, (first, last) in PERIODS.items():
        period = np.asarray((dates >= first) & (dates <= last))
        peaks = [f"{dates[peak]:%Y-%m-%d}" for peak, _ in large if period[peak]]
        print(f"{title}: falls of 10% from {', '.join(peaks)}")
        print(f"{'':26}{'lag':>6}{'missed':>8}{'already':>9}", end="")
        print(f"{'alarms':>8}{'false':>7}{'switches':>10}{'share':>7}   lags")
        for name, (flag, states) in flags.items():
            line(name, scored(flag, states, period, large=large, every=every))
        print()


def line(name: str, found: Scored) -> None:
    """One row of the table."""
    missed = int(np.isinf(found.lags).sum())
    lags = " ".join("-" if np.isinf(lag) else f"{lag:.0f}" for lag in found.lags)
    # The middle of an even number may lie between a lag and a miss.
    median = float(np.quantile(found.lags, 0.5, method="higher"))
    print(
        f"{name:26}{median:>6.0f}{missed:>8}{found.already:>9}{found.alarms:>8.2f}"
        f"{found.false:>7.2f}{found.switches:>10.1f}{found.share:>7.0%}   {lags}"
    )


def human_table(flags: Flags, market: MarketData, dates: pd.DatetimeIndex) -> None:
    """Sessions by which each flag came before what people did; negative is later."""
    shown = [*list(flags)[:2], "jump model (30)", "surge percentile, crisis"]
    print(f"lead in sessions{'':24}" + "".join(f"{name:>26}" for name in shown))
    for name, day in [*HUMANS.items(), *vix_days(market)]:
        row = int(dates.searchsorted(pd.Timestamp(day)))
        if row >= len(dates):
            print(f"{name:28}{day:>12}  after the data")
            continue
        leads: list[str] = []
        for each in shown:
            told = told_at(flags[each][0], row, reach=REACH)
            leads.append("none" if told is None else f"{row - told:d} ({dates[told]:%Y-%m-%d})")
        print(f"{name:28}{day:>12}" + "".join(f"{lead:>26}" for lead in leads))
    print()


def vix_days(market: MarketData) -> list[tuple[str, str]]:
    """Closes of the VIX above 30 after sixty sessions without one."""
    rows = market.macro[market.macro["series"].str.upper().eq("VIX")].sort_values("date")
    above = rows["value"].to_numpy() > 30.0
    recent = pd.Series(above).rolling(60, min_periods=1).max().shift(fill_value=0.0).to_numpy()
    known = np.arange(len(above)) >= FIRST  # before, nothing is said that could lead or lag
    first = np.flatnonzero(above & (recent == 0.0) & known)
    return [("VIX above 30", f"{pd.Timestamp(rows['date'].iloc[at]):%Y-%m-%d}") for at in first]


def intraday(path: Path) -> None:
    """The fast filter on hourly bars, each against the usual size of its hour of the day."""
    bars = pd.read_parquet(path)
    instant = next(c for c in bars.columns if isinstance(bars[c].dtype, pd.DatetimeTZDtype))
    bars = bars[bars["instrument"] == "SPY"].sort_values(instant)
    at = pd.DatetimeIndex(bars[instant]).tz_convert("America/New_York")
    moves = pd.Series(bars["close"].to_numpy()).pct_change()
    squares = (moves**2).groupby(at.hour)
    usual = squares.transform(lambda one: one.expanding(250).mean().shift())
    scaled = (moves / np.sqrt(usual)).clip(-8.0, 8.0).to_numpy()
    fit_end = int(at.searchsorted(pd.Timestamp("2015-01-01", tz=at.tz)))
    serve = Window(fit_end=fit_end, start=fit_end - 1, stop=len(at))
    belief = filtered_states(scaled, [serve]).belief
    worse = np.column_stack([belief[:, 1:].sum(axis=1), belief[:, 2]])
    crisis = latched(worse, enter=(ENTER, ENTER), leave=(LEAVE, LEAVE)) == CRISIS
    calm = np.asarray((at.year >= 2015) & (at.year < 2020))
    began = crisis & ~np.concatenate([[False], crisis[:-1]])
    rows = np.flatnonzero(crisis & np.asarray(at > PEAK))
    print(f"hourly bars, fitted to 2014: {began[calm].sum() / 5:.1f} alarms a year 2015 to 2019")
    if len(rows):
        told = at[rows[0]]
        hours = (FOMC - told) / pd.Timedelta(hours=1)
        print(f"COVID alert {told:%Y-%m-%d %H:%M} New York, {hours:.0f} hours before the FOMC cut")
    print()


def simulated() -> None:
    """Against switches that are known: forty years in four markets."""
    for seed in range(4):
        market = switching_market(np.random.default_rng(seed), sessions=3000)
        times = pd.date_range("2000-01-01", periods=3000, freq="D", tz="UTC")
        told = market_regimes(market.returns, times)
        known = slice(FIRST, None)
        crisis = detection(told.state[known] == CRISIS, market.state[known] == CRISIS)
        stress = detection(told.confirmed[known] == 1, market.state[known] >= 1)
        for name, one in (("crisis, fast filter", crisis), ("stress, jump model", stress)):
            print(
                f"simulated {seed}  {name:22}{len(one.lags):>4} spells, median lag "
                f"{np.quantile(one.lags, 0.5, method='higher'):.0f}, missed "
                f"{int(np.isinf(one.lags).sum())}, alarms {one.alarms}, false {one.false}"
            )
    print()


def anomalies(state: MarketState, dates: pd.DatetimeIndex) -> None:
    """Alarms a year, and the rarest days with what made them."""
    found = state.anomalies
    for title, (first, last) in PERIODS.items():
        told = np.asarray((dates >= first) & (dates <= last)) & np.isfinite(found.rarity)
        years = told.sum() / 252
        print(f"anomaly alarms {title}: {found.alarm[told].sum() / years:.1f} a year")
        for row in np.flatnonzero(told)[np.argsort(-found.score[told])[:5]]:
            made = ", ".join(f"{name} {share:.0%}" for name, share in found.makers(int(row)))
            print(f"  {dates[row]:%Y-%m-%d}  {found.score[row]:.2f}  {made}")
    print()


def fall_table(market: MarketData, state: MarketState, dates: pd.DatetimeIndex) -> None:
    """Probabilities of a fall against what came."""
    books = [book_history(market, held, name=name) for name, held in market.portfolios.items()]
    forecasts = book_drawdowns(books, falls={})
    every: list[tuple[str, DrawdownForecast, pd.DatetimeIndex]] = [
        ("market, 5%", state.drawdown, dates),
        *((book.name, forecasts[book.name], book.dates) for book in books),
    ]
    for title, (first, last) in PERIODS.items():
        print(f"{title:18}{'n':>6}{'events':>8}{'Brier':>8}{'usual':>8}{'skill':>7}{'AUC':>22}")
        for name, forecast, when in every:
            known = np.asarray((when >= first) & (when <= last))
            if np.isfinite(forecast.probability[known] + forecast.outcome[known]).any():
                found = judged(forecast, known)
                low, high = found.auc_interval
                print(
                    f"{name:18}{found.n:>6}{found.events / found.n:>8.1%}{found.brier:>8.4f}"
                    f"{found.climatology:>8.4f}{found.skill:>7.2f}{found.auc:>8.2f} "
                    f"[{low:.2f}, {high:.2f}]"
                )
        known = np.asarray((dates >= first) & (dates <= last))
        for one in judged(state.drawdown, known).bins:
            print(
                f"  market told {one.low:.0%} to {one.high:.0%}: {one.n} sessions, mean "
                f"{one.forecast:.1%}, came {one.frequency:.1%}"
            )


def judged(forecast: DrawdownForecast, known: NDArray[np.bool_]) -> EventVerdict:
    """Verdict on the forecasts of a period."""
    return judge_events(
        forecast.probability[known],
        forecast.outcome[known],
        forecast.climatology[known],
        block=3 * forecast.horizon,
    )


if __name__ == "__main__":
    main()
