"""A statistical forecast sent through a tail map: VaR, ES and PIT of the learned law."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from jaxtyping import Float

from features.returns import compounded
from models.base import TailForecast
from models.tail.base_law import base_distribution
from models.tail.combine import pareto_map
from models.tail.inputs import Rows
from models.tail.transport import KNOTS, TailMap, transported


def mapped_forecast(
    returns: Float[np.ndarray, " time"],
    base: TailForecast,
    tail_map: TailMap,
    *,
    alphas: Sequence[float],
) -> TailForecast:
    """`mapped_forecasts` of a single map."""
    (said,) = mapped_forecasts(returns, base, {"": tail_map}, alphas=alphas).values()
    return said


def mapped_forecasts(
    returns: Float[np.ndarray, " time"],
    base: TailForecast,
    maps: Mapping[str, TailMap],
    *,
    alphas: Sequence[float],
) -> dict[str, TailForecast]:
    """The base's forecast sent through each map, and the PIT of what followed.

    Parameters
    ----------
    returns : array of shape (time,)
        Simple returns that the base was made from.
    base : TailForecast
        ``gjr_fhs`` with the knots among its levels.
    maps : mapping of name to TailMap
        One row per origin; where a slope is NaN nothing is forecast.
    alphas : sequence of float
        Confidence levels of the answer, each a level of the base.
    """
    sigma = torch.as_tensor(base.sigma)[:, None]
    var, es = (torch.as_tensor(x) / sigma for x in (base.var, base.es))
    wanted = [base.alphas.index(alpha) for alpha in alphas]
    following = torch.as_tensor(-compounded(returns, horizon=base.horizon)[:, None]) / sigma
    back = [one.inverse()(following) * sigma for one in maps.values()]
    at = -torch.cat(back, dim=1).numpy()
    shares = base_distribution(returns, base, at)  # of all maps: paths are simulated only once
    said: dict[str, TailForecast] = {}
    for k, (name, one) in enumerate(maps.items()):
        mapped_var, mapped_es = transported(one, var, es, levels=base.alphas)
        served = np.isfinite(one.slope[:, 0].numpy())
        said[name] = TailForecast(
            alphas=tuple(alphas),
            var=(mapped_var * sigma)[:, wanted].numpy(),
            es=(mapped_es * sigma)[:, wanted].numpy(),
            sigma=np.where(served, base.sigma, np.nan),
            pit=shares[:, k],
            horizon=base.horizon,
            seed=base.seed,
        )
    return said


def pareto_of(evt: TailForecast, sigma: Float[np.ndarray, " time"], rows: Rows) -> TailMap:
    """``gjr_evt`` as a map of the empirical forecast that ``rows`` hold.

    Parameters
    ----------
    evt : TailForecast
        With the knots among its levels.
    sigma : array of shape (time,)
        Of the empirical base.
    rows : Rows
        One per origin.
    """
    at_knots = [evt.alphas.index(knot) for knot in KNOTS]
    var, es = (torch.as_tensor(x[:, at_knots] / sigma[:, None]) for x in (evt.var, evt.es))
    return pareto_map(rows, var, es)
