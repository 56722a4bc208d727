"""What every row of a forecast table must meet, in the order in which the rules are tried."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

KEY = ("origin", "portfolio", "model", "alpha", "horizon")

ROUNDING = 1e-9
"""ES may fall short of VaR by this share of it: the rounding of a file, not a forecast."""

LARGEST = 1e6
"""A loss of a million times the value is a broken number."""

LONGEST_HORIZON = 1_000
"""Sessions; four years ahead is no trading risk, and a wrong unit of the column is likely."""

_EARLIEST, _LATEST = np.datetime64("1900-01-01"), np.datetime64("2200-01-01")


class Rule(NamedTuple):
    """One rule and the rows that break it.

    Attributes
    ----------
    name : str
        Stable short name.
    columns : tuple of str
        Whose cells show the fault.
    broken : bool array of shape (row,)
    meaning : str
        The rule in words.
    remedy : str
    """

    name: str
    columns: tuple[str, ...]
    broken: NDArray[np.bool_]
    meaning: str
    remedy: str


def forecast_rules(table: pd.DataFrame) -> Iterator[Rule]:
    """The rules of `table`, one after the other; a later one may rely on those before it."""
    yield from _names(table)
    yield from _dates(table)
    yield from _levels_and_horizons(table)
    yield from _risk_numbers(table)
    yield from _optional_numbers(table)
    yield _one_row_a_key(table)


def _names(table: pd.DataFrame) -> Iterator[Rule]:
    for column in ("portfolio", "model"):
        labels = table[column].cat
        blank = [not str(label).strip() or "\0" in str(label) for label in labels.categories]
        yield Rule(
            "name",
            (column,),
            np.append(blank, True)[labels.codes.to_numpy()],  # code -1 is a missing name
            "a name must not be empty or hold a NUL byte",
            "Name every portfolio and model.",
        )


def _dates(table: pd.DataFrame) -> Iterator[Rule]:
    for column in ("origin", "target"):
        day = table[column].to_numpy()
        yield Rule(
            "date_range",
            (column,),
            ~((day >= _EARLIEST) & (day < _LATEST)),
            "a date must lie in the years 1900 to 2199",
            "Write ISO dates such as 2020-03-16.",
        )
        yield Rule(
            "time_of_day",
            (column,),
            day != day.astype("datetime64[D]"),
            "origin and target are dates without a time of day",
            "Write the session's date.",
        )
    yield Rule(
        "target_after_origin",
        ("origin", "target"),
        table["target"].to_numpy() <= table["origin"].to_numpy(),
        "a forecast must come before what it speaks of",
        "Target is origin plus horizon sessions.",
    )


def _levels_and_horizons(table: pd.DataFrame) -> Iterator[Rule]:
    alpha, horizon = table["alpha"].to_numpy(), table["horizon"].to_numpy()
    percent = alpha[(alpha > 50) & (alpha < 100)][:1]
    tail = alpha[(alpha > 0) & (alpha < 0.5)][:1]
    if percent.size:
        hint = f"{percent[0]:g} means {percent[0] / 100:g}."
    elif tail.size:
        hint = f"For the {tail[0]:g} tail write {1 - tail[0]:g}."
    else:
        hint = "Write 0.99 for the 1% tail."
    yield Rule(
        "alpha_range",
        ("alpha",),
        ~((alpha > 0.5) & (alpha < 1)),
        "alpha is the confidence level and must lie in (0.5, 1)",
        hint,
    )
    yield Rule(
        "horizon_range",
        ("horizon",),
        ~((horizon >= 1) & (horizon <= LONGEST_HORIZON) & (horizon % 1 == 0)),
        f"horizon is a whole number of sessions from 1 to {LONGEST_HORIZON:,}",
        "Write 1 for one-session forecasts.",
    )


def _risk_numbers(table: pd.DataFrame) -> Iterator[Rule]:
    for column in ("var", "es"):
        yield Rule(
            "finite_forecast",
            (column,),
            ~(np.abs(table[column].to_numpy()) < LARGEST),
            "a forecast must be a finite fraction of value",
            "Leave out the row where there is no forecast.",
        )
    yield Rule(
        "finite_pnl",
        ("pnl",),
        np.abs(table["pnl"].to_numpy()) >= LARGEST,
        "P&L must be a finite fraction of value",
        "Leave it empty where it is unknown.",
    )
    var, es = table["var"].to_numpy(), table["es"].to_numpy()
    yield Rule(
        "es_below_var",
        ("var", "es"),
        es < var - ROUNDING * np.abs(var),
        "ES is the mean loss beyond VaR and cannot be below it",
        "Losses are positive: check the signs, and that the columns are not swapped.",
    )


def _optional_numbers(table: pd.DataFrame) -> Iterator[Rule]:
    if "pit" in table:
        pit = table["pit"].to_numpy()
        yield Rule(
            "pit_range",
            ("pit",),
            (pit < 0) | (pit > 1),
            "pit is a probability in [0, 1]",
            "Write the forecast distribution function at the P&L, or leave it empty.",
        )
    if "sigma" in table:
        sigma = table["sigma"].to_numpy()
        yield Rule(
            "sigma_positive",
            ("sigma",),
            (sigma <= 0) | (sigma >= LARGEST),
            "sigma is a forecast standard deviation and must be positive and finite",
            "Leave it empty where there is none.",
        )


def _one_row_a_key(table: pd.DataFrame) -> Rule:
    key = np.zeros(len(table), dtype=np.int64)
    for column in KEY:
        codes, labels = pd.factorize(table[column])
        key = key * len(labels) + codes
    order = np.argsort(key, kind="stable")  # stable: the first of equal rows is not the repeat
    repeated = np.zeros(len(key), dtype=bool)
    repeated[order[1:]] = key[order[1:]] == key[order[:-1]]
    return Rule(
        "duplicate_key",
        KEY,
        repeated,
        "an earlier row has the same origin, portfolio, model, alpha and horizon",
        "Keep one of them.",
    )
