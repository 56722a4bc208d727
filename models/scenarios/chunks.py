"""Chunks: how a set of any size is cut, seeded and shared out without its draws noticing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import Float
from joblib import Parallel, delayed, parallel_config
from numpy.lib.format import open_memmap

from models.base import Asset, Moves, ScenarioModel

CHUNK = 2048
"""Paths of a chunk: its arrays of one session fit the cache, its products always have one shape."""

LONGEST = 60
"""Sessions ahead; beyond, a variance rolled day by day says more of its model than of markets."""

SHARES = 4
"""Groups of chunks for each job: few, since each carries the model; more than one, to end level."""

Workers = Literal["threads", "processes", "engine"]


class Purpose(IntEnum):
    """What a stream of random numbers is for; each has its own, so that none shifts another."""

    ROWS = 0
    SHARE = 1
    FACTORS = 2
    OWN = 3
    MIXING = 4
    LIQUIDITY = 5
    LAW = 6


def seed_of(seed: int, index: int, purpose: Purpose) -> np.random.SeedSequence:
    """Seed of one stream of one chunk."""
    return np.random.SeedSequence(seed, spawn_key=(index, int(purpose)))


def stream(seed: int, index: int, purpose: Purpose) -> np.random.Generator:
    """Random numbers of one chunk for one purpose."""
    return np.random.Generator(np.random.Philox(seed_of(seed, index, purpose)))


@dataclass(frozen=True, slots=True)
class Chunk:
    """Position of a chunk in a set: paths ``start`` up to ``start + paths``."""

    index: int
    start: int
    paths: int


def chunks(paths: int) -> Iterator[Chunk]:
    """Chunks of a set of ``paths``, all full but the last."""
    for index, start in enumerate(range(0, paths, CHUNK)):
        yield Chunk(index, start, min(CHUNK, paths - start))


def shares(paths: int, *, jobs: int) -> Iterator[list[Chunk]]:
    """Chunks in order, in four groups for each job: a process is handed the model once a group."""
    todo = list(chunks(paths))
    size = -(-len(todo) // (SHARES * jobs))
    for start in range(0, len(todo), size):
        yield todo[start : start + size]


def check_size(*, paths: int, horizon: int) -> None:
    """Refuse a set of no paths or of a horizon outside 1 to `LONGEST` sessions.

    Raises
    ------
    ValueError
        If either is out of range.
    """
    if paths < 1:
        raise ValueError(f"paths must be at least 1, got {paths}. Ask for one path or more.")
    if not 1 <= horizon <= LONGEST:
        raise ValueError(
            f"horizon must lie in 1 to {LONGEST} sessions, got {horizon}. Roll several sets, or "
            "scale a shorter one and say so."
        )


def check_chunk(*, paths: int, horizon: int) -> None:
    """Refuse a chunk of more than `CHUNK` paths as well.

    Raises
    ------
    ValueError
        If paths or horizon are out of range.
    """
    check_size(paths=paths, horizon=horizon)
    if paths > CHUNK:
        raise ValueError(
            f"paths of one chunk must not exceed {CHUNK}, got {paths}. "
            "Use models.scenarios.chunks.simulate_pnl or write_moves, which cut a set into chunks."
        )


def check_books(assets: tuple[Asset, ...], weights: Float[np.ndarray, "asset book"]) -> None:
    """Refuse weights that are not finite, or that hold what cannot be held.

    Raises
    ------
    ValueError
        If the weights' first axis is not the assets', a weight is not finite, or a rate, a spread
        or a price that moves by differences has one.
    """
    if len(weights) != len(assets):
        raise ValueError(
            f"weights must have one row for each of the {len(assets)} assets, got {len(weights)}. "
            "Give zero to an asset that a book does not hold."
        )
    if not np.isfinite(weights).all():
        raise ValueError("weights must be finite. A missing weight is not zero.")
    for asset, row in zip(assets, weights, strict=True):
        if row.any() and (asset.move != "log" or asset.kind not in ("price", "fx")):
            raise ValueError(
                f"weights hold {asset.instrument!r}, a {asset.kind} that moves by {asset.move}: "
                "a risk factor, not a holding. Hold an instrument on it."
            )


def simulate_pnl(
    model: ScenarioModel,
    weights: Float[np.ndarray, "asset book"],
    *,
    paths: int,
    horizon: int,
    seed: int,
    jobs: int = 1,
    workers: Workers = "threads",
) -> Float[np.ndarray, "path book"]:
    """P&L of linear books over a set of any size, chunk by chunk; no path is kept.

    Parameters
    ----------
    model : ScenarioModel
    weights : array of shape (asset, book)
        Fractions of value; see `ScenarioModel.pnl`.
    paths, horizon : int
    seed : int
    jobs : int
        Chunks at a time. The answer does not depend on it, nor on ``workers``.
    workers : {"threads", "processes", "engine"}
        Compiled generators scale over threads; neural ones need processes, since torch has one
        number of threads for all. ``engine`` takes the workers that joblib was given around the
        call, which may be on other machines.

    Returns
    -------
    array of shape (path, book)
        Simple returns over the horizon; a gain is positive.
    """
    check_size(paths=paths, horizon=horizon)
    check_books(model.assets, weights)

    pnl = np.empty((paths, weights.shape[1]))
    with _pool(workers, jobs):
        done = 0
        for part in Parallel(return_as="generator")(
            delayed(_profits)(model, weights, share, horizon, seed)
            for share in shares(paths, jobs=jobs)
        ):
            pnl[done : done + len(part)] = part
            done += len(part)
    return pnl


def write_moves(
    model: ScenarioModel,
    directory: Path,
    *,
    paths: int,
    horizon: int,
    seed: int,
    jobs: int = 1,
    workers: Workers = "threads",
) -> tuple[Path, ...]:
    """Write a set's arrays, each chunk to its own place in the files.

    Parameters
    ----------
    model : ScenarioModel
    directory : Path
        Must exist; receives ``paths.npy`` and, where the model has liquidity, ``spread.npy`` and
        ``depth.npy``: float32 (path, step, asset).
    paths, horizon, seed, jobs, workers
        As in `simulate_pnl`; the bytes depend on none of the last two.

    Returns
    -------
    tuple of Path
        What was written.
    """
    check_size(paths=paths, horizon=horizon)
    first = model.chunk(0, paths=1, horizon=horizon, seed=seed)
    shape = (paths, horizon, len(model.assets))
    files = tuple(directory / f"{name}.npy" for name in arrays(first))
    for file in files:
        open_memmap(file, mode="w+", dtype=np.float32, shape=shape).flush()

    if workers == "engine":
        todo = list(chunks(paths))
        drawn = Parallel(return_as="generator")(
            delayed(_moves)(model, chunk, horizon, seed) for chunk in todo
        )
        wholes = [open_memmap(file, mode="r+") for file in files]
        for chunk, values in zip(todo, drawn, strict=True):
            _put(wholes, chunk, values)
        return files
    with _pool(workers, jobs):
        Parallel()(
            delayed(_write)(model, files, share, horizon, seed)
            for share in shares(paths, jobs=jobs)
        )
    return files


def arrays(moves: Moves) -> dict[str, np.ndarray]:
    """The arrays that a set's directory holds, by the name of their file."""
    named = {"paths": moves.paths, "spread": moves.spread, "depth": moves.depth}
    return {name: values for name, values in named.items() if values is not None}


