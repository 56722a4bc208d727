"""Several seeds side by side are several nets, each as if it were alone."""

import pytest
import torch
from torch import nn

from models.tail.heads import ByteDropout, HeadKind, Heads, SeededLinear
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


@pytest.mark.parametrize("rate", [0.1, 0.3])
def test_dropout_drops_its_share_and_keeps_the_mean(rate: float) -> None:
    torch.manual_seed(4)
    dropout = ByteDropout(rate)
    dropped = dropout(torch.ones(3, 1001, 33))
    assert float((dropped == 0).float().mean()) == pytest.approx(rate, abs=0.01)
    assert float(dropped.mean()) == pytest.approx(1.0, abs=0.01)


def test_units_are_dropped_independently_of_their_neighbours() -> None:
    torch.manual_seed(5)
    kept = (ByteDropout(0.3)(torch.ones(100_000, 8)) > 0).double()
    correlation = torch.corrcoef(kept.T) - torch.eye(8, dtype=torch.float64)
    assert float(correlation.abs().max()) < 0.015


def test_nothing_is_dropped_when_forecasting() -> None:
    x = torch.randn(2, 5, 3)
    assert ByteDropout(0.3).eval()(x) is x
