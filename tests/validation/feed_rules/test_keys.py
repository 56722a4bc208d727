"""One row a date and series: the same row twice is a slip, two different ones are doubt."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from validation.feed_rules.keys import key


def table(rows: list[tuple[str, int, float]]) -> pd.DataFrame:
    """Rows of (series, day of January, value)."""
    return pd.DataFrame(
        {
            "date": pd.DatetimeIndex([f"2024-01-{day:02d}" for _, day, _ in rows]),
            "series": pd.Categorical([name for name, _, _ in rows]),
            "value": [value for _, _, value in rows],
            "row": range(1, len(rows) + 1),
        }
    )


def keyed(rows: list[tuple[str, int, float]]) -> tuple[dict, dict]:
    found = key(table(rows), series="series", value="value")
    values = {(row.series, row.date.day): row.value for row in found.rows.itertuples(index=False)}
    return values, {(breach.rule.name, breach.series): breach.count for breach in found.breaches}


def test_a_row_given_twice_is_read_once() -> None:
    values, breaches = keyed([("A", 1, 5.0), ("A", 2, 6.0), ("A", 2, 6.0), ("B", 2, 7.0)])
    assert values == {("A", 1): 5.0, ("A", 2): 6.0, ("B", 2): 7.0}
    assert breaches == {("repeated_rows", "A"): 1}


def test_two_values_for_one_date_leave_neither() -> None:
    values, breaches = keyed([("A", 1, 5.0), ("A", 2, 6.0), ("A", 2, 6.1)])
    assert values[("A", 1)] == 5.0
    assert np.isnan(values[("A", 2)])
    assert breaches == {("conflicting_rows", "A"): 1}


def test_an_empty_value_beside_a_number_is_a_contradiction_too() -> None:
    values, breaches = keyed([("A", 1, 5.0), ("A", 1, np.nan)])
    assert np.isnan(values[("A", 1)])
    assert breaches == {("conflicting_rows", "A"): 1}


def test_rows_of_other_series_between_do_not_make_a_series_unsorted() -> None:
    _, breaches = keyed([("A", 1, 1.0), ("B", 9, 1.0), ("A", 2, 1.0), ("B", 8, 1.0)])
    assert breaches == {("unsorted", "B"): 1}


@given(st.permutations([("A", day, float(day)) for day in range(1, 9)]))
def test_the_order_of_the_rows_does_not_change_what_is_read(
    rows: list[tuple[str, int, float]],
) -> None:
    values, _ = keyed(rows)
    assert values == {("A", day): float(day) for day in range(1, 9)}
    assert list(values) == sorted(values)
