"""A kind of data helps where every seed surely loses without it, and is not called so by luck."""

from typing import Any

import pytest

from flows.ablating.worth import HELPS, HURTS, UNSURE, worth_of


def row(kind: str, relative: float, worst: float | None, best: float | None, **more: Any):
    return {
        "variant": f"without {kind}",
        "group": "modalities",
        "against": "combined",
        "alpha": 0.99,
        "window": "all",
        "asset_class": None,
        "relative": relative,
        "t_worst": worst,
        "t_best": best,
    } | more


def of(*rows: dict[str, Any]) -> list[dict[str, Any]]:
    return worth_of({"claim": "combined", "rows": rows})


@pytest.mark.parametrize(
    ("worst", "best", "verdict"),
    [
        (3.0, 2.1, HELPS),
        (3.0, 1.9, UNSURE),  # one seed of several is not sure of it
        (-2.1, -3.0, HURTS),
        (-1.9, -3.0, UNSURE),
        (None, None, UNSURE),  # too few dates for a t
    ],
)
def test_only_what_every_seed_is_sure_of_is_told(
    worst: float | None, best: float | None, verdict: str
):
    (told,) = of(row("macro", 0.01, worst, best))
    assert told["verdict"] == verdict


def test_levels_that_contradict_each_other_leave_it_open():
    rows = (row("macro", 0.01, 3.0, 3.0), row("macro", -0.01, -3.0, -3.0, alpha=0.975))
    (told,) = of(*rows)
    assert told["verdict"] == UNSURE
    assert len(told["levels"]) == 2


def test_what_brings_most_comes_first_and_nothing_but_the_pooled_loss_counts():
    told = of(
        row("bars", 0.001, 0.5, 0.5),
        row("macro", 0.02, 4.0, 4.0),
        row("macro", 0.5, 9.0, 9.0, window="covid_2020"),
        row("macro", -0.03, -3.0, -3.0, against="gjr_fhs"),
        row("macro", 0.4, 9.0, 9.0, asset_class="fx"),
        row("x", 0.3, 9.0, 9.0, group="models"),
    )
    assert [one["kind"] for one in told] == ["macro", "bars"]
    assert told[0]["told"] == "VIX, MOVE, yields and credit spreads"
    assert [one["relative"] for one in told[0]["levels"]] == [0.02]
