"""The row of a foundation model that the user has brought: nothing is trained, nothing fetched."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from features.returns import History
from flows.outputs import file_digest
from flows.refusal import RefusedError
from flows.settings import MINIMUM_HISTORY
from flows.terminal import Step
from flows.units import UnitStore
from models.base import TailForecast


def zero_shot(
    step: Step,
    directory: Path,
    histories: Sequence[History],
    *,
    alphas: tuple[float, ...],
    units: UnitStore,
) -> Mapping[str, TailForecast]:
    """Forecasts of every series by the model in a directory; what was asked before is kept.

    Raises
    ------
    RefusedError
        If the directory holds no such model, or the extra is not installed.
    """
    try:
        from models.tail.foundation import CONTEXT, local_model, percentiles, zero_shot_forecast

        model = local_model(directory)
    except ImportError as error:
        raise RefusedError(
            "foundation: chronos-forecasting is not installed. Install the extra: "
            "uv pip install -e '.[foundation]'."
        ) from error
    except ValueError as error:
        raise RefusedError(f"foundation: {error}") from error
    files = [file_digest(directory / name) for name in ("config.json", "model.safetensors")]
    said: dict[str, TailForecast] = {}
    for done, history in enumerate(histories, start=1):
        sha = hashlib.sha256(" ".join([*files, str(CONTEXT)]).encode())
        sha.update(history.returns.tobytes())
        stored = units.get(sha.hexdigest())
        if stored is None:
            told = np.stack(percentiles(history.returns, model))
            units.put(sha.hexdigest(), told.tobytes())
        else:
            told = np.frombuffer(stored).reshape(2, -1)
        said[history.name] = zero_shot_forecast(
            history.returns, told[0], told[1], alphas=alphas, first=MINIMUM_HISTORY
        )
        step.advance(done, len(histories))
    step.summary = f"{len(said)} series"
    return said
