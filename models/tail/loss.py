"""The training loss: the Fissler-Ziegel 0-homogeneous score of (VaR, ES)."""

from __future__ import annotations

import torch
from torch import Tensor


def fz0(pnl: Tensor, var: Tensor, es: Tensor, tail: Tensor) -> Tensor:
    r"""Joint score of VaR and ES forecasts, one value per row and level; lower is better.

    With :math:`v=-\mathrm{VaR}`, :math:`e=-\mathrm{ES}`, :math:`p` the tail mass and :math:`y` the
    P&L: :math:`-\frac{1}{pe}1\{y\le v\}(v-y)+\frac{v}{e}+\log(-e)-1`.

    Parameters
    ----------
    pnl : Tensor of shape (..., 1)
        Realised P&L, gain positive, in any unit shared with the forecasts (sigma in training:
        differences between forecasts do not depend on it).
    var, es : Tensor of shape (..., level)
        Losses, positive; ES must be above zero.
    tail : Tensor of shape (level,)

    References
    ----------
    Patton, Ziegel and Chen (2019), *Dynamic semiparametric models for expected shortfall*.
    """
    excess = torch.clamp(-pnl - var, min=0.0)
    return excess / (tail * es) + var / es + torch.log(es) - 1.0


DEGREES = 5.0
"""Degrees of freedom of the scale's likelihood: the middle of what GJR-t finds on real series."""


def scale_loss(move: Tensor, scale: Tensor) -> Tensor:
    r"""Negative log-likelihood of a factor on sigma, up to a constant.

    The move is Student-t with :math:`\nu` degrees of freedom and standard deviation ``scale``:
    :math:`\log s + \frac{\nu+1}{2}\log\left(1+\frac{(y/s)^2}{\nu-2}\right)`.

    Parameters
    ----------
    move : Tensor
        Realised return in units of the base's sigma.
    scale : Tensor
        Factor on that sigma, positive.
    """
    ratio = (move / scale) ** 2 / (DEGREES - 2.0)
    return torch.log(scale) + 0.5 * (DEGREES + 1.0) * torch.log1p(ratio)
