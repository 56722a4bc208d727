r"""A learned tail as a monotone map of the statistical base's loss distribution.

The base says the loss is :math:`L`. A head answers with the knots of a piecewise linear,
increasing map :math:`T`, and the learned forecast is the law of :math:`T(L)`. Three things follow
by construction, for any set of levels and whatever the head says: quantiles never cross, ES is at
least VaR and grows with the level, and a head that says zero *is* the base.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

KNOTS = (0.90, 0.925, 0.95, 0.975, 0.99, 0.995)
"""Levels at which the map bends. Below the first it scales, above the last it stretches."""

OUTPUTS = len(KNOTS) + 2
"""What a head says of a row: one scale, one shape per step between knots, one for the excess."""

SCALE_SPAN = 0.7
"""The whole tail scales by at most ``exp(+-0.7)``: half to twice the base."""
SHAPE_SPAN = 0.7
"""A step between knots changes by as much again."""
EXCESS_SPAN = 0.4
"""The excess beyond the last knot changes by at most ``exp(+-0.4)``."""


def tails(levels: Sequence[float]) -> NDArray[np.float64]:
    """Tail masses ``1 - level``, rounded to the decimals they were written with."""
    return np.round(1.0 - np.asarray(levels, dtype=np.float64), 12)


@dataclass(frozen=True, slots=True)
class TailMap:
    """The map, one per row: where it sends the base's quantiles, and its slope beyond the last.

    Below the first knot it is a straight line through zero. Averaging maps averages the forecasts
    they make: VaR and ES at every level are linear in the map.

    Attributes
    ----------
    source : Tensor of shape (..., row, knot)
        Base VaR at `KNOTS`; positive and non-decreasing.
    image : Tensor of shape (..., row, knot)
        Learned VaR at `KNOTS`.
    slope : Tensor of shape (..., row, 1)
        Factor on losses beyond the last knot.
    """

    source: Tensor
    image: Tensor
    slope: Tensor

    def __call__(self, loss: Tensor) -> Tensor:
        """Send losses of the base, shape (..., row, loss), through the map."""
        return _piecewise(loss, self.source, self.image, self.slope)

    def inverse(self) -> TailMap:
        """The map back, to where the base's distribution function is known."""
        return TailMap(self.image, self.source, 1.0 / self.slope)

    def where(self, keep: Tensor) -> TailMap:
        """The rows marked True of shape (row,)."""
        return TailMap(self.source[keep], self.image[keep], self.slope[keep])

    def scaled(self, factor: Tensor) -> TailMap:
        """The map with every image multiplied by ``factor`` of shape (row, 1)."""
        return TailMap(self.source, self.image * factor, self.slope * factor)


def identity(source: Tensor) -> TailMap:
    """The map that leaves the base as it is."""
    return TailMap(source, source, torch.ones_like(source[..., :1]))


def unserved(source: Tensor) -> TailMap:
    """A map that forecasts nothing yet: NaN in every row, to be filled."""
    nothing = torch.full_like(source, torch.nan)
    return TailMap(source, nothing, nothing[..., :1].clone())


def mixture(maps: Sequence[TailMap], weights: Sequence[float]) -> TailMap:
    """Weighted mean of maps of the same base; its VaR and ES are the weighted means of theirs."""
    image = sum(weight * one.image for weight, one in zip(weights, maps, strict=True))
    slope = sum(weight * one.slope for weight, one in zip(weights, maps, strict=True))
    return TailMap(maps[0].source, torch.as_tensor(image), torch.as_tensor(slope))


def tail_map(raw: Tensor, source: Tensor) -> TailMap:
    """The map that a head asks for; zero leaves the base unchanged.

    Parameters
    ----------
    raw : Tensor of shape (..., row, `OUTPUTS`)
        Unbounded head outputs.
    source : Tensor of shape (..., row, knot)
        Base VaR at `KNOTS`.
    """
    steps = torch.diff(source, dim=-1, prepend=torch.zeros_like(source[..., :1]))
    shape = torch.exp(SHAPE_SPAN * torch.tanh(0.5 * raw[..., 1:-1]))
    excess = torch.exp(EXCESS_SPAN * torch.tanh(raw[..., -1:]))
    factor = scale(raw)
    return TailMap(source, factor * torch.cumsum(steps * shape, dim=-1), factor * excess)


