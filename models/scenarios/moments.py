r"""Mean and scale of each factor, linear and log-linear in the condition, by penalised likelihood.

What a condition says of tomorrow is mostly where the factors will lie and how widely they will
scatter. A net asked for that learns dates by heart; a line with a prior does not, and where the
effect is strong the likelihood outweighs the prior.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from models.training import single_threaded

CLIP = 3.0
"""A condition beyond the training range, or three deviations, is read as the end of that range."""

PRIOR = 0.02
"""Prior standard deviation of every slope: the effect on a factor's mean, in its own deviations,
or on its log scale, of one deviation of a column of the condition."""

FIRST_NU = 8.0
"""Degrees of freedom that the likelihood assumes: few enough that a crash does not decide."""


@dataclass(frozen=True, eq=False)
class Moments:
    """Mean and log scale given a condition.

    Attributes
    ----------
    centre, spread, low, high : Tensor of shape (condition,)
        Centre and spread of the training conditions, and their range in those units.
    mean, log_scale : Tensor of shape (condition + 1, factor)
        Slopes on the standardised condition; the last row is the intercept.
    """

    centre: Tensor
    spread: Tensor
    low: Tensor
    high: Tensor
    mean: Tensor
    log_scale: Tensor

    @classmethod
    def unit(cls, factors: int, condition: int) -> Moments:
        """Mean zero and scale one whatever the condition."""
        zero, one = torch.zeros(condition), torch.ones(condition)
        none = torch.zeros(condition + 1, factors)
        return cls(zero, one, -CLIP * one, CLIP * one, none, none)

    @classmethod
    def of(
        cls,
        factors: Float[np.ndarray, "time factor"],
        condition: Float[np.ndarray, "time condition"],
    ) -> Moments:
        """Slopes of largest Student likelihood under a normal prior around zero.

        A slope on the log scale is what all factors share plus a factor's own, each with the
        prior: a market that goes wild as a whole needs less evidence than one factor that does.

        Parameters
        ----------
        factors : array of shape (time, factor)
            Mean zero and covariance one over all of training.
        condition : array of shape (time, condition)
        """
        count = factors.shape[1]
        centre, spread, low, high = _training_range(condition)
        none = torch.zeros(condition.shape[1] + 1, count)
        start = cls(centre, spread, low, high, none, none)
        known = start.known(torch.as_tensor(condition)).double()
        moves = torch.as_tensor(factors, dtype=torch.float64)
        # Row 0: mean; row 1: log scale; row 2, one column: log scale of all factors together.
        slopes = torch.zeros(3, known.shape[1] + 1, count, dtype=torch.float64, requires_grad=True)
        optimiser = torch.optim.LBFGS([slopes], max_iter=200, line_search_fn="strong_wolfe")

        def surprise() -> Tensor:
            optimiser.zero_grad()
            mean, log_scale = _lines(slopes, known)
            away = (moves - mean) * (-log_scale).exp()
            tail = 0.5 * (FIRST_NU + count) * torch.log1p(away.square().sum(1) / (FIRST_NU - 2.0))
            own, together = slopes[:2, :-1], slopes[2, :-1, :1]
            penalty = 0.5 * (own.square().sum() + together.square().sum()) / PRIOR**2
            value = (tail.sum() + log_scale.sum() + penalty) / len(moves)
            value.backward()
            return value

        with single_threaded():
            optimiser.step(surprise)
            slopes = slopes.detach()
            mean, log_scale = _lines(slopes, known)
            variance = ((moves - mean) * (-log_scale).exp()).square().mean(dim=0)
        both = slopes[1] + slopes[2, :, :1]
        both[-1] += 0.5 * variance.log()  # the likelihood's scale is not a standard deviation
        return replace(start, mean=slopes[0].float(), log_scale=both.float())

    def known(self, condition: Tensor) -> Tensor:
        """Conditions standardised and cut to the training range; NaN is read as the centre."""
        scaled = torch.nan_to_num((condition.float() - self.centre) / self.spread, nan=0.0)
        return torch.maximum(torch.minimum(scaled, self.high), self.low)

    def of_known(self, known: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and scale of each factor, from standardised conditions of shape (path, column)."""
        mean = torch.addmm(self.mean[-1], known, self.mean[:-1])
        return mean, torch.addmm(self.log_scale[-1], known, self.log_scale[:-1]).exp_()


def _lines(slopes: Tensor, known: Tensor) -> tuple[Tensor, Tensor]:
    mean = known @ slopes[0, :-1] + slopes[0, -1]
    scale = slopes[1] + slopes[2, :, :1]
    return mean, known @ scale[:-1] + scale[-1]


def _training_range(condition: Float[np.ndarray, "time condition"]) -> list[Tensor]:
    known = np.isfinite(condition)
    count = np.maximum(known.sum(axis=0), 1)
    centre = np.where(known, condition, 0.0).sum(axis=0) / count
    away = np.where(known, condition - centre, 0.0)
    spread = np.sqrt((away**2).sum(axis=0) / count)
    # Rounding alone gives a column that never moves a spread; it must not be blown up by it.
    spread = np.where(spread > 1e-9 * np.maximum(np.abs(centre), 1.0), spread, 1.0)
    low = np.maximum((away / spread).min(axis=0), -CLIP)
    high = np.minimum((away / spread).max(axis=0), CLIP)
    return [torch.as_tensor(x, dtype=torch.float32) for x in (centre, spread, low, high)]
