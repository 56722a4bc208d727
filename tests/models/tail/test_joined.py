"""Shares and factors enter the combination as they were found, row by row."""

import numpy as np
import pandas as pd
import pytest
import torch

from features.panel import Panel, SeriesFeatures
from models.tail.combine import joined_by
from models.tail.inputs import Rows
from models.tail.joined import losses_in_time, regime_states
from models.tail.transport import KNOTS, TailMap, identity, mixture

BASE = torch.linspace(1.0, 3.0, len(KNOTS)).expand(4, -1).double()


def scaled(factor: float) -> TailMap:
    return identity(BASE).scaled(torch.full((4, 1), factor).double())


def told(columns: tuple[str, ...], rows: list[list[float]]) -> Panel:
    shared = np.array(rows)
    return Panel(
        own=(), shared=columns, values={"A": SeriesFeatures(np.empty((len(rows), 0)), shared)}
    )


def test_shares_that_never_change_make_the_fixed_mixture():
    maps, fixed = [scaled(0.8), identity(BASE), scaled(1.3)], (0.5, 0.2, 0.3)
    found = joined_by(maps, torch.tensor(fixed).double().expand(4, -1))
    expected = mixture(maps, fixed)
    torch.testing.assert_close(found.image, expected.image)
    torch.testing.assert_close(found.slope, expected.slope)


def test_each_row_has_shares_of_its_own():
    shares = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.5, 0.5], [0.25, 0.75]]).double()
    found = joined_by([scaled(1.0), scaled(2.0)], shares)
    torch.testing.assert_close(found.slope[:, 0], torch.tensor([1.0, 2.0, 1.5, 1.75]).double())
    torch.testing.assert_close(found.image, BASE * found.slope)


def test_a_regime_is_told_from_an_even_chance_on():
    panel = told(
        ("other", "regime_high", "regime_crisis"),
        [
            [9.0, 0.2, 0.1],
            [9.0, 0.5, 0.0],
            [9.0, 0.3, 0.3],
            [9.0, 0.1, 0.5],
            [9.0, np.nan, np.nan],
        ],
    )
    assert regime_states(panel, "A").tolist() == [0, 1, 1, 2, 0]


def test_without_regimes_calibration_by_regime_is_refused():
    with pytest.raises(ValueError, match="panel has neither"):
        regime_states(told(("other",), [[1.0]]), "A")


def test_a_loss_made_after_a_holiday_is_not_known_by_counting_sessions():
    """The second series pauses for the third and fourth session: its loss comes on the fifth."""
    dates = pd.bdate_range("2020-01-06", periods=6)
    own = dates.delete([2, 3])
    rows = Rows(
        own=np.empty((4, 0)),
        shared=np.empty((4, 0)),
        var=np.ones((4, len(KNOTS))),
        es=np.ones((4, len(KNOTS))),
        move=np.array([-1.0, -2.0, -3.0, np.nan]),
        target=np.append(own.to_numpy()[1:], np.datetime64("NaT")),
    )
    assert losses_in_time(rows, own, dates.to_numpy(), horizon=1) == pytest.approx(
        [1.0, np.nan, 3.0, np.nan], nan_ok=True
    )
