"""The heads of a walk-forward: found in the store by what they are made of, or trained and kept."""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import cast

import numpy as np
import torch
from joblib import Parallel, delayed, parallel_config

from features.splits import PooledWindow
from models import training
from models.baselines import UnitStore
from models.tail import feedback as lessons
from models.tail import heads, inputs, learned, loss, objective, past, transformer, transport
from models.tail.feedback import Lesson
from models.tail.inputs import ARRAYS, Rows
from models.tail.learned import HeadSettings, fit_head

_BLOCK = 1 << 14
"""Rows whose windows are hashed at a time."""


def fitted_heads(
    windows: Sequence[PooledWindow],
    told: Sequence[Lesson | None],
    kinds: Mapping[str, HeadSettings],
    pool: Rows,
    store: UnitStore | None,
    jobs: int,
    unfinished: Path | None,
) -> Iterator[tuple[PooledWindow, str, bytes]]:
    """Heads as they become ready; those that the store lacks are trained side by side.

    The longest trainings begin first, so that no process is left alone with one of them.

    Parameters
    ----------
    windows : sequence of PooledWindow
    told : sequence of Lesson or None
        What flags teach each window's heads.
    kinds : mapping of name to HeadSettings
    pool : Rows
        Training rows by target date, see `in_order_of_target`.
    store : UnitStore or None
    jobs : int
        Processes that train; the heads do not depend on it.
    unfinished : Path or None
        Directory of trainings that were killed; they are taken up from their last pass.

    Yields
    ------
    tuple of (PooledWindow, str, bytes)
        Window, name of the head, and the head as `Head.to_bytes` gives it.
    """
    digest = _RowsDigest(pool)
    serves: dict[str, list[tuple[PooledWindow, str]]] = {}
    tasks: dict[str, tuple[int, HeadSettings, Lesson | None]] = {}
    for window, lesson in zip(windows, told, strict=True):
        until = np.datetime64(window.train_until.to_datetime64())
        size = int(np.searchsorted(pool.target, until, side="right"))
        for kind, settings in kinds.items():
            key = digest.key(size, settings, lesson)
            tasks[key] = (size, settings, lesson)
            serves.setdefault(key, []).append((window, kind))
    stored = {} if store is None else store.get_many(list(tasks))
    for key, payload in stored.items():
        for window, kind in serves[key]:
            yield window, kind, payload
    missing = [(key, task) for key, task in tasks.items() if key not in stored]
    if not missing:
        return
    missing.sort(key=lambda one: (one[1][1].kind == "transformer", one[1][0]), reverse=True)
    with parallel_config("loky", n_jobs=jobs, inner_max_num_threads=1):
        fresh = Parallel(return_as="generator_unordered")(
            delayed(_trained)(key, pool, *task, unfinished) for key, task in missing
        )
    for key, payload in cast("Iterator[tuple[str, bytes]]", iter(fresh)):
        if store is not None:
            store.put(key, payload)
        for window, kind in serves[key]:
            yield window, kind, payload


@cache
def _made_by() -> str:
    """SHA-256 of the code that trains: a head made by other code is another head."""
    modules = (
        training,
        heads,
        inputs,
        learned,
        lessons,
        loss,
        objective,
        past,
        transformer,
        transport,
    )
    return hashlib.sha256("".join(map(inspect.getsource, modules)).encode()).hexdigest()


def _trained(
    key: str,
    pool: Rows,
    size: int,
    settings: HeadSettings,
    lesson: Lesson | None,
    unfinished: Path | None,
) -> tuple[str, bytes]:
    rows, weights = pool.first(size), None
    if lesson is not None:
        rows = rows.where(lesson.taught(rows.target))
        weights = lesson.weights(rows)
    head = fit_head(rows, settings, weights=weights, unfinished=unfinished and unfinished / key)
    return key, head.to_bytes()


class _RowsDigest:
    """Content keys of growing prefixes of the training rows, each row hashed once."""

    def __init__(self, pool: Rows) -> None:
        self.pool, self.size, self.sha = pool, 0, hashlib.sha256()

    def key(self, size: int, settings: HeadSettings, lesson: Lesson | None) -> str:
        fresh = slice(self.size, size)
        for name in ARRAYS:
            self.sha.update(getattr(self.pool, name)[fresh].tobytes())
        for start in range(self.size, size, _BLOCK):  # windows overlap: few are copied at a time
            some = self.pool.past and self.pool.past.take(slice(start, min(start + _BLOCK, size)))
            if some is not None:
                self.sha.update(some.windows().tobytes() + some.sigma.tobytes())
        self.size = size
        whole = self.sha.copy()
        layout = self.pool.layout and asdict(self.pool.layout)
        words = [asdict(settings), layout, torch.__version__, _made_by()]
        whole.update(json.dumps(words).encode())
        if lesson is not None:
            whole.update(lesson.key)
        return whole.hexdigest()
