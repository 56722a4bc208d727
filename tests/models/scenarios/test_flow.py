"""Along the quarter turn a Gaussian stands still, and few steps go where many would."""

import numpy as np
import pytest
import torch

from models.scenarios.distil import Distil
from models.scenarios.flow import FlowLaw, FlowSettings, carried, fit_flow
from models.scenarios.nets import ResidualNet
from models.training import Schedule

SETTINGS = FlowSettings(
    schedule=Schedule(epochs=10, batch=256, rate=5e-3),
    student=Distil(pairs=16_384, schedule=Schedule(epochs=8, batch=512, rate=5e-3)),
)


@pytest.fixture(scope="module")
def law() -> FlowLaw:
    """Fitted to factors that fall together, one session in ten."""
    rng = np.random.default_rng(1)
    crash = rng.random((3_000, 1)) < 0.1
    factors = np.where(crash, -1.5, 0.2) + rng.normal(size=(3_000, 3))
    return fit_flow(factors, rng.normal(size=(3_000, 2)), settings=SETTINGS, seed=2)


def fresh(rows: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(3)
    return torch.randn(rows, 3, generator=generator), torch.randn(rows, 2, generator=generator)


@pytest.mark.parametrize("steps", [1, 2, 7])
def test_an_untrained_flow_leaves_the_noise_where_it_is(steps: int) -> None:
    net = ResidualNet(inputs=3, condition=2, outputs=3, width=8, depth=1)
    noise, known = fresh(100)
    assert torch.equal(carried(net, noise, known, steps=steps), noise)


def test_two_steps_go_where_sixty_four_would(law: FlowLaw) -> None:
    noise, known = fresh(4_000)
    with torch.no_grad():
        few, many = (carried(law.net, noise, known, steps=steps) for steps in (2, 64))
    moved = (many - noise).square().mean().sqrt()
    assert (few - many).square().mean().sqrt() < 0.15 * moved


def test_the_student_misses_its_teacher_by_what_the_law_states(law: FlowLaw) -> None:
    assert law.student is not None
    noise, known = fresh(4_000)
    with torch.no_grad():
        taught = carried(law.net, noise, known, steps=SETTINGS.steps)
        miss = noise + law.student(noise, law.student.context(known)) - taught
    assert miss.square().mean().sqrt().item() == pytest.approx(law.distillation_error, rel=0.3)
    assert law.distillation_error < 0.05
