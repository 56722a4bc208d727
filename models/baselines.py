"""The legacy and statistical tail models by name, forecast together so that fits are shared."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from jaxtyping import Float

from features.splits import refit_windows
from models.base import TailForecast
from models.garch import Params, filter_path, fit_windows
from models.measures import tail_ranks
from models.residuals import assemble, expanding_tail

NAMES = ("gjr_fhs",)


def forecast_series(
    returns: Float[np.ndarray, " time"],
    *,
    models: Iterable[str] = NAMES,
    alphas: Iterable[float],
    first: int = 1000,
    every: int = 63,
    known: Sequence[Params] = (),
) -> dict[str, TailForecast]:
    """Walk-forward forecasts of one series by each of ``models``."""
    levels = tuple(alphas)
    windows = refit_windows(returns.size, first=first, every=every)
    ranks = tail_ranks(levels, largest=returns.size)
    params = fit_windows(returns, windows, asymmetric=True, known=known)
    paths = [
        filter_path(returns[: window.stop + 1], fitted)
        for window, fitted in zip(windows, params, strict=True)
    ]
    return {
        name: assemble(
            returns.size,
            alphas=levels,
            served=[
                (window, path, expanding_tail(path.residual, window, ranks=ranks))
                for window, path in zip(windows, paths, strict=True)
            ],
        )
        for name in models
    }
