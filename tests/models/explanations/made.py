"""Heads whose answer is known beforehand, and inputs to ask them about."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from scipy import stats

from models.explanations.inputs import Inputs
from models.tail.combine import Weights
from models.tail.inputs import Layout
from models.tail.learned import Head, HeadSettings, Standard, _net
from models.tail.past import WINDOW
from models.tail.served import Served
from models.tail.transformer import Fusion
from models.tail.transport import KNOTS

OWN, SHARED = ("volatility_10", "last_return", "parkinson_10"), ("vix", "vix_trend")
LAYOUT = Layout(("returns", "returns", "bars"), ("macro", "macro"))
TAIL = 1.0 - np.array(KNOTS)
NORMAL_VAR = stats.norm.isf(TAIL)
NORMAL_ES = stats.norm.pdf(NORMAL_VAR) / TAIL
SPAN = 0.7
"""Log of the scale per unit of a head's first output, near zero."""


def made_inputs(count: int, *, seed: int = 0) -> Inputs:
    """Rows of random features on a normal base."""
    rng = np.random.default_rng(seed)
    return Inputs(
        names=(*OWN, *SHARED),
        own=rng.normal(size=(count, len(OWN))).astype(np.float32),
        shared=rng.normal(size=(count, len(SHARED))).astype(np.float32),
        window=np.abs(rng.normal(size=(count, WINDOW, 3))),
        var=np.tile(NORMAL_VAR, (count, 1)),
        es=np.tile(NORMAL_ES, (count, 1)),
        evt_var=np.tile(1.05 * NORMAL_VAR, (count, 1)),
        evt_es=np.tile(1.1 * NORMAL_ES, (count, 1)),
        layout=LAYOUT,
    )


def _head(settings: HeadSettings, layout: Layout) -> Head:
    torch.manual_seed(4)
    own, shared = (
        Standard(np.zeros(len(kinds)), np.ones(len(kinds))) for kinds in (layout.own, layout.shared)
    )
    return Head(settings, _net(settings, layout), own, shared, layout)


def linear_served(*scales: Sequence[float]) -> Served:
    """A linear version of one member for each row of weights: log factor ``SPAN * w @ x``."""
    head = _head(HeadSettings("linear", seeds=len(scales)), LAYOUT)
    with torch.no_grad():
        for parameter in head.net.parameters():
            parameter.zero_()
        head.net.out.weight[:, :, 0] = torch.tensor(scales)  # type: ignore[index, union-attr]
    return Served("linear", {"linear": head}, Weights(), OWN, SHARED)


def fusion_served(
    *,
    own: Sequence[str] = OWN,
    shared: Sequence[str] = SHARED,
    layout: Layout = LAYOUT,
    seeds: int = 2,
) -> Served:
    """A transformer whose weights are drawn at random, its last layer too."""
    small = Fusion(width=8, heads=2, bottleneck=2)
    head = _head(HeadSettings("transformer", seeds=seeds, fusion=small), layout)
    with torch.no_grad():
        head.net.out.weight.normal_(0.0, 0.3)  # type: ignore[union-attr]
    return Served("transformer", {"transformer": head}, Weights(), tuple(own), tuple(shared))
