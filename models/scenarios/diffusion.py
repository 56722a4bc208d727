r"""Diffusion: noise is turned into tomorrow's factor moves in a few random steps.

A point at angle :math:`\phi` is :math:`x_\phi = \cos\phi\,x_0 + \sin\phi\,\epsilon`, with data at
zero and noise at a right angle. Written with its velocity
:math:`v = \cos\phi\,\epsilon - \sin\phi\,x_0`, a step back by :math:`\Delta` is a rotation,
:math:`x_{\phi-\Delta} = \cos\Delta\,x_\phi - \sin\Delta\,v`, exact for the true :math:`v`.

The usual sampler (DDIM) puts the mean of :math:`v` given :math:`x_\phi` in its place. Of Gaussian
data that keeps a share :math:`\cos^2\Delta` of the variance at each step, 53% after four steps and
91% after 25: that is the lost tail of few-step diffusion. Here the net says the mean and the
variance of :math:`v`, and a step *draws* it. Mean and covariance are then right for any number of
steps; zero outputs (mean 0, variance 1) are the Gaussian copula.

References
----------
Song et al. (2021), *Denoising diffusion implicit models*. Salimans and Ho (2022), *Progressive
distillation* (velocity and angle). Karras et al. (2022), *Elucidating the design space* (the
preconditioning that this velocity is, for data of unit variance). Bao et al. (2022),
*Analytic-DPM* (the variance that a step has to give back).
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from models.scenarios.lesson import LawSettings, Lesson
from models.scenarios.nets import ResidualNet, from_payload, to_payload
from models.scenarios.neural import NeuralLaw, matched
from models.scenarios.standard import Standard
from models.training import Schedule

SPAN = 3.0
"""Log variances lie within plus and minus this."""


@dataclass(frozen=True, slots=True)
class DiffusionSettings(LawSettings):
    """What a diffusion model is and how it is trained.

    Attributes
    ----------
    steps : int
        Steps from noise to data. The net is trained at the noise levels of these steps alone.
    """

    steps: int = 4


@dataclass(frozen=True, eq=False)
class DiffusionLaw(NeuralLaw):
    """A fitted diffusion model."""

    settings: DiffusionSettings
    net: ResidualNet

    @property
    def name(self) -> str:
        """Name in manifests and tables."""
        return "diffusion"

    def vectors(self, known: Tensor, generator: torch.Generator) -> Tensor:
        """Noise turned towards data, with the velocity drawn anew at every step."""
        size = (len(known), len(self.standard.shift))
        device, context = known.device, self.net.context(known)
        point = torch.randn(size, generator=generator, device=device)
        turn = 0.5 * math.pi / self.settings.steps
        for left in range(self.settings.steps, 0, -1):
            time = torch.full((1, 1), left / self.settings.steps, device=device)
            mean, log_variance = velocity(self.net, point, context, time)
            noise = torch.randn(size, generator=generator, device=device)
            drawn = torch.addcmul(mean, noise, (0.5 * log_variance).exp_())
            point = math.cos(turn) * point - math.sin(turn) * drawn
        return point

    def to_bytes(self) -> bytes:
        """Weights as safetensors, settings as JSON in its header."""
        tensors = {f"net.{name}": value for name, value in self.net.state_dict().items()}
        return to_payload(asdict(self.settings), tensors | self.standard.tensors())

    @classmethod
    def from_bytes(cls, payload: bytes) -> DiffusionLaw:
        """Inverse of `to_bytes`; the caller has checked the payload's hash."""
        stored, tensors = from_payload(payload)
        stored["schedule"] = Schedule(**stored["schedule"])
        net = ResidualNet.stored(tensors, "net.")
        return cls(Standard.from_tensors(tensors), DiffusionSettings(**stored), net)


def velocity(
    net: ResidualNet, point: Tensor, context: Tensor, time: Tensor
) -> tuple[Tensor, Tensor]:
    """Mean and log variance of the velocity at points; time is the angle over a right angle."""
    mean, raw = net(point, context, time).chunk(2, dim=-1)
    return mean, SPAN * torch.tanh(raw / SPAN)


def fit_diffusion(
    factors: Float[np.ndarray, "time factor"],
    condition: Float[np.ndarray, "row condition"],
    *,
    settings: DiffusionSettings | None = None,
    seed: int,
) -> DiffusionLaw:
    """Learn to turn noise into past sessions' factors; arguments and errors as `Lesson.of`."""
    settings = settings or DiffusionSettings()
    lesson = Lesson.of(factors, condition, seed=seed)
    vectors, known, generator = lesson.vectors, lesson.known, lesson.generator
    count = lesson.factors
    net = lesson.net(settings, inputs=count, outputs=2 * count)

    def surprise(rows: Tensor) -> Tensor:
        noise = torch.randn(len(rows), count, generator=generator)
        time = torch.randint(1, settings.steps + 1, (len(rows), 1), generator=generator)
        time = time / settings.steps
        angle = 0.5 * math.pi * time
        point = angle.cos() * vectors[rows] + angle.sin() * noise
        truth = angle.cos() * noise - angle.sin() * vectors[rows]
        device = net.device
        point, truth, time, state = (x.to(device) for x in (point, truth, time, known[rows]))
        mean, log_variance = velocity(net, point, net.context(state), time)
        return ((truth - mean).square() * (-log_variance).exp() + log_variance).mean()

    lesson.teach(net, surprise, settings)
    return matched(DiffusionLaw(lesson.standard, settings, net.cpu().eval()), known, generator)
