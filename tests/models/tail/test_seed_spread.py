"""The members' mean is the ensemble, and taking them apart leaves it whole."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from models.tail.combine import Weights
from models.tail.learned import Head, HeadSettings
from models.tail.seed_spread import members
from models.tail.served import Served, input_columns
from tests.models.tail.test_served import NORMAL_ES, NORMAL_VAR, OWN, SHARED, fitted

WEIGHTS = Weights(mlp=0.5, linear=0.2, transformer=0.0, fhs=0.0, evt=0.3)


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(2)
    sigma = np.linspace(0.01, 0.03, 40)
    bases = [c * sigma[:, None] * np.concatenate([NORMAL_VAR, NORMAL_ES]) for c in (1.0, 1.1)]
    features = [sigma * np.exp(rng.normal(size=40)), sigma * rng.normal(size=40)]
    values = np.column_stack([sigma, *bases, *features, rng.normal(size=40)])
    return pd.DataFrame(values, columns=pd.Index(input_columns(OWN, SHARED)))


@pytest.fixture(scope="module")
def heads() -> dict[str, Head]:
    return {kind: Head.from_bytes(fitted(kind)) for kind in ("linear", "mlp")}


@pytest.mark.parametrize("model", ["combined", "mlp"])
def test_the_mean_of_the_members_is_the_ensemble(
    heads: dict[str, Head], frame: pd.DataFrame, model: str
):
    served = Served(model, heads, WEIGHTS, OWN, SHARED)
    alone = [one.predict(frame) for one in members(served)]
    assert len(alone) == 2
    assert not np.allclose(alone[0], alone[1], rtol=1e-6)
    mean = (alone[0] + alone[1]) / 2
    np.testing.assert_allclose(mean, served.predict(frame), rtol=1e-9)


def test_a_head_of_one_seed_stands_in_every_member(heads: dict[str, Head], frame: pd.DataFrame):
    (alone, _) = members(Served("linear", {"linear": heads["linear"]}, WEIGHTS, OWN, SHARED))
    single = heads | {"linear": alone.heads["linear"]}
    linear = [
        one.heads["linear"] for one in members(Served("combined", single, WEIGHTS, OWN, SHARED))
    ]
    assert [head.settings.seeds for head in linear] == [1, 1]
    said = [
        Served("linear", {"linear": head}, WEIGHTS, OWN, SHARED).predict(frame) for head in linear
    ]
    np.testing.assert_array_equal(said[0], said[1])


def test_taking_members_apart_leaves_the_ensemble_as_it_was(
    heads: dict[str, Head], frame: pd.DataFrame
):
    served = Served("combined", heads, WEIGHTS, OWN, SHARED)
    before = served.predict(frame)
    for one in members(served):
        for head in one.heads.values():
            for weights in head.net.parameters():
                torch.nn.init.zeros_(weights)
    np.testing.assert_array_equal(served.predict(frame), before)


def test_an_ensemble_of_one_has_one_member(heads: dict[str, Head]):
    single = members(Served("mlp", {"mlp": heads["mlp"]}, WEIGHTS, OWN, SHARED))[0]
    assert len(members(single)) == 1
    settings: HeadSettings = single.heads["mlp"].settings
    assert settings == replace(heads["mlp"].settings, seeds=1)
