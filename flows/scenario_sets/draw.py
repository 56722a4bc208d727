"""The arrays of a set: drawn, or replayed, and put under its stress."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from jaxtyping import Float

from features.crosssection import block_of
from features.market import MarketData
from flows.refusal import RefusedError
from flows.scenario_sets.files import PATHS, write_assets
from flows.scenario_sets.request import ScenarioRequest
from flows.scenario_sets.stress_file import Stress
from flows.scenario_sets.workers import sharing
from models.base import Moves
from validation.crises import CATALOGUE, CrisisWindow

if TYPE_CHECKING:
    from models.base import ScenarioModel

COMPARED = 20_480
"""Paths without a replay that it is held against."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """What became of drawing.

    Attributes
    ----------
    told : dict
        What the manifest says of how the arrays came about.
    before : array of shape (path, asset), or None
        Total moves before the stress; None where there is none, or it moved no path.
    """

    told: dict[str, Any]
    before: Float[np.ndarray, "path asset"] | None = None


def replayable(
    market: MarketData, names: Sequence[str], crisis: CrisisWindow
) -> tuple[tuple[str, ...], dict[str, str]]:
    """Instruments that the data cover through a crisis, and the others with why.

    Raises
    ------
    RefusedError
        If the crisis lies after the as-of, or nothing covers it.
    """
    from models.scenarios.crisis_replay import lacking

    first, last = _dates(crisis)
    if market.as_of < first:
        raise RefusedError(
            f"--stress {crisis.name}: not covered. It began on {first.date()}, and the as-of is "
            f"{market.as_of.date()}. Give data that reach it, or name another crisis."
        )
    gone = lacking(market, names, first=first, last=last)
    kept = tuple(name for name in names if name not in gone)
    if not kept:
        raise RefusedError(
            f"--stress {crisis.name}: not covered. No instrument has closes before {first.date()} "
            f"and after. Give longer histories, or name another crisis."
        )
    return kept, {name: f"{crisis.name} is not covered: it {why}" for name, why in gone.items()}


def crisis_of(stress: Stress | None) -> CrisisWindow | None:
    """The crisis that a stress replays."""
    if stress is None or stress.replay is None:
        return None
    return next(one for one in CATALOGUE if one.name == stress.replay)


def conditioned(
    model: ScenarioModel, stress: Stress | None, market: MarketData
) -> tuple[ScenarioModel, dict[str, Any]]:
    """The generator in the state that a stress starts from, and what the manifest says of it.

    Raises
    ------
    RefusedError
        If no asset belongs to a block that it names.
    """
    if stress is None or not stress.state:
        return model, {}
    from models.scenarios.conditioning import just_been_through, volatility_after

    blocks = blocks_of(model, market)
    try:
        moved = just_been_through(model, stress.state, blocks=blocks)
    except ValueError as error:
        raise RefusedError(f"stress {stress.name}: {error}") from error
    return moved, {"state_volatility": volatility_after(model, moved, blocks)}


def blocks_of(model: ScenarioModel, market: MarketData) -> list[str]:
    """Block of each asset."""
    return [block_of(market.instruments[asset.instrument]) for asset in model.assets]


def draw(
    model: ScenarioModel,
    market: MarketData,
    request: ScenarioRequest,
    files: Path,
    stress: Stress | None,
    *,
    engine: str | None = None,
) -> Drawn:
    """Write the arrays of a set.

    Parameters
    ----------
    model : ScenarioModel
        In the state that the paths start from.
    market : MarketData
    request : ScenarioRequest
    files : Path
        An empty directory.
    stress : Stress, optional
    engine : str, optional
        Whose workers draw; see `flows.scenario_sets.workers.sharing`. A replay is never shared.

    Raises
    ------
    RefusedError
        If the stress cannot be met, or the engine is refused.
    """
    from models.scenarios.chunks import CHUNK, write_moves

    told: dict[str, Any] = {"chunk": CHUNK}
    if stress is not None:
        told |= {"stress": stress.model_dump(mode="json"), "moved": stress.moves_paths}
    crisis = crisis_of(stress)
    if stress is not None and crisis is not None:
        moves, more, before = _replayed(model, market, request, stress, crisis)
        _save(model, files, moves, seed=request.seed)
        write_assets(files, model.assets)
        return Drawn(told | more, before)
    with sharing(model, paths=request.paths, engine=engine) as (jobs, workers):
        write_moves(
            model,
            files,
            paths=request.paths,
            horizon=request.horizon,
            seed=request.seed,
            jobs=jobs,
            workers=workers,
        )
    if stress is None:
        write_assets(files, model.assets)
        return Drawn(told)
    from flows.scenario_sets.stressed import stressed

    paths = np.load(files / PATHS, allow_pickle=False)
    before = paths.sum(axis=1, dtype=np.float64)
    under = stressed(
        paths, model.assets, stress, seed=request.seed, blocks=blocks_of(model, market)
    )
    if stress.moves_paths:
        _save(model, files, under.paths, seed=request.seed)
    write_assets(files, model.assets, weights=under.weights)
    return Drawn(told | under.told, before if stress.moves_paths else None)


def _replayed(
    model: ScenarioModel,
    market: MarketData,
    request: ScenarioRequest,
    stress: Stress,
    crisis: CrisisWindow,
) -> tuple[Float[np.ndarray, "path step asset"], dict[str, Any], Float[np.ndarray, "other asset"]]:
    """Paths through a crisis, what the manifest says of them, and today's totals without it."""
    from flows.scenario_sets.evidence import drawn
    from flows.scenario_sets.stressed import plausibility
    from models.scenarios.crisis_replay import crisis_sessions

    first, last = _dates(crisis)
    told = crisis_sessions(market, model.assets, first=first, last=last)
    try:
        moves = told.replayed(
            paths=request.paths,
            horizon=request.horizon,
            seed=request.seed,
            severity=stress.severity,
        )
    except ValueError as error:
        raise RefusedError(f"--stress {crisis.name}: {error}") from error
    today = drawn(
        model, paths=min(request.paths, COMPARED), horizon=request.horizon, seed=request.seed
    ).summed()
    stretches = told.stretches(request.horizon, severity=stress.severity)
    far = plausibility(today, stretches.sum(axis=1), horizon=request.horizon)
    if "row" in far:
        row = far.pop("row")
        far |= {
            "from": f"{told.dates[row]:%Y-%m-%d}",
            "to": f"{told.dates[row + request.horizon - 1]:%Y-%m-%d}",
        }
    covered = {
        "crisis": crisis.name,
        "first": f"{told.dates[0]:%Y-%m-%d}",
        "last": f"{told.dates[-1]:%Y-%m-%d}",
        "sessions": len(told.dates),
        "as_they_came": min(len(stretches), request.paths),
        "covered": market.as_of >= last,
    }
    return moves, {"replay": covered, "plausibility": far}, today


def _save(
    model: ScenarioModel, files: Path, moves: Float[np.ndarray, "path step asset"], *, seed: int
) -> None:
    """Moves that were not drawn as they stand, with the liquidity that goes with them."""
    from models.scenarios.chunks import arrays
    from models.scenarios.liquid import Liquid, whole_set

    whole = Moves(moves)
    if isinstance(model, Liquid):
        whole = whole_set(model, moves, seed=seed)
    for name, values in arrays(whole).items():
        np.save(files / f"{name}.npy", values)


def _dates(crisis: CrisisWindow) -> tuple[pd.Timestamp, pd.Timestamp]:
    return pd.Timestamp(crisis.first), pd.Timestamp(crisis.last)
