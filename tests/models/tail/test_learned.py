"""A head finds what was planted, says the same twice, and comes back from bytes unchanged."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy import stats

from models.tail.heads import HeadKind
from models.tail.inputs import ARRAYS, Rows
from models.tail.learned import Head, HeadSettings, Standard, fit_head
from models.tail.objective import Objective
from models.tail.transport import KNOTS
from models.training import Schedule

T5 = np.sqrt(3.0 / 5.0)
VAR = -T5 * stats.t.ppf(1.0 - np.array(KNOTS), 5)
BEYOND = np.array([-T5 * stats.t.expect(lambda x: x, (5,), ub=-v / T5) for v in VAR])
ES = BEYOND / (1.0 - np.array(KNOTS))
SETTINGS = HeadSettings("mlp", seeds=2, schedule=Schedule(epochs=4, batch=512, rate=5e-3))


def planted(rows: int, *, seed: int, effect: float = 0.3) -> Rows:
    """Moves whose scale is ``exp(effect * x)``, which the base does not see but the head may."""
    rng = np.random.default_rng(seed)
    own = rng.normal(size=(rows, 2))
    move = T5 * rng.standard_t(5, rows) * np.exp(effect * own[:, 0])
    return Rows(
        own=own,
        shared=rng.normal(size=(rows, 1)),
        var=np.tile(VAR, (rows, 1)),
        es=np.tile(ES, (rows, 1)),
        move=move,
        target=np.full(rows, np.datetime64("2020-01-01")),
    )


@pytest.mark.parametrize("kind", ["linear", "mlp"])
def test_a_planted_scale_is_found(kind: HeadKind) -> None:
    head = fit_head(planted(24_000, seed=1), replace(SETTINGS, kind=kind))
    fresh = planted(2_000, seed=2)
    learned = np.log(head.map(fresh).image[:, 3].numpy() / VAR[3])
    slope = np.polyfit(fresh.own[:, 0], learned, 1)[0]
    assert slope == pytest.approx(0.3, abs=0.07)


def test_shuffled_targets_teach_nothing() -> None:
    rows = planted(12_000, seed=3)
    rng = np.random.default_rng(4)
    head = fit_head(replace(rows, move=rng.permutation(rows.move)), SETTINGS)
    fresh = planted(2_000, seed=5)
    learned = np.log(head.map(fresh).image[:, 3].numpy() / VAR[3])
    assert abs(np.polyfit(fresh.own[:, 0], learned, 1)[0]) < 0.05


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    rows = planted(1_000, seed=6)
    first, again = (fit_head(rows, SETTINGS).to_bytes() for _ in range(2))
    assert first == again
    assert fit_head(rows, replace(SETTINGS, seed=1)).to_bytes() != first


def test_a_head_comes_back_from_bytes_unchanged() -> None:
    rows = planted(1_000, seed=7)
    head = fit_head(rows, SETTINGS)
    back = Head.from_bytes(head.to_bytes())
    assert back.settings == head.settings
    torch.testing.assert_close(back.map(rows).image, head.map(rows).image, rtol=0.0, atol=0.0)


def test_a_row_without_a_tail_to_reshape_keeps_the_base() -> None:
    head = fit_head(planted(1_000, seed=8), SETTINGS)
    rows = planted(10, seed=9)
    flat = replace(rows, var=0.01 * rows.var, es=0.01 * rows.es)
    torch.testing.assert_close(head.map(flat).image, torch.as_tensor(flat.var))
    assert (head.map(flat).slope == 1.0).all()


def test_what_is_not_known_is_read_as_the_training_mean() -> None:
    standard = Standard.of(np.array([[1.0, np.nan, 2.0], [3.0, np.nan, 2.0]]))
    assert standard.centre.tolist() == [2.0, 0.0, 2.0]
    assert standard.spread.tolist() == [1.0, 1.0, 1.0]
    assert standard(np.array([[np.nan, 4.0, 100.0]])).tolist() == [[0.0, 4.0, 5.0]]


def test_too_few_rows_are_refused() -> None:
    with pytest.raises(ValueError, match="rows: 100 training rows are left"):
        fit_head(planted(100, seed=10), SETTINGS)


def test_equal_weights_are_no_weights() -> None:
    rows = planted(1_000, seed=6)
    plain = fit_head(rows, SETTINGS).to_bytes()
    assert fit_head(rows, SETTINGS, weights=np.full(1_000, 2.0)).to_bytes() == plain


def test_a_weight_of_two_counts_as_the_row_twice() -> None:
    rows = planted(600, seed=7)
    head = fit_head(rows, SETTINGS)
    head.net.eval()  # without dropout the loss is a function of the rows alone
    weights = np.where(np.arange(600) < 200, 2.0, 1.0)
    twice = rows.take(np.concatenate([np.arange(600), np.arange(200)]))
    every, doubled = (torch.arange(n).expand(SETTINGS.seeds, n) for n in (600, 800))
    with torch.no_grad():  # the scaling of inputs is the head's own: both read a row alike
        weighted = Objective(head, rows, weights)(every).item()
        assert weighted == pytest.approx(Objective(head, twice)(doubled).item(), rel=1e-5)


def test_the_first_passes_learn_the_scale_alone() -> None:
    """A map that only scales has one factor at all knots; the shape of a tail follows later."""
    only_scale = replace(SETTINGS, scale_passes=SETTINGS.schedule.epochs)
    spread = []
    for settings in (only_scale, SETTINGS):
        said = fit_head(planted(6_000, seed=1), settings).map(planted(500, seed=2)).image.numpy()
        factor = said / VAR
        spread.append(np.ptp(factor, axis=1).max())
        assert factor.std() > 0.05
    assert spread[0] < 1e-6 < 1e-3 < spread[1]


def test_weights_follow_their_rows_where_some_are_left_out() -> None:
    rows, junk = planted(1_000, seed=6), planted(100, seed=9)
    weights = np.random.default_rng(1).uniform(1.0, 3.0, 1_000)
    mixed = replace(
        rows,
        **{name: np.concatenate([getattr(junk, name), getattr(rows, name)]) for name in ARRAYS},
    )
    mixed.move[:100] = np.nan
    padded = np.concatenate([np.full(100, 99.0), weights])
    plain = fit_head(rows, SETTINGS, weights=weights).to_bytes()
    assert fit_head(mixed, SETTINGS, weights=padded).to_bytes() == plain
