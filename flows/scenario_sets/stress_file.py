"""The stress file: a few lines of YAML that say what is to happen, in the words of a desk."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from features.crosssection import BLOCKS
from flows.refusal import RefusedError
from models.base import Asset
from validation.crises import CATALOGUE

LARGEST_FILE = 100_000
"""Bytes of a stress file; it names a few shocks."""
MOST = 20.0
"""Standard deviations of a session that a block may have been through."""
_SHOCK = re.compile(
    r"(?P<sign>[+-])(?P<size>\d+(?:\.\d+)?)(?P<unit>bp|%)|to (?P<level>-?\d+(?:\.\d+)?)"
)


class CorrelationStress(BaseModel):
    """How assets are to move together; one of the three.

    Attributes
    ----------
    raise_to : float, optional
        Mean correlation, in (0, 1).
    invert : tuple of str, optional
        Instruments, or blocks of them such as ``government``, whose correlation with all others
        changes its sign.
    broken : bool
        Whether nothing is to move with anything.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    raise_to: Annotated[float, Field(gt=0.0, lt=1.0)] | None = None
    invert: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    broken: bool = False

    @model_validator(mode="after")
    def _one(self) -> CorrelationStress:
        if sum((self.raise_to is not None, self.invert is not None, self.broken)) != 1:
            raise ValueError("give exactly one of raise_to, invert and broken")
        return self


class Stress(BaseModel):
    """What a stress file says.

    Attributes
    ----------
    name : str
        For people; no part of any path.
    replay : str, optional
        Name of a crisis of the catalogue, whose sessions take the place of what is drawn. It
        stands alone.
    severity : float
        Multiplies every move of the replay: above one it is a crisis beyond history.
    state : mapping of block to float
        What a block had just been through when the paths start: a session of so many standard
        deviations, -4 being down.
    shocks : mapping of instrument to str
        Where each asset ends: ``+150bp``, ``-40%``, or a level as ``to 60``.
    correlation : CorrelationStress, optional
        Applied before the shocks.
    meaning : {"conditional", "weights"}
        Whether paths are moved onto the shocks, or those near them are weighted up so that the
        shocks hold on average.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=80)]
    replay: str | None = None
    severity: Annotated[float, Field(gt=0.0, le=5.0)] = 1.0
    state: dict[str, Annotated[float, Field(ge=-MOST, le=MOST)]] = Field(default_factory=dict)
    shocks: dict[str, str] = Field(default_factory=dict)
    correlation: CorrelationStress | None = None
    meaning: Literal["conditional", "weights"] = "conditional"

    @field_validator("shocks", mode="before")
    @classmethod
    def _in_words(cls, shocks: object) -> object:
        # YAML reads +150 as a number, which has lost its unit.
        for name, shock in shocks.items() if isinstance(shocks, dict) else ():
            if not isinstance(shock, str):
                raise ValueError(_no_shock(str(name), shock))
        return shocks

    @field_validator("replay")
    @classmethod
    def _in_the_catalogue(cls, replay: str | None) -> str | None:
        known = [crisis.name for crisis in CATALOGUE]
        if replay is not None and replay not in known:
            raise ValueError(f"{replay!r} is not in the catalogue. It has {', '.join(known)}.")
        return replay

    @field_validator("state")
    @classmethod
    def _of_blocks(cls, state: dict[str, float]) -> dict[str, float]:
        if unknown := sorted(set(state) - set(BLOCKS)):
            raise ValueError(f"{', '.join(unknown)}: no such block. They are {', '.join(BLOCKS)}.")
        return state

    @model_validator(mode="after")
    def _something(self) -> Stress:
        drawn = bool(self.shocks or self.state or self.correlation is not None)
        if not drawn and self.replay is None:
            raise ValueError("give a replay, or a state, a correlation or shocks, or several")
        if drawn and self.replay is not None:
            raise ValueError("a replay is what happened and stands alone. Leave the others out")
        if self.replay is None and self.severity != 1.0:
            raise ValueError("severity multiplies a replay. Name one, or leave it out")
        return self

    @property
    def moves_paths(self) -> bool:
        """Whether paths are changed after they were drawn, or never were drawn."""
        shifted = bool(self.shocks) and self.meaning == "conditional"
        return shifted or self.correlation is not None or self.replay is not None


def read_stress(path: Path) -> Stress:
    """Read a stress file.

    Raises
    ------
    RefusedError
        If it is no YAML of this form; says which key and why.
    """
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise RefusedError(f"{path}: more than {LARGEST_FILE} bytes. Name a few shocks.")
        told = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise RefusedError(f"{path}: not a readable YAML file ({error}).") from error
    if not isinstance(told, dict):
        raise RefusedError(f"{path}: must hold `key: value` lines, got {told!r:.80}.")
    try:
        return Stress.model_validate(told)
    except ValidationError as error:
        lines = [
            f"{path}: {'.'.join(str(part) for part in one['loc']) or 'stress'}: "
            f"{one['msg'].removeprefix('Value error, ')}"
            for one in error.errors()
        ]
        raise RefusedError("\n".join(lines)) from error


def total_moves(stress: Stress, assets: tuple[Asset, ...]) -> dict[str, float]:
    """Total move of each shocked asset, in its own move.

    Raises
    ------
    RefusedError
        If an asset is unknown, or a shock does not fit what the asset is.
    """
    known = {asset.instrument: asset for asset in assets}
    if unknown := [name for name in stress.shocks if name not in known]:
        raise RefusedError(
            f"shocks: {', '.join(unknown)} is not among the scenarios' assets "
            f"({', '.join(known)}). Name one of them, or add it with --instruments."
        )
    return {name: _move(known[name], text) for name, text in stress.shocks.items()}


def _move(asset: Asset, text: str) -> float:
    """Total move that a shock's text means for an asset."""
    found = _SHOCK.fullmatch(text.strip())
    if found is None:
        raise RefusedError(f"shocks: {_no_shock(asset.instrument, text)}")
    percent = asset.kind in ("rate", "spread")
    if found["level"] is not None:
        return _to_level(asset, float(found["level"]))
    size = float(found["size"]) * (-1.0 if found["sign"] == "-" else 1.0)
    if (found["unit"] == "bp") != percent:
        remedy = "basis points: +150bp" if percent else "percent of its level: -40%"
        raise RefusedError(
            f"shocks: {asset.instrument} is a {asset.kind} and moves in {remedy}, got {text!r}."
        )
    if percent:
        return size / 100.0  # of the percent that rates and spreads are quoted in
    return _to_level(asset, asset.last_close * (1.0 + size / 100.0))


def _no_shock(name: str, shock: object) -> str:
    return (
        f"{name}: {shock!r} is no shock. Write +150bp, -40% or `to 60`; a plain number could mean "
        f"any of them."
    )


def _to_level(asset: Asset, level: float) -> float:
    if asset.move == "diff":
        return level - asset.last_close
    if level <= 0.0:
        raise RefusedError(
            f"shocks: {asset.instrument} moves in logs and cannot end at {level:g}. Give a level "
            f"above zero."
        )
    return float(np.log(level / asset.last_close))
