"""Every generator against joint FHS on a real market: fitted to a date, judged on what came after.

    python infra/bench/realism_market.py [--generators LIST] [--rolling] [--every N]

From every few sessions paths of ten sessions are drawn and held against the ten that came. The
fit stays; only the filtered state moves on, each from a market cut at its origin. Instruments are
all but single stocks with 1,000 sessions before 2015, fixed before anything was looked at.
`--rolling` fits anew at the end of each year instead and judges 2015 to 2024.

Each line is a generator: the figure, and behind it the bootstrap p of being no better than joint
FHS. ``floor`` is what sampling alone shows where both laws are one.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from features.market import MarketData, truncate
from flows.ingest import ingest
from flows.scenario_sets.evidence import logarithmic, real_windows
from infra.bench.richer_market import REMEDY, richer_market
from models.base import ScenarioModel
from models.scenarios.dynamic_correlation import Observed, correlation_path
from models.scenarios.filtered import FilteredHistory
from models.scenarios.filtering import filter_assets
from models.scenarios.macro_state import macro_history
from models.scenarios.preparation import Prepared
from models.scenarios.registry import GENERATORS, NEURAL, fit_prepared, prepared_for
from models.scenarios.rolled import Rolled
from models.scenarios.safety import Safeguarded
from validation.memorisation import memorisation_figures
from validation.realism.examination import examine_realism
from validation.realism.factors import factor_basis
from validation.realism.resampling import Figure
from validation.realism.sample import PathSample

SEED = 20191231
HORIZON = 10
PATHS = 20_000
"""Of each generator over all origins: as many as the examiner looks at."""
FEWEST = 1_000
MEMORY_EVERY = 10
"""Sessions of history between the states that paths are drawn from to test for memorisation."""
HELD_OUT = ("2019-12-31", "2020-01-01", "2024-12-31")
ROLLING = tuple(
    (f"{year - 1}-12-31", f"{year}-01-01", f"{year}-12-31") for year in range(2015, 2025)
)
COLUMNS = (
    "tail_error", "tail_error_static", "tail_error_mean_reversion", "tail_error_trend",
    "shortfall_bias", "correlation", "correlation_whole_path", "lower_tail_dependence",
    "lower_tail_dependence_whole_path", "volatility_clustering", "leverage_effect",
    "energy_score", "variogram_score", "auc_boosted_trees", "auc_logistic",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Judged:
    """Paths of some origins under each generator, and what came.

    Attributes
    ----------
    paths : dict of generator to array of shape (origin, path, step, asset)
    came : array of shape (origin, step, asset)
    """

    paths: dict[str, NDArray[np.float32]]
    came: NDArray[np.float64]


def main() -> None:
    """Fit, draw, judge and print."""
    parser = argparse.ArgumentParser(description="Realism on the richer market.")
    parser.add_argument("--generators", default=",".join(GENERATORS))
    parser.add_argument("--rolling", action="store_true")
    parser.add_argument("--every", type=int, default=5, help="sessions between origins")
    asked = parser.parse_args()
    directory = richer_market()
    if directory is None:
        sys.exit(REMEDY)
    names = tuple(asked.generators.split(","))
    market = ingest(directory).market
    instruments = chosen(market)
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; market {market.snapshot[:12]}")
    print(f"{len(instruments)} instruments: {' '.join(instruments)}")
    periods = ROLLING if asked.rolling else (HELD_OUT,)
    parts: list[Judged] = []
    for until, first, last in periods:
        begun = time.process_time()
        models, prepared = fitted(names, market, instruments, pd.Timestamp(until))
        took = time.process_time() - begun
        origins = origins_of(market, prepared, first, last, every=asked.every)
        if not parts:
            no_look_ahead(models, prepared, market, origins[len(origins) // 2])
        size = -(-PATHS // (len(origins) * len(periods)))
        parts.append(judged(models, prepared, market, origins, size=size))
        print(f"fitted to {until} in {took:.0f} s of processor, {len(origins)} origins to {last}")
        if not asked.rolling:
            print_memory(models, prepared, market, last=pd.Timestamp(last))
    log = np.array([market.instruments[name].move == "log" for name in instruments])
    print_table(parts, log, every=asked.every)


def chosen(market: MarketData) -> list[str]:
    """All but single stocks that had enough sessions before 2015 and lived to the end."""
    early = market.close.loc[:"2014-12-31"].notna().sum()
    alive = pd.Timestamp(HELD_OUT[2]) - pd.Timedelta(days=7)
    late = market.close.apply(pd.Series.last_valid_index) >= alive
    return [
        name
        for name, one in sorted(market.instruments.items())
        if one.asset_class != "stock" and early[name] >= FEWEST and late[name]
    ]


def fitted(
    names: Sequence[str], market: MarketData, instruments: Sequence[str], until: pd.Timestamp
) -> tuple[dict[str, ScenarioModel], Prepared]:
    """Generators by name, and the history that they stand on."""
    filtered = filter_assets(market, instruments, as_of=until, seed=SEED)
    prepared = prepared_for(market, filtered)
    models: dict[str, ScenarioModel] = {"fhs": FilteredHistory.of(filtered)}
    for name in names:
        if name != "fhs":
            models[name] = fit_prepared(name, prepared, seed=SEED)
    return models, prepared


def carried(prepared: Prepared, market: MarketData, origin: pd.Timestamp) -> Prepared:
    """The state at a later origin: every parameter as it was, from what was known there."""
    known = truncate(market, origin)
    instruments = [asset.instrument for asset in prepared.filtered.assets]
    filtered = filter_assets(known, instruments, as_of=origin, seed=SEED, fitted=prepared.filtered)
    scores = filtered.marginals.scores(filtered.residual)
    macro = macro_history(known, filtered.dates)
    condition = prepared.market.history(filtered.variance, scores, macro)
    seen = Observed(scores, filtered.known, condition[:-1, 0].astype(np.float64))
    path = correlation_path(seen, prepared.factors, prepared.dynamics)
    return replace(prepared, filtered=filtered, scores=scores, condition=condition, path=path)


def starting(model: ScenarioModel, here: Prepared) -> ScenarioModel:
    """The generator from another state on."""
    if isinstance(model, FilteredHistory):
        return replace(model, recursions=here.recursions)
    if isinstance(model, Rolled):
        return replace(model, start=here.start, recursions=here.recursions)
    if isinstance(model, Safeguarded):
        return replace(
            model,
            rolled=replace(model.rolled, start=here.start, recursions=here.recursions),
            safety=replace(model.safety, recursions=here.recursions),
        )
    raise TypeError(f"model must be one that fit_generator made, got {type(model).__name__}.")


def draw(model: ScenarioModel, *, size: int, seed: int) -> NDArray[np.float32]:
    """The first paths of a set: those of `ScenarioModel.chunk` for less."""
    if isinstance(model, FilteredHistory):
        return model.trajectories(model.rows(0, horizon=HORIZON, seed=seed)[:size])
    if isinstance(model, Rolled):
        return model.trajectories(0, size, horizon=HORIZON, seed=seed)
    if isinstance(model, Safeguarded):
        safe = model.historical(0, seed=seed)[:size]
        moves = np.empty((size, HORIZON, len(model.assets)), np.float32)
        moves[safe] = draw(model.safety, size=size, seed=seed)[safe]
        moves[~safe] = draw(model.rolled, size=size, seed=seed)[~safe]
        return moves
    raise TypeError(f"model must be one that fit_generator made, got {type(model).__name__}.")


def sessions_of(market: MarketData, prepared: Prepared, last: pd.Timestamp) -> pd.DataFrame:
    """Closes of common sessions, those that are missing as they were before."""
    known = truncate(market, last) if last < market.as_of else market
    instruments = [asset.instrument for asset in prepared.filtered.assets]
    later = filter_assets(known, instruments, as_of=last, seed=SEED, fitted=prepared.filtered)
    close = market.close[instruments].mask(market.imputed[instruments])
    return close.ffill().loc[later.dates]


def origins_of(
    market: MarketData, prepared: Prepared, first: str, last: str, *, every: int
) -> pd.DatetimeIndex:
    """Every few common sessions whose next ten are over by the last date."""
    dates = sessions_of(market, prepared, pd.Timestamp(last)).index
    inside = dates[dates >= pd.Timestamp(first)][:-HORIZON]
    return pd.DatetimeIndex(inside[::every])


def judged(
    models: dict[str, ScenarioModel],
    prepared: Prepared,
    market: MarketData,
    origins: pd.DatetimeIndex,
    *,
    size: int,
) -> Judged:
    """Paths from each origin and what came."""
    close = sessions_of(market, prepared, market.as_of)
    log = logarithmic(prepared.filtered.assets)
    moves = np.diff(np.where(log, np.log(close.where(close > 0.0)), close), axis=0)
    moves[broken(market, close)] = 0.0
    drawn: dict[str, list[NDArray[np.float32]]] = {name: [] for name in models}
    came: list[NDArray[np.float64]] = []
    for at, origin in enumerate(origins):
        here = carried(prepared, market, origin)
        for name, model in models.items():
            seed = SEED + int(origin.toordinal())
            drawn[name].append(draw(starting(model, here), size=size, seed=seed))
        row = int(close.index.get_loc(origin))
        came.append(moves[row : row + HORIZON])
        if sys.stderr.isatty():
            print(f"\r{at + 1}/{len(origins)} {origin:%Y-%m-%d}", end="", file=sys.stderr)
    return Judged({name: np.stack(paths) for name, paths in drawn.items()}, np.stack(came))


def broken(market: MarketData, close: pd.DataFrame) -> NDArray[np.bool_]:
    """Where the move to a session is none: an unadjusted roll lies in between."""
    rolls = market.breaks.reindex(columns=close.columns, fill_value=False)
    count = rolls.cumsum().reindex(close.index, method="ffill").fillna(0).to_numpy(np.int64)
    return np.diff(count, axis=0) > 0


def no_look_ahead(
    models: dict[str, ScenarioModel],
    prepared: Prepared,
    market: MarketData,
    origin: pd.Timestamp,
) -> None:
    """Refuse to go on where another future changes a path from an origin before it."""
    close = market.close.copy()
    close.loc[close.index > origin] *= 1.5
    macro = market.macro.copy()
    macro.loc[
        macro["available_at"] > origin.tz_localize("UTC") + pd.Timedelta(days=2), "value"
    ] += 9
    other = replace(market, close=close, macro=macro)
    here, there = (carried(prepared, one, origin) for one in (market, other))
    for name, model in models.items():
        one, two = (draw(starting(model, at), size=64, seed=SEED) for at in (here, there))
        if not np.array_equal(one, two):
            raise ValueError(f"{name} at {origin:%Y-%m-%d} changes with what came later.")
    print(f"another future after {origin:%Y-%m-%d} changes no path from it")


def print_memory(
    models: dict[str, ScenarioModel], prepared: Prepared, market: MarketData, *, last: pd.Timestamp
) -> None:
    """Copies and membership of the learned part alone, drawn from states of both halves alike."""
    now = carried(prepared, market, last)
    until = prepared.filtered.as_of
    ended, real = real_windows(market, now.filtered.assets, horizon=HORIZON, as_of=last)
    begins = ended - pd.tseries.offsets.BDay(HORIZON)
    seen = real.taken(np.flatnonzero(ended <= until), block=real.block)
    unseen = real.taken(np.flatnonzero(begins > until), block=real.block)
    basis = factor_basis(real)
    print(f"\nmemorisation: {len(seen.moves)} windows seen, {len(unseen.moves)} not; 0.01 and 0.5 "
          "are none")  # fmt: skip
    for name, model in models.items():
        learned = model.rolled if isinstance(model, Safeguarded) else model
        paths = [
            draw(starting(learned, _as_of_row(now, row)), size=4, seed=SEED + row)
            for row in range(500, len(now.filtered.dates), MEMORY_EVERY)
        ]
        mine = PathSample(np.concatenate(paths), real.logarithmic)
        told = memorisation_figures(mine, seen, unseen, basis=basis, seed=SEED, draws=200)
        copies, member = told["copies"], told["membership"]
        note = "learned part alone" if name in NEURAL else ""
        print(
            f"  {name:10s} copies {copies.value:.4f} (p {copies.p_value:.2f})  "
            f"membership {member.value:.3f} [{member.low:.3f}, {member.high:.3f}]  {note}"
        )


def _as_of_row(prepared: Prepared, row: int) -> Prepared:
    """History up to a row only, as far as a start needs it."""
    one = prepared.filtered
    return replace(
        prepared,
        filtered=replace(one, variance=one.variance[: row + 2]),
        condition=prepared.condition[: row + 2],
        path=replace(prepared.path, covariance=prepared.path.covariance[: row + 2]),
    )


def print_table(parts: list[Judged], log: NDArray[np.bool_], *, every: int) -> None:
    """Every figure of every generator beside joint FHS and the floor."""
    block = -(-2 * HORIZON // every)
    came = np.concatenate([part.came for part in parts])
    real = PathSample(came, log, block=block)
    samples: dict[str, PathSample] = {}
    for name in parts[0].paths:
        paths = np.concatenate([part.paths[name] for part in parts])
        flat = paths.reshape(-1, *paths.shape[2:])
        samples[name] = PathSample(flat, log, paths_per_date=paths.shape[1], block=block)
    figures = {
        name: examine_realism(
            one, real, baseline=None if name == "fhs" else samples["fhs"], seed=SEED
        )
        for name, one in samples.items()
    }
    print(f"\n{len(came)} origins, {len(samples['fhs'].moves):,} paths of each generator")
    print(f"{'':34s}" + "".join(f"{name:>18s}" for name in figures) + f"{'floor':>18s}")
    for column in COLUMNS:
        cells = [cell(figures[name][column]) for name in figures]
        floor = figures["fhs"][column]
        print(f"{column:34s}" + "".join(f"{one:>18s}" for one in cells) + f"{_floor(floor):>18s}")
    for column in ("correlation", "lower_tail_dependence", "tail_error"):
        inside = [f"{figures[name][column].inside:.2f}" for name in figures]
        print(f"{column + ', inside bands':34s}" + "".join(f"{one:>18s}" for one in inside))


def cell(figure: Figure) -> str:
    """A value, and the p of being no better than joint FHS."""
    if figure.value is None:
        return figure.status[:17]
    better = "" if figure.p_better is None else f" ({figure.p_better:.2f})"
    return f"{figure.value:.3f}{better}"


def _floor(figure: Figure) -> str:
    if figure.floor is None or figure.floor_high is None:
        return ""
    return f"{figure.floor:.3f}..{figure.floor_high:.3f}"


if __name__ == "__main__":
    main()
