r"""Flow matching: noise is carried to tomorrow's factor moves along learned velocities.

The path between noise :math:`x_0` and data :math:`x_1` is the quarter turn
:math:`x_t = \cos(\pi t/2)\,x_0 + \sin(\pi t/2)\,x_1`. Along the usual straight line a Gaussian
goes to itself by way of half its variance, and few steps leave some of it behind; along the turn a
Gaussian stands still. So the zero net is the Gaussian copula, the net learns only what is not
Gaussian, and two steps are enough. They are distilled into one (`models.scenarios.distil`).

A net has every moment, so the joint tails are put into the noise. They are fitted last, to what the
sessions look like when the net carries them back: crashes that are a cluster of their own are then
the net's, and only what it cannot make is called a tail.

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
from models.scenarios.radius import GAUSSIAN, Radius
from models.scenarios.standard import Standard, standardised
from models.training import Schedule, single_threaded

QUARTER_TURN = 0.5 * math.pi

BACK = 8
"""Midpoint steps in which sessions are carried back to noise: nobody waits for them."""


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
    schedule: Schedule = field(
        default_factory=lambda: Schedule(epochs=40, batch=256, rate=5e-3, weight_decay=0.1)
    )


@dataclass(frozen=True, eq=False)
class FlowLaw(NeuralLaw):
    """A fitted flow.

    Attributes
    ----------
    distillation_error : float
        Root mean square distance per factor between what the student and the teacher make of the
        same noise, in standard deviations; NaN without a student.
    tails : Radius or None
        Of the noise; None leaves it Gaussian.
    """

    settings: FlowSettings
    net: ResidualNet
    student: ResidualNet | None = None
    distillation_error: float = math.nan
    tails: Radius | None = None

    @property
    def name(self) -> str:
        """Name in manifests and tables."""
        return "flow"

    def vectors(self, known: Tensor, generator: torch.Generator) -> Tensor:
        """Noise carried by the student in one step, or by the teacher in several."""
        size = (len(known), len(self.standard.shift))
        noise = torch.randn(size, generator=generator, device=known.device)
        noise = noise if self.tails is None else self.tails(noise)
        if self.student is None:
            return carried(self.net, noise, known, steps=self.settings.steps)
        return noise + self.student(noise, self.student.context(known))

    def to_bytes(self) -> bytes:
        """Weights as safetensors, settings as JSON in its header."""
        tensors = {f"net.{name}": value for name, value in self.net.state_dict().items()}
        if self.student is not None:
            tensors |= {f"student.{name}": x for name, x in self.student.state_dict().items()}
        nu = GAUSSIAN if self.tails is None else self.tails.nu
        told = {"distillation_error": self.distillation_error, "nu": nu}
        tensors |= {name: torch.tensor([x], dtype=torch.float64) for name, x in told.items()}
        tensors |= self.standard.tensors()
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
        error, nu = (float(tensors.pop(name)) for name in ("distillation_error", "nu"))
        tails = Radius(len(standard.shift), nu)
        net = ResidualNet.stored(tensors, "net.")
        student = ResidualNet.stored(tensors, "student.") if stored["student"] else None
        return cls(standard, FlowSettings(**stored), net, student, error, tails)


def carried(net: ResidualNet, noise: Tensor, known: Tensor, *, steps: int) -> Tensor:
    """Noise carried along the learned velocities by midpoint steps of equal length."""
    point, context, step = noise, net.context(known), 1.0 / steps
    for start in range(steps):
        time = torch.full((1, 1), start * step, device=noise.device)
        half = point + 0.5 * step * QUARTER_TURN * net(point, context, time)
        point = point + step * QUARTER_TURN * net(half, context, time + 0.5 * step)
    return point


def carried_back(net: ResidualNet, vectors: Tensor, known: Tensor) -> Tensor:
    """The noise that is carried to given vectors."""
    point, context, step = vectors, net.context(known), 1.0 / BACK
    for end in range(BACK, 0, -1):
        time = torch.full((1, 1), end * step, device=vectors.device)
        half = point - 0.5 * step * QUARTER_TURN * net(point, context, time)
        point = point - step * QUARTER_TURN * net(half, context, time - 0.5 * step)
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
    lesson = Lesson.of(factors, condition, seed=seed, radial=False)
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
    with torch.no_grad(), single_threaded():
        noise = carried_back(net, vectors, known).double().numpy()
    tails = Radius.of(standardised(noise))
    student, error = None, math.nan
    if settings.student is not None:
        student, error = distil(
            lambda noise, state: carried(net, noise, state, steps=settings.steps),
            known,
            factors=lesson.factors,
            settings=settings.student,
            generator=generator,
            stretch=tails,
        )
    law = FlowLaw(lesson.standard, settings, net, student, error, tails)
    return matched(law, known, generator)
