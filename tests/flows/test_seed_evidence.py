"""Evidence of stability over seeds: the last year of judged series, and heads that are known."""

from __future__ import annotations

from dataclasses import replace
from math import log

import numpy as np
import pandas as pd
import pytest
import torch

from features.panel import Panel, SeriesFeatures
from features.returns import History
from flows.seed_evidence import SESSIONS, seed_evidence
from models.base import TailForecast
from models.tail.combine import Weights
from models.tail.learned import Head
from models.tail.transport import KNOTS
from models.tail.walk_forward import Candidate
from tests.models.tail.test_served import NORMAL_ES, NORMAL_VAR, OWN, SHARED, fitted

LENGTH, SIGMA = 300, 0.01
QUIET = Weights(mlp=0.5, linear=0.5, transformer=0.0, fhs=0.0, evt=0.0)


def candidate(name: str, *, judged: bool = True) -> Candidate:
    """A series without a loss, whose base is normal with a sigma of 1% on every session."""
    dates = pd.bdate_range("2020-01-01", periods=LENGTH)
    said = np.tile(SIGMA * NORMAL_VAR, (LENGTH, 1)), np.tile(SIGMA * NORMAL_ES, (LENGTH, 1))
    flat = np.full(LENGTH, SIGMA)
    base = TailForecast(alphas=KNOTS, var=said[0], es=said[1], sigma=flat, pit=flat * np.nan)
    history = History(
        name=name,
        asset_class="equity",
        dates=dates,
        returns=np.full(LENGTH, 0.001),
        clean=np.ones(LENGTH, dtype=np.bool_),
        origins=dates.tz_localize("UTC"),
    )
    return Candidate(history, fhs=base, evt=base, judged=judged, trains=True)


def panel(*candidates: Candidate) -> Panel:
    own = np.column_stack([np.linspace(0.005, 0.02, LENGTH), np.linspace(-0.02, 0.02, LENGTH)])
    features = SeriesFeatures(own=own, shared=np.cos(np.arange(LENGTH))[:, None])
    return Panel(OWN, SHARED, {one.history.name: features for one in candidates})


@pytest.fixture(scope="module")
def heads() -> dict[str, bytes]:
    return {kind: fitted(kind) for kind in ("linear", "mlp")}


def silent(payload: bytes, *, seeds: slice = slice(None)) -> bytes:
    """The head with an output of zero, which leaves the base as it is."""
    head = Head.from_bytes(payload)
    with torch.no_grad():
        for weights in head.net.out.parameters():
            weights[seeds] = 0.0
    return head.to_bytes()


def found(heads: dict[str, bytes], *candidates: Candidate, models: tuple[str, ...] = ("mlp",)):
    records = seed_evidence(heads, candidates, panel(*candidates), models=models, weights=QUIET)
    return {(record["model"], record["alpha"]): record for record in records}


def test_heads_that_change_nothing_score_as_the_base_and_agree(heads: dict[str, bytes]):
    """Without a loss FZ0 is VaR / ES + log ES - 1, ES in percent."""
    nothing = {kind: silent(payload) for kind, payload in heads.items()}
    told = found(nothing, candidate("A"), models=("mlp", "combined"))
    assert set(told) == {(m, a) for m in ("mlp", "combined") for a in (0.975, 0.99)}
    for (_, alpha), record in told.items():
        at = KNOTS.index(alpha)
        expected = NORMAL_VAR[at] / NORMAL_ES[at] + log(NORMAL_ES[at]) - 1
        assert record["fz0"] == pytest.approx(expected)
        assert (record["members"], record["rows"]) == (2, SESSIONS)
        assert (record["fz0_apart"], record["var_range"]) == pytest.approx((0.0, 0.0), abs=1e-12)


def test_a_seed_that_learned_something_else_is_seen_and_less_of_it_in_the_combination(
    heads: dict[str, bytes],
):
    """Half the weight on the other head, which says the same whatever the seed: half the range."""
    one_odd = {
        "mlp": silent(heads["mlp"], seeds=slice(1)),
        "linear": silent(heads["linear"]),
    }
    told = found(one_odd, candidate("A"), models=("mlp", "combined"))
    mlp, combined = told["mlp", 0.99], told["combined", 0.99]
    assert mlp["var_range"] > 0.0
    assert combined["var_range"] == pytest.approx(mlp["var_range"] / 2, rel=0.1)


def test_only_judged_series_and_clean_outcomes_of_the_last_year_count(heads: dict[str, bytes]):
    late, early = candidate("A"), candidate("B")
    late.history.clean[-1] = False
    early.history.clean[-SESSIONS - 1] = False  # the outcome before the last year's
    record = found(heads, late, early, candidate("C", judged=False))["mlp", 0.99]
    assert (record["series"], record["rows"]) == (2, 2 * SESSIONS - 1)
    nobody = replace(late, judged=False)
    assert seed_evidence(heads, [nobody], panel(nobody), models=("mlp",), weights=QUIET) == ()
