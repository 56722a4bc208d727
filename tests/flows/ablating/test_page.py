"""The page says what was run, and what each part was worth."""

import re
from typing import Any

from flows.ablating.page import page_of, section_of


def ablation(**ran: Any) -> dict[str, Any]:
    def row(variant: str, group: str, against: str, relative: float, **more: Any) -> dict[str, Any]:
        return {
            "variant": variant,
            "group": group,
            "against": against,
            "alpha": 0.99,
            "window": "all",
            "asset_class": None,
            "seeds": 2,
            "relative": relative,
            "relative_lowest": relative - 0.001,
            "relative_highest": relative + 0.001,
            "difference": relative / 2,
            "t_worst": -2.5,
            "t_best": -3.5,
        } | more

    return {
        "schema": "foreshock.ablation/1",
        "as_of": "2024-12-31",
        "snapshot": "5a" * 32,
        "revision": "deadbeef" * 5,
        "dirty": False,
        "baseline": "gjr_fhs",
        "claim": "combined",
        "not_ran": ["one <seed> shows no spread"],
        "not_covered": ["tariffs_2025"],
        "ran": {
            "start": "2015-01-01",
            "end": "2024-12-31",
            "series": 7,
            "alphas": [0.99],
            "seeds": [0, 1],
            "years_served": 2,
        }
        | ran,
        "rows": [
            row("combined", "models", "gjr_fhs", -0.04),
            row("combined", "models", "gjr_fhs", -0.15, window="covid_2020"),
            row("combined", "models", "gjr_fhs", -0.03, asset_class="fx"),
            row("without macro", "modalities", "gjr_fhs", -0.03),
            row("without macro", "modalities", "combined", 0.0104, t_worst=3.1, t_best=2.4),
            row("learned shares", "combinations", "gjr_fhs", -0.045),
        ],
    }


def words(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_the_page_says_what_ran_and_what_did_not():
    said = words(page_of(ablation()))
    assert "Ran on 7 series, 2015-01-01 to 2024-12-31, seeds 0, 1" in said
    assert "each head serves 2 years" in said
    assert "one &lt;seed&gt; shows no spread" in said
    assert "do not reach: tariffs_2025" in said


def test_a_part_taken_away_is_shown_against_the_bar_and_against_the_default():
    said = words(page_of(ablation()))
    assert re.search(r"without macro −3\.00% −3\.10% to −2\.90% −2\.5 \+1\.04%", said)


def test_it_begins_with_what_each_kind_of_data_brings_in_words():
    said = words(page_of(ablation()))
    first = "macro VIX, MOVE, yields and credit spreads +1.04% +0.94% to +1.14% 3.1 helps"
    assert said.index(first) < said.index("The whole table")


def test_crises_and_classes_have_a_column_where_there_is_one():
    shown = section_of(ablation())
    assert [one.name for one in shown["crises"]] == ["covid_2020"]
    assert shown["classes"] == ["fx"]
    assert [group["title"] for group in shown["groups"]] == [
        "The models, each alone",
        "With one kind of input taken away",
        "Joined or calibrated otherwise",
    ]
    assert "COVID-19 crash" in page_of(ablation())


def test_the_page_needs_nothing_from_outside():
    page = page_of(ablation())
    assert "<script" not in page
    assert "http" not in page