def _pool(workers: Workers, jobs: int) -> AbstractContextManager[object]:
    """Workers that are handed whole arrays: a loop compiled for writable ones takes no other."""
    if workers == "engine":
        return nullcontext()
    if workers == "processes":
        return parallel_config("loky", n_jobs=jobs, max_nbytes=None, inner_max_num_threads=1)
    return parallel_config("threading", n_jobs=jobs)


def _profits(
    model: ScenarioModel,
    weights: Float[np.ndarray, "asset book"],
    share: list[Chunk],
    horizon: int,
    seed: int,
) -> Float[np.ndarray, "path book"]:
    """P&L of a group of chunks: at module level, where another process finds it by name."""
    return np.concatenate(
        [
            model.pnl(chunk.index, weights, paths=chunk.paths, horizon=horizon, seed=seed)
            for chunk in share
        ]
    )


def _write(
    model: ScenarioModel, files: tuple[Path, ...], share: list[Chunk], horizon: int, seed: int
) -> None:
    wholes = [open_memmap(file, mode="r+") for file in files]
    for chunk in share:
        _put(wholes, chunk, _moves(model, chunk, horizon, seed))


def _moves(model: ScenarioModel, chunk: Chunk, horizon: int, seed: int) -> list[np.ndarray]:
    moves = model.chunk(chunk.index, paths=chunk.paths, horizon=horizon, seed=seed)
    return list(arrays(moves).values())


def _put(wholes: list[np.memmap], chunk: Chunk, parts: list[np.ndarray]) -> None:
    for whole, values in zip(wholes, parts, strict=True):
        whole[chunk.start : chunk.start + chunk.paths] = values
