"""The one training loop: batches of row numbers, AdamW, a fixed number of passes.

The device decides how: bf16 and compiled on a GPU, plain single precision on a CPU, same code. A
training that is killed goes on from its last whole pass and comes to the same bits.
"""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import lightning
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, IterableDataset


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long and how fast to train.

    The number of passes is fixed beforehand rather than found by early stopping: the last fifth of
    a training period is one regime, and stopping on it picks the head that suits that regime.

    Attributes
    ----------
    epochs : int
        Passes.
    batch : int
        Rows of a step.
    rate, weight_decay, clip : float
        AdamW's first rate, which falls to zero along a cosine; its decay; the largest norm of a
        gradient.
    share : float
        Part of the rows, drawn anew, that a pass takes.
    """

    epochs: int = 8
    batch: int = 4096
    rate: float = 1e-3
    weight_decay: float = 1e-3
    clip: float = 1.0
    share: float = 1.0

    def taken(self, rows: int) -> int:
        """Rows of one pass."""
        return max(1, round(self.share * rows))


class Shuffles(IterableDataset[Tensor]):
    """Batches of row numbers, one independent shuffle per seed: tensors of shape (seed, batch)."""

    def __init__(
        self, rows: int, *, schedule: Schedule, seeds: int, generator: torch.Generator
    ) -> None:
        super().__init__()
        self.rows, self.schedule, self.seeds, self.generator = rows, schedule, seeds, generator

    def __iter__(self) -> Iterator[Tensor]:
        taken = self.schedule.taken(self.rows)
        orders = torch.stack(
            [torch.randperm(self.rows, generator=self.generator)[:taken] for _ in range(self.seeds)]
        )
        return iter(orders.split(self.schedule.batch, dim=1))


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


def precision() -> Literal["bf16-mixed", "32-true"]:
    """What products are computed in: bf16 on a GPU, single precision on a CPU."""
    return "bf16-mixed" if torch.cuda.is_available() else "32-true"


class _Task(lightning.LightningModule):
    def __init__(
        self, net: nn.Module, loss: Callable[[Tensor], Tensor], schedule: Schedule, steps: int
    ) -> None:
        super().__init__()
        self.net, self.loss = net, loss
        self.done = 0
        self.on_pass: Callable[[int], None] | None = None
        self.optimiser = torch.optim.AdamW(
            net.parameters(), lr=schedule.rate, weight_decay=schedule.weight_decay
        )
        self.decay = torch.optim.lr_scheduler.CosineAnnealingLR(self.optimiser, steps)

    def on_train_epoch_start(self) -> None:
        """Tell who wants to know which pass begins."""
        if self.on_pass is not None:
            self.on_pass(self.done)

    def on_train_epoch_end(self) -> None:
        """Count it."""
        self.done += 1

    def training_step(self, batch: Tensor, batch_idx: int) -> Tensor:
        del batch_idx
        return self.loss(batch)

    def configure_optimizers(self) -> dict[str, object]:  # pyright: ignore[reportIncompatibleMethodOverride]
        scheduler = {"scheduler": self.decay, "interval": "step"}
        return {"optimizer": self.optimiser, "lr_scheduler": scheduler}


class _Saved(lightning.Callback):
    """Where a training stands after each pass: tensors, and JSON in the same file's header."""

    def __init__(self, path: Path, task: _Task, shuffles: torch.Generator) -> None:
        self.path, self.task, self.shuffles = path, task, shuffles

    def on_train_epoch_end(self, trainer: lightning.Trainer, pl_module: object) -> None:
        """Replace the file as a whole: a kill leaves the pass before."""
        from safetensors.torch import save_file

        del trainer, pl_module
        tensors = {f"net.{name}": value for name, value in self.task.net.state_dict().items()}
        told = self.task.optimiser.state_dict()
        for at, moments in told["state"].items():
            tensors |= {f"moment.{at}.{name}": value for name, value in moments.items()}
        for name, state in self._generators().items():
            tensors[f"random.{name}"] = state
        words = {
            "done": self.task.done + 1,  # a callback's turn comes before the task's own
            "groups": told["param_groups"],
            "decay": self.task.decay.state_dict(),
        }
        beside = self.path.with_suffix(".new")
        save_file(
            {name: value.contiguous().cpu() for name, value in tensors.items()},
            beside,
            metadata={"state": json.dumps(words)},
        )
        beside.replace(self.path)

    def take_up(self) -> None:
        """Set everything to where the file left it, if there is one."""
        from safetensors import safe_open

        if not self.path.is_file():
            return
        with safe_open(self.path, framework="pt") as file:
            words = json.loads(file.metadata()["state"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        self.task.done = words["done"]
        self.task.net.load_state_dict(_under("net.", tensors))
        state: dict[int, dict[str, Tensor]] = {}
        for name, value in _under("moment.", tensors).items():
            at, moment = name.split(".")
            state.setdefault(int(at), {})[moment] = value
        self.task.optimiser.load_state_dict({"state": state, "param_groups": words["groups"]})
        self.task.decay.load_state_dict(words["decay"])
        self.shuffles.set_state(tensors["random.shuffles"])
        torch.set_rng_state(tensors["random.torch"])
        if "random.cuda" in tensors and torch.cuda.is_available():
            torch.cuda.set_rng_state(tensors["random.cuda"])

    def _generators(self) -> dict[str, Tensor]:
        states = {"shuffles": self.shuffles.get_state(), "torch": torch.get_rng_state()}
        if torch.cuda.is_available():
            states["cuda"] = torch.cuda.get_rng_state()
        return states


def _under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {
        name.removeprefix(prefix): value
        for name, value in tensors.items()
        if name.startswith(prefix)
    }


def train(
    net: nn.Module,
    loss: Callable[[Tensor], Tensor],
    *,
    rows: int,
    seeds: int,
    schedule: Schedule,
    generator: torch.Generator,
    unfinished: Path | None = None,
    on_pass: Callable[[int], None] | None = None,
) -> None:
    """Fit ``net`` in place.

    Parameters
    ----------
    net : Module
        What the loss evaluates; its parameters are optimised.
    loss : callable
        Maps row numbers of shape (seed, batch) to a scalar: the sum over seeds of the mean loss,
        so that every seed is trained as if it were alone. It reads its rows on the batch's device.
    rows : int
        Rows of the training set.
    seeds : int
        Members of the ensemble.
    generator : torch.Generator
        Source of the shuffles. Dropout draws from torch's global state; seed that as well.
    unfinished : Path, optional
        File that says after each pass where the training stands. What a killed training left
        there is taken up; it is removed when the training is done. Its name must stand for the
        rows, the settings and the code, since nothing of them is in it.
    on_pass : callable, optional
        Called with the number of each pass, from 0, before it begins.
    """
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    batches = Shuffles(rows, schedule=schedule, seeds=seeds, generator=generator)
    steps = schedule.epochs * -(-schedule.taken(rows) // schedule.batch)
    task = _Task(net, loss, schedule, steps)
    task.on_pass = on_pass
    saved = None if unfinished is None else _Saved(unfinished, task, generator)
    if saved is not None:
        saved.path.parent.mkdir(parents=True, exist_ok=True)
        saved.take_up()
    if left := schedule.epochs - task.done:
        if torch.cuda.is_available():
            net.compile()
        trainer = lightning.Trainer(
            max_epochs=left,
            accelerator="auto",
            devices=1,
            precision=precision(),
            logger=False,
            callbacks=[saved] if saved is not None else None,
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
            trainer.fit(task, DataLoader(batches, batch_size=None, num_workers=0))
        net.cpu()
    if saved is not None:
        saved.path.unlink(missing_ok=True)
