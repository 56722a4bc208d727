"""How far a flag reaches: weights of all training rows when one call is flagged.

    python infra/bench/feedback.py [MARKET] [--width W ...]

Reads a market directory, by default the richer one. Sigma is EWMA with a half-life of ten
sessions, in place of GJR's, which would take minutes to fit and moves the features little.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from richer_market import REMEDY, richer_market

from features.panel import Panel
from features.returns import History
from features.volatility import ewma_volatility
from flows.feedback_rule import FeedbackRule
from flows.ingest import ingest
from flows.panels import panel_of
from flows.plan import make_plan
from flows.settings import MINIMUM_HISTORY, Settings
from models.tail.feedback import kernel_weights
from models.tail.inputs import in_units_of_sigma
from models.tail.learned import Standard

FLAGGED = ("2019-07-16", "2020-03-12", "2022-09-13")
"""A calm session, the worst of COVID, and one of a year of rising rates."""
BOOKS = 3


@dataclass(frozen=True, slots=True)
class Inputs:
    """Features of one series at each origin, and the session each is for."""

    own: NDArray[np.float32]
    shared: NDArray[np.float32]
    target: NDArray[np.datetime64]


def main() -> None:
    """Print one line for each book, flagged session and width."""
    parser = argparse.ArgumentParser(description="How far a flag reaches.")
    parser.add_argument("market", nargs="?", type=Path)
    parser.add_argument("--width", nargs="*", type=float, default=[FeedbackRule().width, 0.5])
    asked = parser.parse_args()
    directory = asked.market or richer_market()
    if directory is None:
        sys.exit(REMEDY)
    market = ingest(directory, as_of=None).market
    plan = make_plan(market, Settings())
    panel = panel_of(market, plan.histories)
    learns = {history.name for history in plan.instruments}
    inputs = {history.name: _inputs(history, panel) for history in plan.histories}
    own = np.vstack([inputs[name].own[MINIMUM_HISTORY:-1] for name in sorted(learns)])
    shared = np.vstack([inputs[name].shared[MINIMUM_HISTORY:-1] for name in sorted(learns)])
    target = np.concatenate([inputs[name].target[MINIMUM_HISTORY:-1] for name in sorted(learns)])
    standards = Standard.of(own), Standard.of(shared)
    rows = np.hstack([standards[0](own), standards[1](shared)])
    print(f"{len(rows):,} rows of {len(learns)} instruments, {rows.shape[1]} features")
    books = [history.name for history in plan.judged if history.name not in learns][:BOOKS]
    for book in books:
        mine = inputs[book]
        for day in FLAGGED:
            at = mine.target == np.datetime64(day, "ns")
            flag = np.hstack([standards[0](mine.own[at]), standards[1](mine.shared[at])])
            for width in asked.width:
                start = time.perf_counter()
                weights = kernel_weights(rows, flag, cap=FeedbackRule().cap, width=width)
                took = time.perf_counter() - start
                near = weights > 1.5
                print(
                    f"{book} {day} width {width:g}: mean {weights.mean():.3f}, above 1.5 "
                    f"{near.mean():.2%} of rows on {len(np.unique(target[near]))} sessions, "
                    f"{took:.2f} s"
                )


def _inputs(history: History, panel: Panel) -> Inputs:
    features = panel.values[history.name]
    sigma = ewma_volatility(history.returns, half_life=10.0)
    with np.errstate(divide="ignore", invalid="ignore"):  # sigma is zero before the first move
        own = in_units_of_sigma(features.own, panel.own, sigma).astype(np.float32)
    target = np.append(history.dates.to_numpy()[1:], np.datetime64("NaT", "ns"))
    return Inputs(own, features.shared.astype(np.float32), target)


if __name__ == "__main__":
    main()
