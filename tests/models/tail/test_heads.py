"""Several seeds side by side are several nets, each as if it were alone."""

import pytest
import torch
from torch import nn

from models.tail.heads import HeadKind, Heads, SeededLinear
from models.tail.transport import OUTPUTS


@pytest.mark.parametrize("kind", ["linear", "mlp"])
def test_an_untrained_head_says_nothing(kind: HeadKind) -> None:
    torch.manual_seed(1)
    net = Heads(own=3, shared=2, kind=kind, seeds=4).eval()
    raw = net(torch.randn(4, 7, 3), torch.randn(4, 7, 2))
    assert raw.shape == (4, 7, OUTPUTS)
    assert (raw == 0.0).all()


def test_a_seeded_layer_is_one_linear_layer_per_seed() -> None:
    torch.manual_seed(2)
    layer = SeededLinear(3, 5, 2)
    x = torch.randn(3, 11, 5)
    for seed in range(3):
        alone = nn.Linear(5, 2)
        with torch.no_grad():
            alone.weight.copy_(layer.weight[seed].T)
            alone.bias.copy_(layer.bias[seed, 0])
        torch.testing.assert_close(layer(x)[seed], alone(x[seed]))


def test_seeds_start_apart() -> None:
    torch.manual_seed(3)
    layer = SeededLinear(2, 5, 2)
    assert not torch.equal(layer.weight[0], layer.weight[1])
