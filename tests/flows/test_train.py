"""One version of a learned tail, trained and registered on its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.held_models import held_model
from flows.history_check import check_history
from flows.ledger.ledger import Ledger
from flows.reconcile import reconcile
from flows.refusal import RefusedError
from flows.settings import Settings
from flows.steps import Steps
from flows.terminal import Terminal
from flows.tracking import CHALLENGER, REGISTERED, holder, load_version
from flows.train import train
from flows.version_rows import version_row

QUIET = Steps(Terminal(quiet=True))


@pytest.mark.parametrize("model", ["gjr_fhs", "hs_250", "gpt"])
def test_a_model_that_does_not_learn_is_refused_with_the_ones_that_do(model: str, state_root: Path):
    with pytest.raises(RefusedError, match=f"model: {model} .*linear, mlp, transformer, combined"):
        train(Settings(), model=model, root=state_root, steps=QUIET)
    assert not state_root.exists()


@pytest.mark.slow
def test_one_version_is_trained_registered_and_loaded_back(
    learnable_market: Path, tracked_root: Path
):
    done = train(Settings(data=learnable_market), model="linear", root=tracked_root, steps=QUIET)
    assert done.as_dict()["version"] == 1
    assert holder(tracked_root, CHALLENGER) == done.version
    ledger = Ledger.open(tracked_root)
    with ledger.reading() as tx:
        version = version_row(tx, REGISTERED, 1)
        assert held_model(tx, tracked_root, version).model == "linear"
    assert check_history(ledger, tracked_root, version=version).faults == ()
    assert reconcile(ledger, tracked_root) == []
    ledger.close()
    again = train(Settings(data=learnable_market), model="linear", root=tracked_root, steps=QUIET)
    assert again.as_dict() == done.as_dict()
    inputs = load_version(tracked_root, 1).metadata.get_input_schema()
    assert {"sigma", "fhs_var_0.99", "volatility_10"} <= set(inputs.input_names())


@pytest.mark.slow
def test_a_market_too_short_to_learn_from_is_refused(tiny_market: Path, tracked_root: Path):
    with pytest.raises(RefusedError, match="models: "):
        train(Settings(data=tiny_market), model="mlp", root=tracked_root, steps=QUIET)
    assert holder(tracked_root, CHALLENGER) is None
