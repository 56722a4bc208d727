"""The net starts at zero, sees its condition blurred only while it learns, and keeps as bytes."""

import torch

from models.scenarios.nets import ResidualNet, from_payload, to_payload


def net(*, haze: float = 0.0, seed: int = 0) -> ResidualNet:
    torch.manual_seed(seed)
    return ResidualNet(inputs=3, condition=2, outputs=4, width=8, depth=2, haze=haze)


def trained(untrained: ResidualNet) -> ResidualNet:
    torch.nn.init.normal_(untrained.last.weight)
    return untrained


def test_untrained_it_says_nothing_whatever_it_is_shown() -> None:
    one = net()
    answer = one(torch.randn(5, 3), one.context(torch.randn(5, 2)), torch.rand(5, 1))
    assert (answer == 0.0).all()


def test_the_haze_lifts_once_training_is_over() -> None:
    one, known = net(haze=1.0), torch.randn(5, 2)
    assert not torch.equal(one.train().context(known), one.context(known))
    assert torch.equal(one.eval().context(known), one.context(known))


def test_it_comes_back_from_bytes_with_its_settings() -> None:
    one = trained(net()).eval()
    tensors = {f"net.{name}": value for name, value in one.state_dict().items()}
    settings, stored = from_payload(to_payload({"width": 8}, tensors))
    back = ResidualNet.stored(stored, "net.")
    point, known, time = torch.randn(5, 3), torch.randn(5, 2), torch.rand(5, 1)
    assert settings == {"width": 8}
    assert torch.equal(back(point, back.context(known), time), one(point, one.context(known), time))
