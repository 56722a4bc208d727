"""Makes the example market directory: invented numbers in the right shape, always the same.

Run from the repository root: ``python infra/examples/make_market.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from features.calendars import close_instants, expected_sessions
from features.instruments import Instrument, instruments_from

HERE = Path(__file__).parent / "market"
LAST: pd.Timestamp = pd.date_range("2024-06-28", periods=1).to_list()[0]

# First close, and the standard deviation of a session's move (a fraction; a difference for diff).
WALKS = {
    "INDEX_FUND": (400.0, 0.008),
    "STOCK": (80.0, 0.016),
    "DELISTED": (25.0, 0.018),
    "BOND_FUND": (95.0, 0.004),
    "EURUSD": (1.09, 0.004),
    "COIN": (42000.0, 0.03),
    "OIL": (72.0, 1.2),
    "YIELD_10Y": (4.0, 0.05),
    "HY_OAS": (4.5, 0.06),
}
COLUMNS = ["date", "instrument", "open", "high", "low", "close", "volume"]
BARS = ("INDEX_FUND", "STOCK", "DELISTED", "BOND_FUND")


def prices(
    instruments: Mapping[str, Instrument],
    sessions: Mapping[str, pd.DatetimeIndex],
    generator: np.random.Generator,
) -> pd.DataFrame:
    """A random walk of each instrument on its own sessions, with bars where there are any."""
    frames: list[pd.DataFrame] = []
    for name, (start, scale) in WALKS.items():
        path = np.cumsum(scale * generator.standard_normal(len(sessions[name])))
        close = start * np.exp(path) if instruments[name].move == "log" else start + path
        frame = pd.DataFrame({"date": sessions[name], "instrument": name, "close": close})
        if name in BARS:
            opening = np.append(start, close[:-1])
            spread = 1.0 + scale * np.abs(generator.standard_normal((2, len(close)))) / 2.0
            frame["open"] = opening
            frame["high"] = np.maximum(opening, close) * spread[0]
            frame["low"] = np.minimum(opening, close) / spread[1]
            frame["volume"] = generator.integers(100_000, 900_000, len(close))
        frames.append(frame)
    table = pd.concat(frames).round(4).astype({"volume": "Int64"})
    table = table.sort_values(by=["date", "instrument"], ignore_index=True)
    return table.reindex(columns=COLUMNS)


def releases(
    instrument: Instrument, series: str, values: np.ndarray, dates: pd.DatetimeIndex
) -> pd.DataFrame:
    """Values that become known half an hour after the instrument's close."""
    known = close_instants(instrument, dates) + pd.Timedelta(minutes=30)
    return pd.DataFrame(
        {
            "date": dates,
            "series": series,
            "value": np.round(values, 3),
            "available_at": known.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "vintage": "first",
        }
    )


def main() -> None:
    """Write prices, macro and news; the instruments and the books are written by hand."""
    generator = np.random.default_rng(20240102)
    listing = pd.read_csv(HERE / "instruments.csv", parse_dates=["listed_from", "listed_to"])
    instruments = instruments_from(listing)
    sessions = expected_sessions(instruments, pd.DataFrame(index=pd.DatetimeIndex([])), LAST)
    write(prices(instruments, sessions, generator), "prices.csv")
    fund, weekdays = instruments["INDEX_FUND"], sessions["EURUSD"]
    noise = pd.DataFrame(generator.standard_normal((len(weekdays), 2)))
    fear, mood = noise.ewm(halflife=5).mean().to_numpy().T
    write(releases(fund, "VIX", 14.0 + 4.0 * fear, weekdays), "macro.csv")
    write(releases(fund, "NEWS_SENTIMENT", 0.1 + 0.2 * mood, weekdays), "news.csv")


def write(frame: pd.DataFrame, name: str) -> None:
    """One table as CSV, with plain dates."""
    frame.to_csv(HERE / name, index=False, date_format="%Y-%m-%d", lineterminator="\n")


if __name__ == "__main__":
    main()
