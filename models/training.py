"""The one training loop: batches of row numbers, AdamW, a fixed number of passes."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import lightning
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, IterableDataset


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long and how fast to train.

    The number of passes is fixed beforehand rather than found by early stopping: the last fifth of
    a training period is one regime, and stopping on it picks the head that suits that regime.
    """

    epochs: int = 8
    batch: int = 4096
    rate: float = 1e-3
    weight_decay: float = 1e-3
    clip: float = 1.0


class Shuffles(IterableDataset[Tensor]):
    """Batches of row numbers, one independent shuffle per seed: tensors of shape (seed, batch)."""

    def __init__(self, rows: int, *, batch: int, seeds: int, generator: torch.Generator) -> None:
        super().__init__()
        self.rows, self.batch, self.seeds, self.generator = rows, batch, seeds, generator

    def __iter__(self) -> Iterator[Tensor]:
        orders = torch.stack(
            [torch.randperm(self.rows, generator=self.generator) for _ in range(self.seeds)]
        )
        return iter(orders.split(self.batch, dim=1))


@contextmanager
def single_threaded() -> Generator[None]:
    """Run torch on one thread: its sums are then the same on a machine with more cores.

    Nothing is lost, since these nets are too small to be shared out.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


class _Task(lightning.LightningModule):
    def __init__(
        self, net: nn.Module, loss: Callable[[Tensor], Tensor], schedule: Schedule, steps: int
    ) -> None:
        super().__init__()
        self.net, self.loss, self.schedule, self.steps = net, loss, schedule, steps

    def training_step(self, batch: Tensor, batch_idx: int) -> Tensor:
        del batch_idx
        return self.loss(batch)

    def configure_optimizers(self) -> dict[str, object]:  # pyright: ignore[reportIncompatibleMethodOverride]
        optimiser = torch.optim.AdamW(
            self.net.parameters(), lr=self.schedule.rate, weight_decay=self.schedule.weight_decay
        )
        decay = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, self.steps)
        return {"optimizer": optimiser, "lr_scheduler": {"scheduler": decay, "interval": "step"}}


def train(
    net: nn.Module,
    loss: Callable[[Tensor], Tensor],
    *,
    rows: int,
    seeds: int,
    schedule: Schedule,
    generator: torch.Generator,
) -> None:
    """Fit ``net`` in place.

    Parameters
    ----------
    net : Module
        What the loss evaluates; its parameters are optimised.
    loss : callable
        Maps row numbers of shape (seed, batch) to a scalar: the sum over seeds of the mean loss,
        so that every seed is trained as if it were alone.
    rows : int
        Rows of the training set.
    seeds : int
        Members of the ensemble.
    generator : torch.Generator
        Source of the shuffles. Dropout draws from torch's global state; seed that as well.
    """
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    batches = Shuffles(rows, batch=schedule.batch, seeds=seeds, generator=generator)
    steps = schedule.epochs * -(-rows // schedule.batch)
    trainer = lightning.Trainer(
        max_epochs=schedule.epochs,
        accelerator="auto",
        devices=1,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        gradient_clip_val=schedule.clip * seeds**0.5,  # the seeds share one norm
    )
    with single_threaded(), warnings.catch_warnings():
        # The batches are row numbers already in memory; worker processes would only copy them.
        warnings.filterwarnings("ignore", message=".*does not have many workers.*")
        # Lightning's own use of a name that torch has since deprecated.
        warnings.filterwarnings("ignore", message=".*LeafSpec.*", category=FutureWarning)
        trainer.fit(
            _Task(net, loss, schedule, steps),
            DataLoader(batches, batch_size=None, num_workers=0),
        )
