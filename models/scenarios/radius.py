r"""Joint tails by a transform: factors whose length is Student's become Gaussian, and back.

A Lipschitz net of Gaussian noise has every moment, so a crash in all factors at once has to be put
in by a transform, as the marginal tails are. A vector with a spherical Student-t law is a Gaussian
one stretched along its own direction: :math:`x = y\,h(|y|)/|y|` with
:math:`h = F_{t}^{-1}\circ F_{\chi}`. The generators learn :math:`y`; its length is given back
after sampling. With infinitely many degrees of freedom nothing is stretched.

References
----------
Lyu and Simoncelli (2009), *Nonlinear extraction of independent components of natural images using
radial Gaussianization*.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Float
from scipy import optimize, special
from torch import Tensor

LONGEST = 9.0
"""Gaussian length beyond which the stretch stays as it is: out of 10^13 draws of 8 factors, one."""

NODES = 512
"""Nodes of the stretch between lengths zero and `LONGEST`, linear between them."""

GAUSSIAN = 200.0
"""Degrees of freedom from which on a law is taken as Gaussian."""

LEAST = 2.5
"""Fewest degrees of freedom: the variance must exist, and be estimable."""


@dataclass(frozen=True)
class Radius:
    """The stretch between Gaussian vectors and Student vectors of unit variance.

    Attributes
    ----------
    factors : int
    nu : float
        Degrees of freedom; `GAUSSIAN` or more for no stretch at all.
    """

    factors: int
    nu: float
    stretch: Tensor = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        length = np.linspace(0.0, LONGEST, NODES)
        stretch = np.ones(NODES)
        if self.nu < GAUSSIAN:
            stretch[1:] = _student_length(length[1:], self.factors, self.nu) / length[1:]
            stretch[0] = stretch[1]
        object.__setattr__(self, "stretch", torch.as_tensor(stretch, dtype=torch.float32))

    @classmethod
    def of(cls, factors: Float[np.ndarray, "time factor"]) -> Radius:
        """Degrees of freedom of largest likelihood, for factors with mean zero and covariance one.

        Parameters
        ----------
        factors : array of shape (time, factor)
            Standardised beforehand: one sample scale would otherwise be taken for a tail.
        """
        count = factors.shape[1]
        square = (factors**2).sum(axis=1)

        def surprise(log_nu: float) -> float:
            nu = float(np.exp(log_nu))
            constant = special.gammaln((nu + count) / 2) - special.gammaln(nu / 2)
            constant -= 0.5 * count * np.log(nu - 2.0)
            tail = 0.5 * (nu + count) * np.log1p(square / (nu - 2.0)).mean()
            return float(tail - constant)

        best = optimize.minimize_scalar(
            surprise, bounds=(np.log(LEAST), np.log(GAUSSIAN)), method="bounded"
        )
        nu = float(np.exp(best.x))
        return cls(count, GAUSSIAN if nu > 0.95 * GAUSSIAN else round(nu, 6))

    def gaussian(
        self, factors: Float[np.ndarray, "time factor"]
    ) -> Float[np.ndarray, "time factor"]:
        """Student factors with their lengths made Gaussian; inverse of calling."""
        if self.nu >= GAUSSIAN:
            return factors
        length = np.linspace(0.0, LONGEST, NODES)
        image = length * self.stretch.numpy().astype(np.float64)
        own = np.sqrt((factors**2).sum(axis=1))
        inside = np.interp(own, image, length)
        beyond = own / float(self.stretch[-1])
        return (
            factors * (np.where(own > image[-1], beyond, inside) / np.maximum(own, 1e-12))[:, None]
        )

    def __call__(self, gaussian: Tensor) -> Tensor:
        """Gaussian factors of shape (path, factor) with the lengths of Student ones."""
        if self.nu >= GAUSSIAN:
            return gaussian
        place = gaussian.norm(dim=1).mul_((NODES - 1) / LONGEST).clamp_(max=NODES - 1.001)
        node = place.floor()
        share = place.sub_(node)
        index = node.long()
        stretch = self.stretch.to(gaussian.device)
        return gaussian * torch.lerp(stretch[index], stretch[index + 1], share)[:, None]


def _student_length(
    length: Float[np.ndarray, " node"], factors: int, nu: float
) -> Float[np.ndarray, " node"]:
    """Length with the same probability beyond it, from the nearer end: no digits are lost."""
    below = special.gammainc(0.5 * factors, 0.5 * length**2)
    beyond = special.gammaincc(0.5 * factors, 0.5 * length**2)
    lower = special.betaincinv(0.5 * factors, 0.5 * nu, np.minimum(below, 0.5))
    upper = special.betaincinv(0.5 * nu, 0.5 * factors, np.minimum(beyond, 0.5))
    square_over_nu = np.where(below < 0.5, lower / (1.0 - lower), (1.0 - upper) / upper)
    return np.sqrt((nu - 2.0) * square_over_nu)
