"""A time-series foundation model as a tail forecaster, zero-shot: its width, and past misses.

Chronos-Bolt says deciles and nothing beyond them, so that it cannot say a 97.5% VaR itself. Its
tenth and ninetieth percentile give each session a centre and a width; the tail is that of all past
returns in units of their own width, as in filtered historical simulation. Nothing is trained.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from jaxtyping import Float
from numpy.lib.stride_tricks import sliding_window_view

from features.splits import Window
from models.base import TailForecast
from models.measures import tail_ranks
from models.residuals import empirical_tail
from models.training import single_threaded

if TYPE_CHECKING:
    from chronos.chronos_bolt import ChronosBoltModelForForecasting

CONTEXT = 512
"""Sessions that each forecast reads."""
BLOCK = 64
"""Forecasts made at a time; a product's last bits may depend on how many rows it has."""
SPREAD = 2.5631031310892007
"""Standard normal distance between the tenth and the ninetieth percentile."""


def local_model(directory: Path) -> ChronosBoltModelForForecasting:
    """A Chronos-Bolt model from files that the user has brought; nothing is fetched.

    Parameters
    ----------
    directory : Path
        With ``config.json`` and ``model.safetensors``. Other forms of weights run code when they
        are loaded, and are not read.

    Raises
    ------
    ValueError
        If a file is missing, the model is no Chronos-Bolt, or it says no tenth and ninetieth
        percentile.
    """
    if missing := [
        name for name in ("config.json", "model.safetensors") if not (directory / name).is_file()
    ]:
        raise ValueError(
            f"{directory}: {' and '.join(missing)} missing. Give the directory of a Chronos-Bolt "
            "model with its weights as safetensors."
        )
    import json

    told = json.loads((directory / "config.json").read_bytes()).get("chronos_config", {})
    if not {0.1, 0.9} <= set(told.get("quantiles", ())):
        raise ValueError(
            f"{directory}: config.json names no Chronos-Bolt quantiles 0.1 and 0.9. Give a "
            "Chronos-Bolt model."
        )
    from chronos.chronos_bolt import ChronosBoltModelForForecasting

    model = ChronosBoltModelForForecasting.from_pretrained(
        directory, local_files_only=True, use_safetensors=True
    )
    return model.eval()


def zero_shot_forecast(
    returns: Float[np.ndarray, " time"],
    centre: Float[np.ndarray, " origin"],
    width: Float[np.ndarray, " origin"],
    *,
    alphas: tuple[float, ...],
    first: int = 1000,
) -> TailForecast:
    """Walk-forward VaR and ES of the session after each origin.

    Parameters
    ----------
    returns : array of shape (time,)
        Simple returns.
    centre, width : array of shape (origin,)
        Of `percentiles`; the last speaks of the session after the last return.
    alphas : tuple of float
        Confidence levels in (0.5, 1), ascending.
    first : int
        Returns behind the first origin.

    Raises
    ------
    ValueError
        If too few returns lie between the first context and the first origin to tell the tail.

    References
    ----------
    Ansari and others (2024), *Chronos: learning the language of time series*.
    """
    context = len(returns) + 1 - len(width)
    if not context < first <= len(returns):
        raise ValueError(
            f"first is {first} and must lie between the context of {context} sessions and the "
            f"{len(returns)} returns there are. Give a longer history."
        )
    # Row k of centre and width speaks of the return at position context + k.
    residual = (returns[context:] - centre[:-1]) / width[:-1]
    window = Window(fit_end=first - context, start=first - 1 - context, stop=len(returns) - context)
    tail = empirical_tail(residual, window, ranks=tail_ranks(alphas, largest=len(residual)))
    rows, served = slice(first - 1, len(returns)), slice(first - context, None)
    var, es = np.full((2, len(returns), len(alphas)), np.nan)
    sigma, pit = np.full((2, len(returns)), np.nan)
    var[rows] = -(centre[served, None] + width[served, None] * tail.quantile)
    es[rows] = -(centre[served, None] + width[served, None] * tail.shortfall)
    sigma[rows], pit[rows] = width[served], tail.pit
    return TailForecast(alphas=alphas, var=var, es=es, sigma=sigma, pit=pit)


def percentiles(
    returns: Float[np.ndarray, " time"],
    model: ChronosBoltModelForForecasting,
    *,
    context: int = CONTEXT,
) -> tuple[Float[np.ndarray, " origin"], Float[np.ndarray, " origin"]]:
    """Centre and width that the model gives the session after each origin with a whole context.

    The width is that of a normal law with the same tenth and ninetieth percentile, and at least a
    thousandth of the context's own deviation: quantiles of a net may cross.
    """
    told: list[float] = model.config.chronos_config["quantiles"]
    low, high = told.index(0.1), told.index(0.9)
    windows = sliding_window_view(returns, context)
    said: list[Float[np.ndarray, "row quantile"]] = []
    with torch.no_grad(), single_threaded():
        for start in range(0, len(windows), BLOCK):
            rows = windows[start : start + BLOCK]
            whole = np.concatenate([rows, np.repeat(rows[-1:], BLOCK - len(rows), axis=0)])
            answer = model(context=torch.as_tensor(whole, dtype=torch.float32)).quantile_preds
            said.append(answer[: len(rows), :, 0].double().numpy())
    every = np.concatenate(said)
    least = 1e-3 * windows.std(axis=1) + 1e-12
    width = np.maximum((every[:, high] - every[:, low]) / SPREAD, least)
    return 0.5 * (every[:, low] + every[:, high]), width
