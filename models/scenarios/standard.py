"""What a neural generator need not learn: conditional mean and scale, covariance, joint tails."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from models.scenarios.moments import Moments
from models.scenarios.radius import GAUSSIAN, Radius

SESSIONS_A_FACTOR = 25
"""Fewest training sessions per factor: their covariance has to be estimated."""


@dataclass(frozen=True, eq=False)
class Standard:
    """The map from Gaussian vectors to factors.

    A vector is stretched by ``radius``, takes the scale and mean that its condition asks for, and
    is turned by ``scale`` and ``shift``.

    Attributes
    ----------
    moments : Moments
    radius : Radius
    scale : Tensor of shape (factor, factor)
        Lower triangular.
    shift : Tensor of shape (factor,)
    """

    moments: Moments
    radius: Radius
    scale: Tensor
    shift: Tensor

    @classmethod
    def unit(cls, factors: int, condition: int) -> Standard:
        """The map that changes nothing."""
        moments, radius = Moments.unit(factors, condition), Radius(factors, GAUSSIAN)
        return cls(moments, radius, torch.eye(factors), torch.zeros(factors))

    @classmethod
    def of(
        cls,
        factors: Float[np.ndarray, "time factor"],
        condition: Float[np.ndarray, "row condition"],
        *,
        radial: bool = True,
    ) -> tuple[Standard, Tensor, Tensor]:
        """The map of a training set, its standardised conditions, and its Gaussian vectors.

        Parameters
        ----------
        factors : array of shape (time, factor)
        condition : array of shape (time, condition)
        radial : bool
            Whether to fit the radius; else lengths are left for a net.

        Raises
        ------
        ValueError
            If factors are not finite, conditions are not theirs, or there are too few.
        """
        _check(factors, condition)
        scale, shift = np.linalg.cholesky(_covariance(factors)), factors.mean(axis=0)
        whitened = np.linalg.solve(scale, (factors - shift).T).T
        moments = Moments.of(whitened, condition)
        known = moments.known(torch.as_tensor(condition))
        mean, spread = (x.double().numpy() for x in moments.of_known(known))
        residual = (whitened - mean) / spread
        radius = Radius.of(residual) if radial else Radius(factors.shape[1], GAUSSIAN)
        standard = cls(moments, radius, _single(scale), _single(shift))
        return standard, known, _single(radius.gaussian(residual))

    def matched(self, vectors: Tensor, known: Tensor) -> Standard:
        """The same map, corrected for a generator that returned ``vectors`` under ``known``.

        A net trained on noisy targets shrinks what it cannot predict, and so does a prior. The
        factors shall have the mean and covariance of the training factors all the same: a
        variance lost here would be lost from every risk figure.
        """
        drawn = self._conditional(vectors, known).double().numpy()
        own = np.linalg.cholesky(_covariance(drawn))
        scale = np.linalg.solve(own.T, self.scale.double().numpy().T).T
        shift = self.shift.double().numpy() - scale @ drawn.mean(axis=0)
        return replace(self, scale=_single(scale), shift=_single(shift))

    def __call__(self, vectors: Tensor, known: Tensor) -> Tensor:
        """Factors of shape (path, factor) from Gaussian vectors and standardised conditions."""
        return torch.addmm(self.shift, self._conditional(vectors, known), self.scale.T)

    def _conditional(self, vectors: Tensor, known: Tensor) -> Tensor:
        mean, spread = self.moments.of_known(known)
        return mean.addcmul_(spread, self.radius(vectors))

    def to(self, device: torch.device | str) -> Standard:
        """The same map on another device."""
        own = {field.name: getattr(self.moments, field.name) for field in fields(Moments)}
        moments = Moments(**{name: value.to(device) for name, value in own.items()})
        return Standard(moments, self.radius, self.scale.to(device), self.shift.to(device))

    def tensors(self) -> dict[str, Tensor]:
        """For storage beside a net's weights."""
        own = {"nu": torch.tensor([self.radius.nu], dtype=torch.float64)}
        own |= {"scale": self.scale, "shift": self.shift}
        own |= {field.name: getattr(self.moments, field.name) for field in fields(Moments)}
        return {f"standard.{name}": value for name, value in own.items()}

    @classmethod
    def from_tensors(cls, tensors: dict[str, Tensor]) -> Standard:
        """Inverse of `tensors`; takes its own out of the dictionary."""
        moments = Moments(*(tensors.pop(f"standard.{field.name}") for field in fields(Moments)))
        nu, scale, shift = (tensors.pop(f"standard.{name}") for name in ("nu", "scale", "shift"))
        return cls(moments, Radius(len(shift), nu.item()), scale, shift)


def _covariance(factors: Float[np.ndarray, "time factor"]) -> Float[np.ndarray, "factor factor"]:
    return np.atleast_2d(np.cov(factors, rowvar=False, bias=True))


def standardised(factors: Float[np.ndarray, "time factor"]) -> Float[np.ndarray, "time factor"]:
    """Factors with mean zero and covariance one."""
    scale = np.linalg.cholesky(_covariance(factors))
    return np.linalg.solve(scale, (factors - factors.mean(axis=0)).T).T


def _single(values: np.ndarray) -> Tensor:
    return torch.as_tensor(values, dtype=torch.float32)


def _check(
    factors: Float[np.ndarray, "time factor"], condition: Float[np.ndarray, "row condition"]
) -> None:
    sessions, count = factors.shape
    if len(condition) != sessions:
        raise ValueError(
            f"condition must have one row per session, got {len(condition)} rows for {sessions} "
            "sessions. Row t is what was known before the session of factors[t]."
        )
    if sessions < SESSIONS_A_FACTOR * count:
        raise ValueError(
            f"factors: {sessions} sessions cannot teach the joint law of {count} factors. "
            f"Give at least {SESSIONS_A_FACTOR * count}, or fewer factors."
        )
    if not np.isfinite(factors).all():
        raise ValueError(
            f"factors must be finite, got {int((~np.isfinite(factors)).sum())} values that are "
            "not. Leave out the sessions on which an asset did not trade."
        )
