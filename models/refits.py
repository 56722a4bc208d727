"""Fits on an expanding past at fixed rows, each kept by the hash of all that it depends on."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from features.splits import Window
from models.baselines import UnitStore

Fit = Callable[[NDArray[np.float64]], NDArray[np.float64]]
"""Parameters, as one row of numbers, of the rows of data that a fit may see."""

FIRST, EVERY = 500, 250
"""Rows before the first fit, and between fits: two years, and one."""


def fitted(
    data: Float[np.ndarray, "time column"],
    windows: Sequence[Window],
    *,
    fit: Fit,
    recipe: str,
    store: UnitStore | None = None,
) -> list[NDArray[np.float64]]:
    """Parameters for each window, of the rows before its ``fit_end`` alone.

    Parameters
    ----------
    data : array of shape (time, column)
        All that a fit reads; rows appended later change no fit that was there.
    windows : sequence of Window
        In time order.
    fit : callable
        Deterministic.
    recipe : str
        What else the parameters depend on, see `recipe_of`.
    store : UnitStore, optional
        Fits found there are not made again; new ones are put there.
    """
    keys = _keys(data, windows, recipe)
    known = {} if store is None else store.get_many(keys)
    found: list[NDArray[np.float64]] = []
    # Sums round differently on one thread than on two.
    with threadpool_limits(limits=1, user_api="blas"):
        for window, key in zip(windows, keys, strict=True):
            if key in known:
                found.append(np.frombuffer(known[key], dtype="<f8").astype(np.float64))
                continue
            params = np.asarray(fit(data[: window.fit_end]), dtype=np.float64)
            if store is not None:
                store.put(key, params.astype("<f8").tobytes())
            found.append(params)
    return found


def recipe_of(source: str, *libraries: str, **settings: object) -> str:
    """A model's source file, the versions it computes with and its settings, as one text.

    Parameters
    ----------
    source : str
        ``__file__`` of the module that fits.
    libraries : str
        Distribution names.
    settings : object
        By name; their ``repr`` must say all of them.
    """
    digest = hashlib.sha256(Path(source).read_bytes()).hexdigest()
    versions = [f"{name}={version(name)}" for name in ("numpy", *libraries)]
    return ",".join([digest, *versions, *(f"{k}={v!r}" for k, v in sorted(settings.items()))])


def _keys(data: NDArray[np.float64], windows: Sequence[Window], recipe: str) -> list[str]:
    """A chain of SHA-256 over the recipe and the data up to each fit."""
    link = hashlib.sha256(f"{recipe},{data.shape[1]}".encode()).digest()
    keys: list[str] = []
    seen = 0
    for window in windows:
        news = np.ascontiguousarray(data[seen : window.fit_end], dtype="<f8")
        link = hashlib.sha256(link + news.tobytes()).digest()
        keys.append(link.hex())
        seen = window.fit_end
    return keys
