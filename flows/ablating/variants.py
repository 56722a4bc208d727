"""The rows of an ablation: the default, its heads, and the default with one thing changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from features.panel import Panel
from flows.refusal import RefusedError
from flows.settings import CLAIM, LEARNED

if TYPE_CHECKING:
    from models.tail.learned import HeadSettings
    from models.tail.walk_forward import LearnedSettings

ALONE, REMOVED, JOINED = "models", "modalities", "combinations"
"""Groups of rows."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What an ablation is to cover; less of it is cheaper.

    Attributes
    ----------
    models : tuple of str
        Learned models. Modalities are taken from the last of them.
    seeds : int
        Trainings of every row, each from another start.
    every : int
        Years that each head serves.
    without : tuple of str or None
        Modalities to take away; None are all that the model reads and the market has.
    foundation : Path or None
        Directory of a Chronos-Bolt model that forecasts zero-shot, as a row of its own.
    """

    models: tuple[str, ...] = LEARNED
    seeds: int = 3
    every: int = 1
    without: tuple[str, ...] | None = None
    foundation: Path | None = None

    def __post_init__(self) -> None:
        if unknown := [name for name in self.models if name not in LEARNED]:
            raise RefusedError(
                f"models: {', '.join(unknown)} is not learned, and there is nothing to take from "
                f"it. Choose from {', '.join(LEARNED)}."
            )
        if not self.models or self.seeds < 1 or self.every < 1:
            raise RefusedError(
                f"seeds and every must be at least 1 and models name one, got {self.seeds}, "
                f"{self.every} and {len(self.models)} models. Leave them out for the defaults."
            )

    @property
    def claim(self) -> str:
        """Model from which things are taken: the default where it is asked for."""
        return next(name for name in reversed(LEARNED) if name in self.models)


@dataclass(frozen=True, slots=True)
class Variant:
    """One row of the table.

    Attributes
    ----------
    name : str
    group : str
        One of `ALONE`, `REMOVED`, `JOINED`.
    model : str
        Whose forecasts of a run by ``settings`` the row judges.
    settings : LearnedSettings
        Rows with equal settings come from one run.
    """

    name: str
    group: str
    model: str
    settings: LearnedSettings


def variants_of(default: LearnedSettings, asked: Asked, panel: Panel) -> tuple[Variant, ...]:
    """The rows, those of one run beside each other.

    Parameters
    ----------
    default : LearnedSettings
    asked : Asked
    panel : Panel

    Raises
    ------
    RefusedError
        If a modality is to be taken away that the model does not read or the market lacks.
    """
    from models.tail.combine import Weights
    from models.tail.conformal import Calibration
    from models.tail.learned_shares import Learning
    from models.tail.regime_conformal import RegimeCalibration
    from models.tail.score_walk import ScoreWalk

    claim = asked.claim
    if claim != CLAIM:  # no head is trained that only the combination needs
        none = Weights(mlp=0.0, linear=0.0, transformer=0.0, fhs=1.0, evt=0.0)
        default = replace(default, weights=none)
    rows = [Variant(name, ALONE, name, default) for name in LEARNED if name in asked.models]
    if claim == CLAIM:
        third = 1.0 / 3.0
        mean = Weights(mlp=third, linear=third, transformer=third, fhs=0.0, evt=0.0)
        changed: dict[str, LearnedSettings] = {
            "mean of the heads": replace(default, weights=mean),
            "learned shares": replace(default, learning=Learning()),
            "walked down the score": replace(default, calibration=ScoreWalk()),
            "calibrated by class": replace(default, calibration=Calibration()),
        }
        if "regimes" in panel.modalities:
            changed["calibrated by class and regime"] = replace(
                default, calibration=RegimeCalibration()
            )
        rows += [Variant(name, JOINED, CLAIM, one) for name, one in changed.items()]
    kinds = (claim,) if claim != CLAIM else tuple(default.weights.heads)
    held = readable(default, kinds, panel)
    for modality in held if asked.without is None else asked.without:
        if modality not in held:
            raise RefusedError(
                f"without: {claim} does not read {modality}, or the market has none of it. It "
                f"reads {', '.join(held)}."
            )
        rows.append(Variant(f"without {modality}", REMOVED, claim, lacking(default, modality)))
    return tuple(rows)


def readable(settings: LearnedSettings, kinds: Sequence[str], panel: Panel) -> tuple[str, ...]:
    """Modalities that some of the heads read and the market has anything of."""
    read = [
        name
        for name in panel.modalities
        if any(name not in _head(settings, kind).without for kind in kinds)
    ]
    known = known_columns(panel)
    return tuple(name for name in read if known & set(panel.modalities[name]))


def known_columns(panel: Panel) -> set[str]:
    """Columns of the panel that are known at some origin of some series."""
    known: set[str] = set()
    for features in panel.values.values():
        for names, values in ((panel.own, features.own), (panel.shared, features.shared)):
            found = np.isfinite(values).sum(axis=0).tolist()
            known |= {name for name, times in zip(names, found, strict=True) if times}
    return known


def lacking(settings: LearnedSettings, modality: str) -> LearnedSettings:
    """The same settings with no head reading a modality."""

    def less(head: HeadSettings) -> HeadSettings:
        return head if modality in head.without else head.lacking(modality)

    return replace(
        settings,
        linear=less(settings.linear),
        mlp=less(settings.mlp),
        transformer=less(settings.transformer),
    )


def seeded(settings: LearnedSettings, seed: int) -> LearnedSettings:
    """The same settings with training begun from another seed."""
    return replace(
        settings,
        linear=replace(settings.linear, seed=seed),
        mlp=replace(settings.mlp, seed=seed),
        transformer=replace(settings.transformer, seed=seed),
    )


def _head(settings: LearnedSettings, kind: str) -> HeadSettings:
    return {"linear": settings.linear, "mlp": settings.mlp, "transformer": settings.transformer}[
        kind
    ]
