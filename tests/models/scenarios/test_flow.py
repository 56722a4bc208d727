"""Along the quarter turn a Gaussian stands still, and few steps go where many would."""

import numpy as np
import pytest
import torch

from models.scenarios.distil import Distil
from models.scenarios.flow import FlowLaw, FlowSettings, carried, carried_back, fit_flow
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


def test_what_is_carried_back_comes_forward_again(law: FlowLaw) -> None:
    noise, known = fresh(2_000)
    with torch.no_grad():
        there = carried(law.net, noise, known, steps=64)
        again = carried_back(law.net, there, known)
    assert (again - noise).abs().max() < 0.02


def shortfall(factors: np.ndarray) -> float:
    """Mean of the worst hundredth of an equal-weight book."""
    book = np.sort(factors.mean(axis=1))
    return -float(book[: len(book) // 100].mean())


def drawn(law: FlowLaw, condition: np.ndarray) -> np.ndarray:
    state = torch.as_tensor(np.tile(condition, (50, 1)), dtype=torch.float32)
    return law.draw(state, generator=torch.Generator().manual_seed(4)).numpy()


@pytest.mark.slow
def test_a_cluster_of_crashes_is_no_tail() -> None:
    def market(rows: int, seed: int) -> np.ndarray:
        rng = np.random.default_rng(seed)
        together = rng.normal(size=(rows, 1)) - 1.8
        crash = rng.random((rows, 1)) < 0.1
        return np.where(crash, together, 0.2) + 0.7 * rng.normal(size=(rows, 4))

    condition = np.random.default_rng(5).normal(size=(4_000, 2))
    law = fit_flow(market(4_000, 6), condition, seed=0)
    assert law.tails is not None
    assert law.tails.nu > 50.0
    assert shortfall(drawn(law, condition)) == pytest.approx(
        shortfall(market(400_000, 7)), rel=0.08
    )


@pytest.mark.slow
def test_joint_tails_are_in_the_noise() -> None:
    def market(rows: int, seed: int) -> np.ndarray:
        rng = np.random.default_rng(seed)
        return rng.normal(size=(rows, 8)) * np.sqrt(4.0 / rng.chisquare(6.0, (rows, 1)))

    condition = np.random.default_rng(5).normal(size=(4_000, 2))
    law = fit_flow(market(4_000, 8), condition, seed=0)
    assert law.tails is not None
    assert law.tails.nu < 15.0
    assert shortfall(drawn(law, condition)) == pytest.approx(
        shortfall(market(400_000, 9)), rel=0.08
    )
