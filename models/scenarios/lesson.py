"""What the three neural laws have in common while they learn: settings, training set, one loop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from models.scenarios.nets import ResidualNet
from models.scenarios.standard import Standard
from models.training import Schedule, train


@dataclass(frozen=True, slots=True)
class LawSettings:
    """What any net of a day's law is and how it is trained; all of it enters its content key.

    Attributes
    ----------
    width, depth, haze
        See `ResidualNet`.
    noises : int
        Noise draws that each session meets in a batch.
    schedule : Schedule
    """

    width: int = 32
    depth: int = 1
    haze: float = 2.0
    noises: int = 4
    schedule: Schedule = field(
        default_factory=lambda: Schedule(epochs=40, batch=256, rate=2e-3, weight_decay=0.1)
    )


@dataclass(frozen=True, eq=False)
class Lesson:
    """A training set as a net sees it: without what lines and a radius explain.

    Attributes
    ----------
    standard : Standard
        The map from the net's vectors to factors.
    known : Tensor of shape (time, condition)
        Standardised conditions.
    vectors : Tensor of shape (time, factor)
        Near Gaussian; the net learns what is left in them.
    generator : torch.Generator
        Of shuffles and noise.
    """

    standard: Standard
    known: Tensor
    vectors: Tensor
    generator: torch.Generator

    @classmethod
    def of(
        cls,
        factors: Float[np.ndarray, "time factor"],
        condition: Float[np.ndarray, "row condition"],
        *,
        seed: int,
        radial: bool = True,
    ) -> Lesson:
        """The training set of past sessions' factors, each under what was known before it.

        Parameters
        ----------
        factors : array of shape (time, factor)
            Gaussianised, whitened factor moves.
        condition : array of shape (time, condition)
            Row t was known before the session of ``factors[t]``. What is missing may be NaN.
        seed : int
            Of the weights, shuffles and noise.
        radial : bool
            See `Standard.of`.

        Raises
        ------
        ValueError
            If factors are not finite, conditions are not theirs, or there are too few.
        """
        torch.manual_seed(seed)  # first weights and haze come from torch's global state
        generator = torch.Generator().manual_seed(seed)
        return cls(*Standard.of(factors, condition, radial=radial), generator)

    @property
    def factors(self) -> int:
        """Factors of a session."""
        return self.vectors.shape[1]

    def net(self, settings: LawSettings, *, inputs: int, outputs: int) -> ResidualNet:
        """An untrained net that takes this training set's conditions."""
        return ResidualNet(
            inputs=inputs,
            outputs=outputs,
            condition=self.known.shape[1],
            width=settings.width,
            depth=settings.depth,
            haze=settings.haze,
        )

    def teach(
        self, nets: nn.Module, objective: Callable[[Tensor], Tensor], settings: LawSettings
    ) -> None:
        """Train the nets in place on an objective of some rows, ``settings.noises`` times each."""
        train(
            nets,
            lambda batch: objective(batch[0].cpu().repeat(settings.noises)),
            rows=len(self.vectors),
            seeds=1,
            schedule=settings.schedule,
            generator=self.generator,
        )
