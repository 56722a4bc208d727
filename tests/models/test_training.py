"""A training that is killed comes to the same bits; a pass may take a part of the rows."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from models.training import Schedule, Shuffles, precision, train

SCHEDULE = Schedule(epochs=3, batch=16, rate=1e-2)
X = torch.randn(50, 2, generator=torch.Generator().manual_seed(1))


class KilledError(Exception):
    """The process ended here."""


def trained(
    unfinished: Path | None, *, dies_after: int | None = None, told: list[int] | None = None
) -> dict[str, Tensor]:
    """A small net with dropout, trained whole or until it is killed."""
    torch.manual_seed(5)
    net = nn.Sequential(nn.Linear(2, 4), nn.Dropout(0.5), nn.Linear(4, 1))
    steps = 0

    def loss(batch: Tensor) -> Tensor:
        nonlocal steps
        steps += 1
        if dies_after is not None and steps > dies_after:
            raise KilledError
        return (net(X[batch[0]]) - 1.0).square().mean()

    generator = torch.Generator().manual_seed(6)
    try:
        train(
            net,
            loss,
            rows=50,
            seeds=1,
            schedule=SCHEDULE,
            generator=generator,
            unfinished=unfinished,
            on_pass=None if told is None else told.append,
        )
    except KilledError:
        return {}
    return net.state_dict()


@pytest.mark.parametrize("dies_after", [2, 4, 5, 9, 11])
def test_a_killed_training_goes_on_to_the_same_bits(tmp_path: Path, dies_after: int):
    """Four steps a pass: killed in the first it begins anew, later at the last whole pass."""
    whole = trained(None)
    path = tmp_path / "unfinished" / "head"
    assert trained(path, dies_after=dies_after) == {}
    assert path.is_file() == (dies_after >= 4)
    resumed = trained(path)
    for name, value in whole.items():
        torch.testing.assert_close(resumed[name], value, rtol=0, atol=0)
    assert list(path.parent.iterdir()) == []


def test_each_pass_is_told_before_it_begins_and_goes_on_counting_after_a_kill(tmp_path: Path):
    told: list[int] = []
    trained(None, told=told)
    assert told == [0, 1, 2]
    trained(tmp_path / "head", dies_after=6)
    told.clear()
    trained(tmp_path / "head", told=told)
    assert told == [1, 2]


def test_saving_where_it_stands_changes_nothing(tmp_path: Path):
    whole, watched = trained(None), trained(tmp_path / "head")
    for name, value in whole.items():
        torch.testing.assert_close(watched[name], value, rtol=0, atol=0)


def test_a_pass_takes_its_share_of_the_rows_and_each_seed_its_own():
    schedule = Schedule(batch=4, share=0.5)
    generator = torch.Generator().manual_seed(1)
    batches = list(Shuffles(20, schedule=schedule, seeds=2, generator=generator))
    drawn = torch.cat(batches, dim=1)
    assert drawn.shape == (2, 10)
    for one in drawn:
        assert len(set(one.tolist())) == 10
    assert drawn[0].tolist() != drawn[1].tolist()


@pytest.mark.skipif(torch.cuda.is_available(), reason="a GPU computes in bf16")
def test_a_cpu_computes_in_single_precision():
    assert precision() == "32-true"
