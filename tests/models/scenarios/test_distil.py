"""A student of one step repeats a known teacher, and says by how much it misses."""

import pytest
import torch
from torch import Tensor

from models.scenarios.distil import Distil, distil
from models.training import Schedule

FEW = Distil(
    width=16, pairs=8_192, schedule=Schedule(epochs=12, batch=512, rate=1e-2, weight_decay=0.0)
)


def teacher(noise: Tensor, known: Tensor) -> Tensor:
    """Stretches the first factor and shifts the second by the condition."""
    moved = noise.clone()
    moved[:, 0] *= 1.3
    moved[:, 1] += 0.5 * known[:, 0]
    return moved


def test_the_student_repeats_its_teacher_and_its_error_is_what_fresh_noise_shows() -> None:
    torch.manual_seed(1)
    generator = torch.Generator().manual_seed(2)
    known = torch.randn(500, 2, generator=generator)
    student, error = distil(teacher, known, factors=3, settings=FEW, generator=generator)
    noise = torch.randn(4_000, 3, generator=generator)
    state = known[torch.randint(500, (4_000,), generator=generator)]
    with torch.no_grad():
        miss = noise + student(noise, student.context(state)) - teacher(noise, state)
    assert error < 0.03
    assert miss.square().mean().sqrt().item() == pytest.approx(error, rel=0.15)
