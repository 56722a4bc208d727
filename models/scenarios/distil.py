"""A net of one step that repeats what a sampler of many steps makes of the same noise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor

from models.scenarios.nets import ResidualNet
from models.training import Schedule, single_threaded, train

HELD = 8192
"""Pairs that the student never trains on: its error is measured there."""


@dataclass(frozen=True, slots=True)
class Distil:
    """What a student is and how it is trained.

    Attributes
    ----------
    pairs : int
        Noise draws, each with what the teacher makes of it. They cost no data, so the student
        sees the tails as often as it needs to.
    """

    width: int = 32
    depth: int = 1
    pairs: int = 131_072
    schedule: Schedule = field(
        default_factory=lambda: Schedule(epochs=8, batch=1024, rate=5e-3, weight_decay=0.0)
    )


def distil(
    teacher: Callable[[Tensor, Tensor], Tensor],
    known: Tensor,
    *,
    factors: int,
    settings: Distil,
    generator: torch.Generator,
    stretch: Callable[[Tensor], Tensor] | None = None,
) -> tuple[ResidualNet, float]:
    """A student that answers ``teacher(noise, condition) - noise`` in one evaluation.

    Parameters
    ----------
    teacher : callable
        Maps noise of shape (row, factor) and conditions to vectors of the noise's shape.
    known : Tensor of shape (time, condition)
        Standardised conditions; the student is trained under these.
    stretch : callable, optional
        What normal draws go through before they are the sampler's noise.

    Returns
    -------
    student : ResidualNet
    error : float
        Root mean square distance per factor to the teacher, on noise it was not trained on.

    References
    ----------
    Luhman and Luhman (2021), *Knowledge distillation in iterative generative models*.
    """
    rows = torch.randint(len(known), (settings.pairs + HELD,), generator=generator)
    noise = torch.randn(len(rows), factors, generator=generator)
    noise = noise if stretch is None else stretch(noise)
    with torch.no_grad(), single_threaded():
        parts = zip(noise.split(4096), known[rows].split(4096), strict=True)
        moved = torch.cat([teacher(*part) for part in parts]) - noise
    student = ResidualNet(
        inputs=factors,
        outputs=factors,
        condition=known.shape[1],
        width=settings.width,
        depth=settings.depth,
    )

    def distance(chosen: Tensor) -> Tensor:
        chosen = chosen.cpu()
        point, state, truth = (
            x.to(student.device) for x in (noise[chosen], known[rows[chosen]], moved[chosen])
        )
        return (student(point, student.context(state)) - truth).square().mean()

    train(
        student,
        lambda batch: distance(batch[0]),
        rows=settings.pairs,
        seeds=1,
        schedule=settings.schedule,
        generator=generator,
    )
    student = student.cpu().eval()
    with torch.no_grad(), single_threaded():
        error = distance(torch.arange(settings.pairs, len(rows))).sqrt().item()
    return student, error
