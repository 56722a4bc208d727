"""A statistical forecast sent through a tail map: VaR, ES and PIT of the learned law."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float

from models.base import TailForecast
from models.tail.base_law import fhs_distribution
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
    """The base's forecast sent through a map, and the PIT of what followed.

    Parameters
    ----------
    returns : array of shape (time,)
        Simple returns that the base was made from.
    base : TailForecast
        ``gjr_fhs`` with the knots among its levels.
    tail_map : TailMap
        One row per origin; where its slope is NaN nothing is forecast.
    alphas : sequence of float
        Confidence levels of the answer, each a level of the base.
    """
    sigma = torch.as_tensor(base.sigma)[:, None]
    var, es = transported(
        tail_map,
        torch.as_tensor(base.var) / sigma,
        torch.as_tensor(base.es) / sigma,
        levels=base.alphas,
    )
    wanted = [base.alphas.index(alpha) for alpha in alphas]
    following = np.append(returns[1:], np.nan)
    back = tail_map.inverse()(torch.as_tensor(-following[:, None]) / sigma)
    served = np.isfinite(tail_map.slope[:, 0].numpy())
    return TailForecast(
        alphas=tuple(alphas),
        var=(var * sigma)[:, wanted].numpy(),
        es=(es * sigma)[:, wanted].numpy(),
        sigma=np.where(served, base.sigma, np.nan),
        pit=fhs_distribution(returns, base, -(back * sigma)[:, 0].numpy()),
    )


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
