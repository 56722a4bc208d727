"""What was said of a date, and when: releases are judged by both."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from features.sources.directory import RawMarket
from validation.feeds import judge
from validation.verdicts import Verdicts

Walk = Callable[..., pd.Series]
Read = Callable[..., RawMarket]

DATES = pd.bdate_range("2021-01-04", "2022-12-30")
AT = 300
WEEKDAYS = {"A": {"calendar": ""}}


def macro() -> pd.DataFrame:
    """Daily and weekly series, one for each thing that can be wrong with a release."""
    generator = np.random.default_rng(3)

    def series(name: str, dates: pd.DatetimeIndex = DATES, **changed: object) -> pd.DataFrame:
        values = 20 + np.cumsum(generator.normal(0, 0.1, len(dates)))
        published = (dates + pd.Timedelta(hours=22)).strftime("%Y-%m-%dT%H:%M:%SZ")
        frame = pd.DataFrame(
            {"date": dates, "series": name, "value": values, "available_at": published}
        )
        return frame.assign(vintage="first").assign(**changed)

    vix = series("VIX")
    vix.loc[AT, "value"] = -14.0
    early = series("EARLY")
    early.loc[AT, "available_at"] = f"{DATES[AT] - pd.Timedelta(days=2):%Y-%m-%d}T22:00:00Z"
    epoch = series("EPOCH", available_at="1970-01-19T10:00:00Z")
    blank = series("BLANK", value=np.nan)
    sparse = series("SPARSE").drop(index=range(20, 480, 10))
    weekly = series("WEEKLY", pd.date_range("2021-01-08", "2022-12-30", freq="W-FRI"))
    frames = [
        *(series("CPI"), vix, early, epoch, blank, sparse, weekly),
        series("RESTATED", vintage="revised"),
        series("FROZEN", value=5.0),
    ]
    return pd.concat(frames)


@pytest.fixture(scope="module")
def verdicts(walk: Walk, raw_market: Read) -> Verdicts:
    return judge(raw_market({"A": walk(DATES)}, about=WEEKDAYS, macro=macro()), as_of=DATES[-1])


def answers(verdicts: Verdicts, series: str) -> dict[str, str]:
    return {
        finding.rule: finding.answer.value
        for finding in verdicts.findings
        if finding.series == series
    }


def left_out(verdicts: Verdicts) -> set[tuple[str, str]]:
    return {(each["table"], each["series"]) for each in verdicts.excluded()}


@pytest.mark.parametrize(
    ("series", "rules", "excluded"),
    [
        ("CPI", {}, False),
        ("WEEKLY", {}, False),
        ("VIX", {"negative_volatility": "Q"}, False),
        ("EARLY", {"implausible_instant": "R"}, True),
        ("EPOCH", {"implausible_instant": "R"}, True),
        ("BLANK", {"no_values": "R"}, True),
        ("SPARSE", {"missing_sessions": "R"}, True),
        ("RESTATED", {"revised": "W"}, False),
        ("FROZEN", {"constant": "Q"}, True),
    ],
)
def test_each_fault_of_a_release_gets_its_answer(
    verdicts: Verdicts, series: str, rules: dict[str, str], excluded: bool
) -> None:
    assert answers(verdicts, series) == rules
    assert (("macro", series) in left_out(verdicts)) == excluded
    assert (series in set(verdicts.macro["series"])) != excluded


def test_a_value_published_anew_contradicts_nothing(walk: Walk, raw_market: Read) -> None:
    """First print and revision of one date are two observations; two prints of one day are not."""
    dates = pd.date_range("2022-01-31", "2022-12-31", freq="ME")
    row = {"date": dates, "series": "GDP", "value": np.arange(12.0), "vintage": "first"}
    first = pd.DataFrame(row).assign(available_at=dates.strftime("%Y-%m-%dT23:00:00Z"))
    later = (dates + pd.Timedelta(days=30)).strftime("%Y-%m-%dT23:00:00Z")
    again = first.assign(value=first["value"] + 0.1, available_at=later, vintage="revised")
    both = raw_market(
        {"A": walk(DATES)}, about=WEEKDAYS, macro=pd.concat([first, again]).sort_values("date")
    )
    verdicts = judge(both, as_of=DATES[-1])
    assert answers(verdicts, "GDP") == {}
    counts = verdicts.macro.groupby("vintage", observed=True).size().to_dict()
    assert counts == {"first": 11, "revised": 10}  # November's revision comes an hour too late
    clash = pd.concat([first, first.assign(value=-1.0)]).sort_values("date", kind="stable")
    verdicts = judge(raw_market({"A": walk(DATES)}, about=WEEKDAYS, macro=clash), as_of=DATES[-1])
    assert answers(verdicts, "GDP")["conflicting_rows"] == "Q"


def test_a_table_that_begins_after_the_as_of_is_no_fault(walk: Walk, raw_market: Read) -> None:
    raw = raw_market(
        {"A": walk(DATES)}, about=WEEKDAYS, macro=macro()[lambda rows: rows["date"] >= DATES[AT]]
    )
    verdicts = judge(raw, as_of=DATES[AT - 1])
    assert verdicts.macro.empty
    assert set(verdicts.feeds["table"]) == {"prices"}
