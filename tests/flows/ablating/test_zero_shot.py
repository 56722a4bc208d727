"""A foundation model is the user's: where it is not, the row is refused with what to do."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.returns import History
from flows.ablating.zero_shot import zero_shot
from flows.refusal import RefusedError
from flows.terminal import Terminal
from flows.units import UnitStore
from models.tail.foundation import CONTEXT

DATES = pd.bdate_range("2015-01-01", periods=1100)
HISTORY = History(
    name="A",
    asset_class="equity",
    dates=DATES,
    returns=0.01 * np.random.default_rng(0).standard_t(5, len(DATES)),
    clean=np.ones(len(DATES), dtype=np.bool_),
    origins=DATES.tz_localize("UTC") + pd.Timedelta(hours=22),
)


def test_a_model_that_is_not_there_is_refused(tmp_path: Path):
    with (
        UnitStore(tmp_path / "units.db") as units,
        Terminal(quiet=True).step("") as step,
        pytest.raises(RefusedError, match=r"foundation: .* missing"),
    ):
        zero_shot(step, tmp_path, (), alphas=(0.975,), units=units)


def test_what_a_model_has_said_of_a_history_is_not_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    for name in ("config.json", "model.safetensors"):
        (tmp_path / name).write_text(name)
    asked: list[int] = []

    def said(returns: np.ndarray, model: object) -> tuple[np.ndarray, np.ndarray]:
        asked.append(len(returns))
        count = len(returns) + 1 - CONTEXT
        return np.zeros(count), np.full(count, 0.01)

    monkeypatch.setattr("models.tail.foundation.local_model", lambda directory: None)
    monkeypatch.setattr("models.tail.foundation.percentiles", said)
    with UnitStore(tmp_path / "units.db") as units, Terminal(quiet=True).step("") as step:
        first, second = (
            zero_shot(step, tmp_path, (HISTORY,), alphas=(0.95, 0.975), units=units)["A"]
            for _ in range(2)
        )
    assert asked == [len(DATES)]
    np.testing.assert_array_equal(first.var, second.var)
    assert np.isfinite(first.var[999:]).all()
