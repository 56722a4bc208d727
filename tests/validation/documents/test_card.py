from __future__ import annotations

from typing import Any

from tests.validation.documents.conftest import made_inputs
from validation.documents.card import sections


def value(name: str) -> dict[str, Any]:
    found = [field for part in sections(made_inputs()) for field in part["fields"]]
    return next(field["value"] for field in found if field["name"] == name)


def test_series_that_share_their_dates_get_no_interval():
    assert value("pooled")["rows"] == [["all", 0.99, 250, 2, 2.5, "none: series share their dates"]]


def test_a_series_has_the_exact_interval_of_its_rate():
    # Clopper and Pearson for 2 of 250: 0.097% to 2.860%
    (row,) = value("books")["rows"]
    assert row == ["spx", 0.99, 250, 2, "0.80% (0.10% to 2.86%)", "green"]
    (crisis,) = value("regimes")["rows"]
    assert crisis[:2] == ["spx", "covid_2020"]


def test_every_asset_class_stands_with_its_interval():
    (row,) = value("classes")["rows"]
    assert row == ["equity", "all", 0.99, -0.02, "-0.0396 to -0.0004", -2.0]