def scale(raw: Tensor) -> Tensor:
    """Factor on the whole tail that a head asks for, shape (..., row, 1)."""
    return torch.exp(SCALE_SPAN * torch.tanh(raw[..., :1]))


def transported(
    tail_map: TailMap, var: Tensor, es: Tensor, *, levels: Sequence[float]
) -> tuple[Tensor, Tensor]:
    """VaR and ES of the mapped loss, exact where the map is linear between ``levels``.

    The base's mean loss between two levels follows from its two ES; the map sends it to the mean
    of the mapped losses there. Summing from the far tail gives ES at every level.

    Parameters
    ----------
    tail_map : TailMap
    var, es : Tensor of shape (..., row, level)
        Base forecast at ``levels``.
    levels : sequence of float
        Confidence levels, ascending, every one of `KNOTS` among them.

    Returns
    -------
    var, es : Tensor of shape (..., row, level)
    """
    tail = torch.as_tensor(tails(levels), dtype=var.dtype, device=var.device)
    mass = tail - torch.cat([tail[1:], torch.zeros_like(tail[:1])])
    beyond = tail * es
    inside = (beyond[..., :-1] - beyond[..., 1:]) / mass[:-1]
    # Rounding must not push a mean outside the two quantiles that it lies between.
    inside = torch.maximum(torch.minimum(inside, var[..., 1:]), var[..., :-1])
    means = tail_map(torch.cat([inside, es[..., -1:]], dim=-1)) * mass
    total = torch.flip(torch.cumsum(torch.flip(means, [-1]), dim=-1), [-1])
    return tail_map(var), total / tail


def knot_shares(var: Tensor, es: Tensor) -> tuple[Tensor, Tensor]:
    """What ES at the knots needs of a row, computed once before training.

    Returns
    -------
    share : Tensor of shape (row, knot - 1)
        How far between two knots the base's mean loss there lies, in [0, 1].
    excess : Tensor of shape (row, 1)
        Base ES less VaR at the last knot.
    """
    tail = torch.as_tensor(tails(KNOTS), dtype=var.dtype)
    beyond = tail * es
    inside = (beyond[..., :-1] - beyond[..., 1:]) / (tail[:-1] - tail[1:])
    step = torch.diff(var, dim=-1)
    share = torch.where(step > 0, (inside - var[..., :-1]) / torch.where(step > 0, step, 1.0), 0.0)
    return share.clamp(0.0, 1.0), es[..., -1:] - var[..., -1:]


def knot_shortfall(tail_map: TailMap, share: Tensor, excess: Tensor) -> Tensor:
    """ES of the mapped loss at `KNOTS`: `transported` for the training loop, without look-ups."""
    image = tail_map.image
    tail = torch.as_tensor(tails(KNOTS), dtype=image.dtype, device=image.device)
    mass = tail - torch.cat([tail[1:], torch.zeros_like(tail[:1])])
    inside = image[..., :-1] + share * torch.diff(image, dim=-1)
    means = torch.cat([inside, image[..., -1:] + tail_map.slope * excess], dim=-1) * mass
    return torch.flip(torch.cumsum(torch.flip(means, [-1]), dim=-1), [-1]) / tail


def _piecewise(x: Tensor, source: Tensor, image: Tensor, slope: Tensor) -> Tensor:
    right = torch.searchsorted(source.contiguous(), x.contiguous())
    right = right.clamp(max=source.shape[-1] - 1)
    zero = torch.zeros_like(source[..., :1])
    x0, x1 = torch.cat([zero, source], -1).gather(-1, right), source.gather(-1, right)
    y0, y1 = torch.cat([zero, image], -1).gather(-1, right), image.gather(-1, right)
    width = x1 - x0
    # A first quantile of zero (a drift as large as the tail) leaves the line through zero as it is.
    share = (x - x0) / torch.where(width != 0, width, 1.0)
    inside = y0 + torch.where(width != 0, share * (y1 - y0), x - x0)
    beyond = image[..., -1:] + slope * (x - source[..., -1:])
    return torch.where(x > source[..., -1:], beyond, inside)
