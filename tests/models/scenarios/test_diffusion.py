"""Few steps must not cost variance: what the usual sampler loses is shown beside ours."""

import math

import pytest
import torch

from models.scenarios.diffusion import DiffusionLaw, DiffusionSettings, velocity
from models.scenarios.nets import ResidualNet
from models.scenarios.standard import Standard

ROWS = 100_000


def untrained(steps: int) -> DiffusionLaw:
    net = ResidualNet(inputs=3, condition=2, outputs=6, width=8, depth=1).eval()
    return DiffusionLaw(Standard.unit(3, 2), DiffusionSettings(steps=steps), net)


@pytest.mark.parametrize("steps", [1, 2, 4, 25])
def test_drawing_the_velocity_keeps_the_variance_that_its_mean_would_lose(steps: int) -> None:
    law, condition = untrained(steps), torch.zeros(ROWS, 2)
    drawn = law.draw(condition, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(torch.cov(drawn.T), torch.eye(3), atol=0.02, rtol=0.0)

    turn = 0.5 * math.pi / steps
    point = torch.randn(ROWS, 3, generator=torch.Generator().manual_seed(2))
    context = law.net.context(condition)
    with torch.no_grad():
        for left in range(steps, 0, -1):  # DDIM: rotate by the mean velocity
            mean, _ = velocity(law.net, point, context, torch.full((1, 1), left / steps))
            point = math.cos(turn) * point - math.sin(turn) * mean
    lost = math.cos(turn) ** (2 * steps)
    assert point.var().item() == pytest.approx(lost, abs=0.01)
    assert lost < 0.91
