"""Leak hunts: what the learned tails gain where nothing may be gained, and where too much is.

On targets up to 2014: trained to 2011, judged 2012 to 2014; every head of the default, trained
whole from one seed. A gain on shuffled targets is a leak of the harness. Inputs of the day after,
and a feature that tells the size of the move to come, must stand out: over a tenth better than
GJR-FHS is not believed. Trained on the later years and judged on the earlier, a head without
look-ahead gains about as much as forward. The exit code is 1 where a hunt ends otherwise.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
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

SUSPICIOUS, NOTHING = 0.10, 0.005
"""Published gains over GJR-FHS are 0.5 to 3%: below the least is nothing, far above is no skill."""
SPLIT, LAST = date(2012, 1, 1), date(2014, 12, 31)
LEVELS = [KNOTS.index(0.975), KNOTS.index(0.99)]


@dataclass(frozen=True, slots=True)
class Hunt:
    """Rows, spoiled or not, how they are split, and how the hunt should end."""

    name: str
    rows: Rows
    split: Callable[[Rows], tuple[Rows, Rows]]
    end: Callable[[np.ndarray], str]


def believed(relative: np.ndarray) -> str:
    """A gain that may be skill."""
    return "TOO GOOD" if (relative < -SUSPICIOUS).any() else "clean"


def nothing(relative: np.ndarray) -> str:
    """No gain, as where there is nothing to learn."""
    return "LEAK" if (relative < -NOTHING).any() else "clean"


def caught(relative: np.ndarray) -> str:
    """A gain that nobody believes, as where the answer is among the inputs."""
    return "caught" if (relative < -SUSPICIOUS).any() else "MISSED"


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
    last = panel.own.index("last_return")
    hunts = (
        Hunt("honest", honest, forward, believed),
        Hunt("shuffled targets", shuffled(honest), forward, nothing),
        Hunt("inputs of the day after", ahead, forward, caught),
        Hunt("a planted tell-tale", tell_tale(honest, column=last), forward, caught),
        Hunt("trained later, judged earlier", honest, backward, believed),
    )
    default = LearnedSettings()
    kinds: dict[str, HeadSettings] = {
        kind: replace(getattr(default, kind), seeds=1) for kind in default.weights.heads
    }
    print("FZ0 against gjr_fhs at 97.5% and 99%, and how each hunt ended")
    print(f"{'':>30} " + " ".join(f"{kind:>22}" for kind in kinds))
    ended: list[str] = []
    started = time.process_time()
    for hunt in hunts:
        told = [verdict(hunt, settings) for settings in kinds.values()]
        print(f"{hunt.name:>30} " + " ".join(f"{one:>22}" for one, _ in told), flush=True)
        ended += [end for _, end in told]
    print(f"{time.process_time() - started:.0f} s of processor time")
    sys.exit(any(end.isupper() for end in ended))


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


def tell_tale(rows: Rows, *, column: int) -> Rows:
    """Rows with one feature replaced by the size of the move to come, with noise."""
    own = rows.own.copy()
    noise = 0.3 * np.random.default_rng(0).normal(size=len(rows))
    own[:, column] = np.log(np.abs(rows.move) + 0.1) + noise
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


def verdict(hunt: Hunt, settings: HeadSettings) -> tuple[str, str]:
    """Relative FZ0 against the base, and how the hunt ended; in capitals where it should not."""
    taught, judged = hunt.split(hunt.rows)
    said = fit_head(taught, settings).map(judged)
    base = score(judged, identity(torch.as_tensor(judged.var)))
    relative = (score(judged, said) - base) / np.abs(base)
    end = hunt.end(relative)
    return f"{relative[0]:.1%} {relative[1]:.1%} {end}", end


def score(rows: Rows, tail: TailMap) -> np.ndarray:
    """Mean FZ0 at `LEVELS` with moves in sigmas, in which every series counts alike."""
    es = knot_shortfall(tail, *knot_shares(tail.source, torch.as_tensor(rows.es)))
    mass = torch.as_tensor(tails(KNOTS))
    value = fz0(torch.as_tensor(rows.move[:, None]), tail.image, es, mass)
    return value[torch.as_tensor(rows.reshapable)].mean(dim=0).numpy()[LEVELS]


if __name__ == "__main__":
    main()
