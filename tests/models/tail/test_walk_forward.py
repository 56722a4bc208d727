"""The learned tails walk forward: nothing known later enters, and a killed run is taken up."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from models.base import TailForecast
from models.baselines import forecast_series
from models.tail.combine import Weights
from models.tail.conformal import Calibration
from models.tail.feedback import Feedback, Flagged, HeldOut
from models.tail.inputs import Rows, series_rows
from models.tail.learned import Head, HeadSettings, fit_head
from models.tail.learned_shares import Learning
from models.tail.score_walk import ScoreWalk
from models.tail.served import Served
from models.tail.transport import KNOTS
from models.tail.walk_forward import (
    HEADS,
    NAMES,
    Refits,
    base_levels,
)
from tests.models.tail.small_walk import ALPHAS, DATES, SETTINGS, Store, history, panel, run


@pytest.fixture(scope="module")
def bases() -> dict[str, dict[str, TailForecast]]:
    return {
        name: forecast_series(
            history(name, seed).returns,
            models=("gjr_fhs", "gjr_evt"),
            alphas=base_levels(ALPHAS),
            every=250,
        )
        for seed, name in enumerate(("A", "B", "BOOK"))
    }


def test_forecasts_are_ordered_and_start_with_the_first_year(
    bases: dict[str, dict[str, TailForecast]],
) -> None:
    learned = run(bases)
    for forecasts in learned.forecasts.values():
        assert tuple(forecasts) == NAMES
        for forecast in forecasts.values():
            served = np.isfinite(forecast.sigma)
            assert (served == (DATES.year == 2020)).all()
            assert (np.diff(forecast.var[served], axis=1) > 0).all()
            assert (np.diff(forecast.es[served], axis=1) > 0).all()
            assert (forecast.es[served] >= forecast.var[served]).all()
            pit = forecast.pit[served][:-1]
            assert ((pit > 0) & (pit < 1)).all()


def test_the_pit_says_exceedance_where_the_loss_exceeds_var(
    bases: dict[str, dict[str, TailForecast]],
) -> None:
    learned = run(bases)
    for seed, (name, forecasts) in enumerate(learned.forecasts.items()):
        for forecast in forecasts.values():
            rows = np.flatnonzero(np.isfinite(forecast.sigma))[:-1]
            loss = -history(name, seed).returns[rows + 1]
            for level, alpha in enumerate(ALPHAS):
                beyond = loss > forecast.var[rows, level]
                # One rank of the sample may separate the two definitions.
                assert (forecast.pit[rows][beyond] < 1 - alpha + 0.002).all()
                assert (forecast.pit[rows][~beyond] > 1 - alpha - 0.002).all()


def test_cutting_the_future_leaves_the_past_as_it_was(
    bases: dict[str, dict[str, TailForecast]],
) -> None:
    size = len(DATES) - 60
    whole, short = run(bases), run(bases, size=size)
    for name, forecasts in short.forecasts.items():
        for model, forecast in forecasts.items():
            np.testing.assert_array_equal(forecast.var, whole.forecasts[name][model].var[:size])
            np.testing.assert_array_equal(forecast.es, whole.forecasts[name][model].es[:size])


def test_a_head_found_in_the_store_is_not_trained_again_and_says_the_same(
    bases: dict[str, dict[str, TailForecast]], monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store()
    first = run(bases, store=store)
    monkeypatch.setattr("models.tail.fitting.fit_head", None)
    second = run(bases, store=store)
    for name, forecasts in first.forecasts.items():
        for model, forecast in forecasts.items():
            np.testing.assert_array_equal(forecast.var, second.forecasts[name][model].var)
            np.testing.assert_array_equal(forecast.pit, second.forecasts[name][model].pit)


def test_a_head_made_by_other_code_is_not_taken_for_this_one(
    bases: dict[str, dict[str, TailForecast]], monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store()
    run(bases, store=store)
    known = set(store.units)
    monkeypatch.setattr("models.tail.fitting._made_by", lambda: "other code")
    run(bases, store=store)
    assert len(store.units) == 2 * len(known)


def test_a_judged_book_teaches_the_heads_nothing(
    bases: dict[str, dict[str, TailForecast]],
) -> None:
    louder = {**bases, "BOOK": bases["A"]}
    assert run(bases).heads == run(louder).heads


def test_calibration_scales_every_level_by_one_factor_and_leaves_the_heads_alone(
    bases: dict[str, dict[str, TailForecast]],
) -> None:
    calibration = Calibration(memory=100, least=40, every=10, strengths=(1.0,))
    plain = run(bases, settings=replace(SETTINGS, calibration=None))
    scaled = run(bases, settings=replace(SETTINGS, calibration=calibration))
    for name, forecasts in scaled.forecasts.items():
        before = plain.forecasts[name]
        np.testing.assert_array_equal(forecasts["mlp"].var, before["mlp"].var)
        served = np.isfinite(forecasts["combined"].sigma)
        factor = (forecasts["combined"].var / before["combined"].var)[served]
        np.testing.assert_allclose(factor, np.tile(factor[:, :1], (1, len(ALPHAS))), rtol=1e-9)
        assert (factor[:, 0] != 1.0).any()


def test_a_walk_scales_the_combination_alone_and_knows_no_future(
    bases: dict[str, dict[str, TailForecast]],
) -> None:
    size = len(DATES) - 60
    store = Store()
    settings = replace(SETTINGS, calibration=ScoreWalk(slow=0.01, fast=0.05))
    plain = run(bases, store=store, settings=replace(SETTINGS, calibration=None))
    walked = run(bases, store=store, settings=settings)
    short = run(bases, store=store, settings=settings, size=size)
    for name, forecasts in walked.forecasts.items():
        before = plain.forecasts[name]
        np.testing.assert_array_equal(forecasts["mlp"].var, before["mlp"].var)
        served = np.isfinite(forecasts["combined"].sigma)
        factor = (forecasts["combined"].var / before["combined"].var)[served]
        np.testing.assert_allclose(factor, np.tile(factor[:, :1], (1, len(ALPHAS))), rtol=1e-9)
        assert np.unique(factor[:, 0]).size > 60
        cut = short.forecasts[name]["combined"]
        np.testing.assert_array_equal(cut.var, forecasts["combined"].var[:size])
        np.testing.assert_array_equal(cut.es, forecasts["combined"].es[:size])


def test_shares_that_are_learned_change_the_combination_alone_and_know_no_future(
    bases: dict[str, dict[str, TailForecast]],
) -> None:
    size = len(DATES) - 60
    store = Store()
    settings = replace(SETTINGS, learning=Learning(rate=0.5, towards=0.0))
    plain, learned = run(bases, store=store), run(bases, store=store, settings=settings)
    short = run(bases, store=store, settings=settings, size=size)
    for name, forecasts in learned.forecasts.items():
        before = plain.forecasts[name]
        np.testing.assert_array_equal(forecasts["mlp"].var, before["mlp"].var)
        served = np.isfinite(forecasts["combined"].sigma)
        assert (forecasts["combined"].var != before["combined"].var)[served].any()
        cut = short.forecasts[name]["combined"]
        np.testing.assert_array_equal(cut.var, forecasts["combined"].var[:size])
        np.testing.assert_array_equal(cut.es, forecasts["combined"].es[:size])


def test_a_head_that_serves_two_years_is_that_of_the_first(
    bases: dict[str, dict[str, TailForecast]],
) -> None:
    store = Store()
    yearly = run(bases, store=store, first_year=2019, models=("linear",))
    made = len(store.units)
    rare = Refits(every=2, last=False)
    biennial = run(bases, store=store, first_year=2019, models=("linear",), refits=rare)
    assert len(store.units) == made  # the heads of 2019 were there, and no others are asked for
    assert [window.year for window in biennial.windows] == [2019]
    first, second = (x.forecasts["A"]["linear"] for x in (yearly, biennial))
    of_2019, of_2020 = DATES.year == 2019, DATES.year == 2020
    np.testing.assert_array_equal(first.var[of_2019], second.var[of_2019])
    assert np.isfinite(second.sigma[of_2020]).all()
    assert (first.var[of_2020] != second.var[of_2020]).any()


FLAG = Flagged("BOOK", "2019-06-05", known="2019-06-08")
WEEK = HeldOut("2019-06-03", "2019-06-09", known="2019-06-08")


def test_without_flags_the_heads_and_their_keys_stay(
    bases: dict[str, dict[str, TailForecast]],
) -> None:
    plain, empty = Store(), Store()
    run(bases, store=plain)
    run(bases, store=empty, feedback=Feedback())
    assert empty.units == plain.units
    elsewhere = Feedback(flagged=(replace(FLAG, series="another desk's"),))
    run(bases, store=empty, feedback=elsewhere)
    assert empty.units == plain.units


def test_a_flag_teaches_heads_trained_after_it_and_no_others(
    bases: dict[str, dict[str, TailForecast]],
) -> None:
    store = Store()
    plain = run(bases, store=store)
    known = dict(store.units)
    taught = run(bases, store=store, feedback=Feedback(flagged=(FLAG,)))
    assert len(store.units) == 2 * len(known)  # known in 2019: the year's heads and the last
    assert taught.heads["mlp"] != plain.heads["mlp"]
    # Of a draw after the year began, its heads stay; only the head made now is another.
    late = run(bases, store=store, feedback=Feedback(flagged=(replace(FLAG, known="2020-02-01"),)))
    assert len(store.units) == 2 * len(known)
    assert late.heads == taught.heads
    for name, forecasts in plain.forecasts.items():
        np.testing.assert_array_equal(late.forecasts[name]["mlp"].var, forecasts["mlp"].var)
        served = np.isfinite(forecasts["mlp"].sigma)
        other = taught.forecasts[name]["mlp"].var[served]
        assert (other != forecasts["mlp"].var[served]).any()
    # A session after the last target that any head learns from is not seen at all.
    ahead = Feedback(flagged=(Flagged("BOOK", "2020-12-30", known="2020-12-31"),))
    run(bases, store=store, feedback=ahead)
    assert len(store.units) == 2 * len(known)


def test_what_came_in_a_challenge_week_is_never_learned(
    bases: dict[str, dict[str, TailForecast]], monkeypatch: pytest.MonkeyPatch
) -> None:
    targets: list[np.ndarray] = []
    real = fit_head

    def watched(rows: Rows, settings: HeadSettings, **more: Any) -> Head:
        targets.append(rows.target)
        return real(rows, settings, **more)

    monkeypatch.setattr("models.tail.fitting.fit_head", watched)
    week = slice(np.datetime64(WEEK.first), np.datetime64(WEEK.last))
    run(bases, feedback=Feedback(flagged=(FLAG,), held_out=(WEEK,)))
    assert len(targets) == 6
    for known in targets:
        assert not ((known >= week.start) & (known <= week.stop)).any()
        days = set(np.unique(known).tolist())
        assert np.datetime64("2019-05-31", "ns").astype(int) in days
        assert np.datetime64("2019-06-10", "ns").astype(int) in days


def test_the_last_head_is_held_to_the_weeks_it_never_saw(
    bases: dict[str, dict[str, TailForecast]],
) -> None:
    learned = run(bases, feedback=Feedback(held_out=(WEEK,)))
    assert set(learned.challenge) == set(bases)
    heads = {kind: Head.from_bytes(payload) for kind, payload in learned.heads.items()}
    assert tuple(heads) == HEADS
    origins = DATES.isin(pd.bdate_range("2019-05-31", "2019-06-06"))
    for seed, (name, forecasts) in enumerate(learned.challenge.items()):
        assert tuple(forecasts) == NAMES
        for forecast in forecasts.values():
            np.testing.assert_array_equal(np.isfinite(forecast.sigma), origins)
        one = history(name, seed)
        fhs = bases[name]["gjr_fhs"]
        mine = series_rows(one, fhs, panel([one]))
        for kind, head in heads.items():
            image = head.map(mine.where(origins)).image.numpy()
            # At the knots the learned VaR is the map's image in units of sigma.
            expected = image[:, [KNOTS.index(0.975)]] * fhs.sigma[origins, None]
            np.testing.assert_allclose(forecasts[kind].var[origins, 1:2], expected, rtol=1e-9)
    assert run(bases).challenge == {}


def test_what_is_served_is_what_the_walk_forward_said(
    bases: dict[str, dict[str, TailForecast]],
) -> None:
    """The head of the year, registered and read back, forecasts that year again, bit for bit."""
    store = Store()
    learned = run(bases, store=store)
    of_the_day = learned.heads.values()
    heads = [Head.from_bytes(unit) for unit in store.units.values() if unit not in of_the_day]
    yearly = {head.settings.kind: head for head in heads}
    assert yearly.keys() == set(HEADS)
    one = history("A", 0)
    fhs, evt = bases["A"]["gjr_fhs"], bases["A"]["gjr_evt"]
    shown = panel([one])
    for model in NAMES:
        served = Served(model, yearly, SETTINGS.weights, shown.own, shown.shared)
        first = int(np.argmax(DATES.year == 2020))
        said = served.forecast(one, shown, fhs=fhs, evt=evt, alphas=ALPHAS, first=first)
        expected = learned.forecasts["A"][model]
        np.testing.assert_array_equal(said.var[first:], expected.var[first:])
        np.testing.assert_array_equal(said.es[first:], expected.es[first:])


def test_a_head_that_nobody_asks_for_and_that_has_no_share_is_not_trained(
    bases: dict[str, dict[str, TailForecast]],
) -> None:
    weights = Weights(mlp=0.5, linear=0.2, transformer=0.0, fhs=0.0, evt=0.3)
    settings = replace(SETTINGS, weights=weights)
    assert set(run(bases, settings=settings, models=("combined",)).heads) == {"linear", "mlp"}
    asked = run(bases, settings=settings, models=("transformer",))
    assert set(asked.heads) == set(HEADS)
    assert set(asked.forecasts["A"]) == set(NAMES)


@pytest.mark.slow
def test_two_processes_train_the_same_heads_as_one(
    bases: dict[str, dict[str, TailForecast]],
) -> None:
    assert run(bases).heads == run(bases, jobs=2).heads
