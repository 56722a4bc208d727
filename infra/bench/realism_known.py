"""Every generator against markets whose truth is known, ten sessions ahead.

    python infra/bench/realism_known.py [--seeds N] [--generators LIST] [--sessions N]

Each seed is a history of eight assets; every generator is fitted to it and draws from its last
state, and so does the truth. Printed are means over seeds, with their standard error: the bias of
ES at 95, 97.5 and 99% over the whole path (the goal: within 5%), and the mean relative error of
VaR and ES over static, mean-reverting and trend strategies beside what sampling alone shows.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from features.splits import Window
from models.base import Asset, ScenarioModel
from models.garch import filter_path
from models.garch_fit import fit_windows
from models.scenarios.chunks import chunks
from models.scenarios.filtered import FilteredHistory
from models.scenarios.filtering import Filtered
from models.scenarios.marginals import fit_marginals
from models.scenarios.preparation import prepare
from models.scenarios.registry import GENERATORS, fit_prepared
from validation.realism.examination import examine_realism
from validation.realism.resampling import Figure
from validation.realism.sample import PathSample
from validation.simulators import CrashMarket, KnownMarket

ASSETS, HORIZON, PATHS, DRAWS = 8, 10, 20_480, 50
MARKETS = {
    "t copula, moving": KnownMarket(assets=ASSETS),
    "crash cluster": CrashMarket(assets=ASSETS),
}
SHOWN = (
    "shortfall_bias", "tail_error", "tail_error_static", "tail_error_mean_reversion",
    "tail_error_trend", "correlation_whole_path", "lower_tail_dependence", "energy_score",
)  # fmt: skip


def main() -> None:
    """Print one table a market."""
    parser = argparse.ArgumentParser(description="Realism where the truth is known.")
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--sessions", type=int, default=3_000)
    parser.add_argument("--generators", default=",".join(GENERATORS))
    asked = parser.parse_args()
    names = tuple(asked.generators.split(","))
    for title, market in MARKETS.items():
        begun = time.process_time()
        found = [
            one_history(market, names, sessions=asked.sessions, seed=seed)
            for seed in range(asked.seeds)
        ]
        print(
            f"\n{title}: {asked.seeds} histories of {asked.sessions} sessions of {ASSETS} assets, "
            f"{time.process_time() - begun:.0f} s of processor, load {os.getloadavg()[0]:.1f}"
        )
        print_table(found)


def one_history(
    market: KnownMarket, names: Sequence[str], *, sessions: int, seed: int
) -> dict[str, dict[str, Figure]]:
    """Figures of each generator, ``fhs`` always among them."""
    moves, state = market.history(sessions, seed=seed)
    truth = as_sample(market.paths(PATHS, HORIZON, seed=10_000 + seed, state=state))
    filtered = filtered_moves(moves)
    macro = np.zeros((sessions + 1, 3))
    prepared = prepare(filtered, blocks=["equity"] * ASSETS, macro=macro)
    models: dict[str, ScenarioModel] = {"fhs": FilteredHistory.of(filtered)}
    for name in names:
        if name != "fhs":
            models[name] = fit_prepared(name, prepared, seed=seed)
    drawn = {name: as_sample(paths_of(model, seed=seed)) for name, model in models.items()}
    return {
        name: examine_realism(
            one,
            truth,
            baseline=None if name == "fhs" else drawn["fhs"],
            seed=seed,
            draws=DRAWS,
            classifiers=False,
        )
        for name, one in drawn.items()
    }


def filtered_moves(moves: np.ndarray) -> Filtered:
    """What `filter_assets` makes of moves without gaps."""
    whole = Window(fit_end=len(moves), start=len(moves) - 1, stop=len(moves))
    params = tuple(fit_windows(column, [whole], family="gjr")[0] for column in moves.T)
    paths = [filter_path(column, one) for column, one in zip(moves.T, params, strict=True)]
    residual = np.column_stack([path.residual for path in paths])
    dates = pd.bdate_range("2000-01-03", periods=len(moves))
    return Filtered(
        assets=tuple(Asset(f"A{at}", "price", "log", "USD", 100.0) for at in range(moves.shape[1])),
        dates=dates,
        residual=residual,
        known=np.ones(residual.shape, dtype=np.bool_),
        variance=np.column_stack([path.sigma**2 for path in paths]),
        params=params,
        marginals=fit_marginals(residual),
        as_of=dates[-1],
        snapshot="simulated",
    )


def paths_of(model: ScenarioModel, *, seed: int) -> np.ndarray:
    """A set in memory."""
    return np.concatenate(
        [
            model.chunk(one.index, paths=one.paths, horizon=HORIZON, seed=seed).paths
            for one in chunks(PATHS)
        ]
    )


def as_sample(moves: np.ndarray) -> PathSample:
    """Logarithmic moves of independent paths."""
    return PathSample(moves.astype(np.float32), np.ones(moves.shape[2], dtype=np.bool_))


def print_table(found: list[dict[str, dict[str, Figure]]]) -> None:
    """Mean over histories and its standard error, and the mean floor."""
    names = list(found[0])
    print(f"{'':28s}" + "".join(f"{name:>17s}" for name in names) + f"{'floor':>10s}")
    for figure in SHOWN:
        line = f"{figure:28s}"
        for name in names:
            values = np.array([one[name][figure].value or 0.0 for one in found])
            error = values.std(ddof=1) / np.sqrt(len(values)) if len(values) > 1 else np.nan
            line += f"{values.mean():>9.4f} ±{error:6.4f}"
        floor = np.mean([one["fhs"][figure].floor or 0.0 for one in found])
        print(f"{line}{floor:>10.4f}")


if __name__ == "__main__":
    main()
