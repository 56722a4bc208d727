"""The rows are the default with one thing changed, and nothing is trained that has no row."""

import numpy as np
import pytest

from features.panel import Panel, SeriesFeatures
from flows.ablating.variants import ALONE, JOINED, REMOVED, Asked, variants_of
from flows.refusal import RefusedError
from models.tail.walk_forward import LearnedSettings


def panel(*, known: bool = True) -> Panel:
    news = 0.5 if known else np.nan
    return Panel(
        own=("volatility_1",),
        shared=("vix", "mood", "regime_high", "regime_crisis"),
        values={"A": SeriesFeatures(np.ones((3, 1)), np.tile([1.0, news, 0.1, 0.1], (3, 1)))},
        modalities={
            "returns": ("volatility_1",),
            "macro": ("vix",),
            "news": ("mood",),
            "regimes": ("regime_high", "regime_crisis"),
        },
    )


def test_the_whole_table_has_every_model_modality_and_combination():
    rows = variants_of(LearnedSettings(), Asked(), panel())
    names = {
        group: [x.name for x in rows if x.group == group] for group in (ALONE, REMOVED, JOINED)
    }
    assert names[ALONE] == ["linear", "mlp", "transformer", "combined"]
    assert names[REMOVED] == ["without returns", "without macro", "without news"]
    assert names[JOINED] == [
        "mean of the heads",
        "learned shares",
        "walked down the score",
        "calibrated by class",
        "calibrated by class and regime",
    ]
    # One run for the models; combinations find its heads; each modality is a training of its own.
    assert len({row.settings for row in rows if row.group == ALONE}) == 1


def test_a_modality_taken_away_is_read_by_no_head_and_all_else_stays():
    default = LearnedSettings()
    rows = {row.name: row for row in variants_of(default, Asked(), panel())}
    without = rows["without macro"].settings
    for head, before in (
        (without.linear, default.linear),
        (without.mlp, default.mlp),
        (without.transformer, default.transformer),
    ):
        assert head.without == (*before.without, "macro")
    assert without.weights == default.weights


def test_what_the_default_does_not_read_or_the_market_lacks_cannot_be_taken_away():
    names = [row.name for row in variants_of(LearnedSettings(), Asked(), panel(known=False))]
    assert "without news" not in names
    assert "without regimes" not in names
    with pytest.raises(RefusedError, match="does not read regimes"):
        variants_of(LearnedSettings(), Asked(without=("regimes",)), panel())


def test_a_small_ablation_trains_what_it_was_asked_for_alone():
    rows = variants_of(LearnedSettings(), Asked(models=("linear",), without=("macro",)), panel())
    assert [(row.name, row.model) for row in rows] == [
        ("linear", "linear"),
        ("without macro", "linear"),
    ]
    assert all(row.settings.weights.heads == {} for row in rows)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"models": ("gjr_fhs",)}, "gjr_fhs is not learned"),
        ({"seeds": 0}, "seeds and every must be at least 1"),
        ({"every": 0}, "seeds and every must be at least 1"),
    ],
)
def test_what_makes_no_sense_is_refused(asked: dict[str, object], said: str):
    with pytest.raises(RefusedError, match=said):
        Asked(**asked)  # pyright: ignore[reportArgumentType]
