r"""Flow matching: noise is carried to tomorrow's factor moves along learned velocities.

The path between noise :math:`x_0` and data :math:`x_1` is the quarter turn
:math:`x_t = \cos(\pi t/2)\,x_0 + \sin(\pi t/2)\,x_1`. Along the usual straight line a Gaussian
goes to itself by way of half its variance, and few steps leave some of it behind; along the turn a
Gaussian stands still. So the zero net is the Gaussian copula, the net learns only what is not
Gaussian, and two steps are enough. They are distilled into one (`models.scenarios.distil`).

References
----------
Lipman et al. (2023), *Flow matching for generative modeling*. Albergo and Vanden-Eijnden (2023),
*Building normalizing flows with stochastic interpolants* (the trigonometric path).
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from models.scenarios.distil import Distil, distil
from models.scenarios.lesson import LawSettings, Lesson
from models.scenarios.nets import ResidualNet, from_payload, to_payload
from models.scenarios.neural import NeuralLaw, matched
from models.scenarios.standard import Standard
from models.training import Schedule

QUARTER_TURN = 0.5 * math.pi


@dataclass(frozen=True, slots=True)
class FlowSettings(LawSettings):
    """What a flow is and how it is trained.

    Attributes
    ----------
    steps : int
        Midpoint steps of the teacher, each two evaluations.
    student : Distil or None
        The net of one step that draws in the teacher's place; None lets the teacher draw.
    """

    steps: int = 2
    student: Distil | None = field(default_factory=Distil)


@dataclass(frozen=True, eq=False)
class FlowLaw(NeuralLaw):
    """A fitted flow.

    Attributes
    ----------
    distillation_error : float
        Root mean square distance per factor between what the student and the teacher make of the
        same noise, in standard deviations; NaN without a student.
    """

    settings: FlowSettings
    net: ResidualNet
    student: ResidualNet | None = None
    distillation_error: float = math.nan

    @property
    def name(self) -> str:
        """Name in manifests and tables."""
        return "flow"

    def vectors(self, known: Tensor, generator: torch.Generator) -> Tensor:
        """Noise carried by the student in one step, or by the teacher in several."""
        size = (len(known), len(self.standard.shift))
        noise = torch.randn(size, generator=generator, device=known.device)
        if self.student is None:
            return carried(self.net, noise, known, steps=self.settings.steps)
        return noise + self.student(noise, self.student.context(known))

    def to_bytes(self) -> bytes:
        """Weights as safetensors, settings as JSON in its header."""
        tensors = {f"net.{name}": value for name, value in self.net.state_dict().items()}
        if self.student is not None:
            tensors |= {f"student.{name}": x for name, x in self.student.state_dict().items()}
        error = torch.tensor([self.distillation_error], dtype=torch.float64)
        tensors |= self.standard.tensors() | {"distillation_error": error}
        return to_payload(asdict(self.settings), tensors)

    @classmethod
    def from_bytes(cls, payload: bytes) -> FlowLaw:
        """Inverse of `to_bytes`; the caller has checked the payload's hash."""
        stored, tensors = from_payload(payload)
        stored["schedule"] = Schedule(**stored["schedule"])
        if stored["student"] is not None:
            stored["student"]["schedule"] = Schedule(**stored["student"]["schedule"])
            stored["student"] = Distil(**stored["student"])
        standard = Standard.from_tensors(tensors)
        error = float(tensors.pop("distillation_error"))
        net = ResidualNet.stored(tensors, "net.")
        student = ResidualNet.stored(tensors, "student.") if stored["student"] else None
        return cls(standard, FlowSettings(**stored), net, student, error)


def carried(net: ResidualNet, noise: Tensor, known: Tensor, *, steps: int) -> Tensor:
    """Noise carried along the learned velocities by midpoint steps of equal length."""
    point, context, step = noise, net.context(known), 1.0 / steps
    for start in range(steps):
        time = torch.full((1, 1), start * step, device=noise.device)
        half = point + 0.5 * step * QUARTER_TURN * net(point, context, time)
        point = point + step * QUARTER_TURN * net(half, context, time + 0.5 * step)
    return point


def fit_flow(
    factors: Float[np.ndarray, "time factor"],
    condition: Float[np.ndarray, "row condition"],
    *,
    settings: FlowSettings | None = None,
    seed: int,
) -> FlowLaw:
    """Learn a flow of past sessions' factors; arguments and errors as `Lesson.of`."""
    settings = settings or FlowSettings()
    lesson = Lesson.of(factors, condition, seed=seed)
    vectors, known, generator = lesson.vectors, lesson.known, lesson.generator
    net = lesson.net(settings, inputs=lesson.factors, outputs=lesson.factors)

    def distance(rows: Tensor) -> Tensor:
        """Squared distance to the velocity of random points between noise and data."""
        data, count = vectors[rows], len(rows)
        noise = torch.randn(data.shape, generator=generator)
        # One time in each of as many equal slices: the mean over time is then nearly exact.
        time = torch.rand(count, generator=generator) + torch.arange(count)
        time = (time / count)[torch.randperm(count, generator=generator), None]
        turn = QUARTER_TURN * time
        point = turn.cos() * noise + turn.sin() * data
        velocity = turn.cos() * data - turn.sin() * noise
        point, velocity, time, state = (
            x.to(net.device) for x in (point, velocity, time, known[rows])
        )
        return (net(point, net.context(state), time) - velocity).square().mean()

    lesson.teach(net, distance, settings)
    net = net.cpu().eval()
    student, error = None, math.nan
    if settings.student is not None:
        student, error = distil(
            lambda noise, state: carried(net, noise, state, steps=settings.steps),
            known,
            factors=lesson.factors,
            settings=settings.student,
            generator=generator,
        )
    return matched(FlowLaw(lesson.standard, settings, net, student, error), known, generator)
