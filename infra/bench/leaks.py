"""Leak hunts: what the learned tails gain where nothing may be gained, and where too much is.

On targets up to 2014: trained to 2011, judged 2012 to 2014, one seed a head. A gain on
shuffled targets is a leak of the harness. Inputs of the day after, and a feature that tells the
size of the move to come, must stand out: over a tenth better than GJR-FHS is not believed. Trained
on the later years and judged on the earlier, a head without look-ahead gains about as much.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import torch
from richer_market import REMEDY, richer_market

from features.panel import Panel
from flows.backtest import Statistical, features_of, forecast_statistical
from flows.ingest import ingest
from flows.plan import Plan, make_plan
from flows.settings import Settings, state_root
from flows.units import UnitStore
from models.tail.inputs import Rows, in_order_of_target, series_rows
from models.tail.learned import HeadSettings, fit_head
from models.tail.loss import fz0
from models.tail.transport import KNOTS, TailMap, identity, knot_shares, knot_shortfall, tails
from models.tail.walk_forward import LearnedSettings

SUSPICIOUS = 0.10
"""Published gains over GJR-FHS are 0.5 to 3%."""
SPLIT, LAST = date(2012, 1, 1), date(2014, 12, 31)
LEVELS = [KNOTS.index(0.975), KNOTS.index(0.99)]


def main() -> None:
    """Train on spoiled rows and print what each head gains."""
    directory = richer_market()
    if directory is None:
        sys.exit(REMEDY)
    market = ingest(directory, as_of=pd.Timestamp(LAST)).market
    settings = Settings(
        data=directory, as_of=LAST, start=SPLIT, end=LAST, models=("gjr_fhs", "linear")
    )
    plan = make_plan(market, settings)
    root = state_root()
    root.mkdir(parents=True, exist_ok=True)
    with UnitStore(root / "units.db") as units:
        statistical = forecast_statistical(plan, settings, units=units)
    panel = features_of(market, plan, settings)
    if panel is None:
        sys.exit("No learned model was asked for, so there is nothing to hunt in.")
    honest, ahead = (pool_of(plan, statistical, panel, shift=shift) for shift in (0, 1))
    hunts = {
        "honest": (honest, forward),
        "shuffled targets": (shuffled(honest), forward),
        "inputs of the day after": (ahead, forward),
        "a planted tell-tale": (tell_tale(honest), forward),
        "trained later, judged earlier": (honest, backward),
    }
    kinds = quick()
    print(f"{'':>30} " + " ".join(f"{kind:>22}" for kind in kinds))
    for name, (rows, split) in hunts.items():
        told = [verdict(*split(rows), kind) for kind in kinds.values()]
        print(f"{name:>30} " + " ".join(f"{one:>22}" for one in told))


def quick() -> dict[str, HeadSettings]:
    """The default heads, cut to one seed."""
    default = LearnedSettings()
    heads = {"mlp": default.mlp, "transformer": default.transformer}
    return {kind: replace(head, seeds=1) for kind, head in heads.items()}


def pool_of(plan: Plan, statistical: Statistical, panel: Panel, *, shift: int) -> Rows:
    """Rows of all series; with a shift they show the features of sessions to come."""
    parts: list[Rows] = []
    for history in plan.instruments:
        if history.name not in statistical.base:
            continue
        rows = series_rows(history, statistical.base[history.name]["gjr_fhs"], panel)
        later = np.minimum(np.arange(len(rows)) + shift, len(rows) - 1)
        seen = rows.take(later)
        parts.append(replace(rows, own=seen.own, shared=seen.shared, past=seen.past))
    return in_order_of_target(parts)


def shuffled(rows: Rows) -> Rows:
    """Rows whose moves belong to others."""
    return replace(rows, move=np.random.default_rng(0).permutation(rows.move))


def tell_tale(rows: Rows) -> Rows:
    """Rows whose last return is replaced by the size of the move to come, with noise."""
    own = rows.own.copy()
    noise = 0.3 * np.random.default_rng(0).normal(size=len(rows))
    own[:, 0] = np.log(np.abs(rows.move) + 0.1) + noise
    return replace(rows, own=own)


def forward(rows: Rows) -> tuple[Rows, Rows]:
    """Rows to train on and, a week later, rows to judge."""
    split = np.datetime64(SPLIT)
    early = rows.target < split - np.timedelta64(10, "D")
    return rows.where(early), rows.where(rows.target >= split)


def backward(rows: Rows) -> tuple[Rows, Rows]:
    """The later years teach, the earlier ones judge."""
    middle = np.datetime64("2009-01-01")
    early = (rows.target < middle) & (rows.target >= np.datetime64("2006-01-01"))
    return rows.where(rows.target >= middle + np.timedelta64(10, "D")), rows.where(early)


def verdict(taught: Rows, judged: Rows, settings: HeadSettings) -> str:
    """Relative FZ0 against the base at 97.5% and 99%, and whether it is believed."""
    said = fit_head(taught, settings).map(judged)
    base = score(judged, identity(torch.as_tensor(judged.var)))
    relative = (score(judged, said) - base) / np.abs(base)
    mark = " suspicious" if (relative < -SUSPICIOUS).any() else ""
    return f"{relative[0]:.1%} {relative[1]:.1%}{mark}"


def score(rows: Rows, tail: TailMap) -> np.ndarray:
    """Mean FZ0 at `LEVELS` with moves in sigmas, in which every series counts alike."""
    es = knot_shortfall(tail, *knot_shares(tail.source, torch.as_tensor(rows.es)))
    mass = torch.as_tensor(tails(KNOTS))
    value = fz0(torch.as_tensor(rows.move[:, None]), tail.image, es, mass)
    return value[torch.as_tensor(rows.reshapable)].mean(dim=0).numpy()[LEVELS]


if __name__ == "__main__":
    main()
