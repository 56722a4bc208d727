"""What a scenario set is asked to be."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from flows.refusal import RefusedError
from flows.settings import canonical_digest

GENERATORS = ("fhs", "gaussian", "copula", "flow", "diffusion", "vae")
MOST_PATHS = 10_000_000


def _distinct(names: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(names)) < len(names):
        raise ValueError(f"{', '.join(names)} names one of them twice. Name each once.")
    return names


class ScenarioRequest(BaseModel):
    """One request for a set, frozen.

    Attributes
    ----------
    data : Path or None
        Market directory; None is the bundled one.
    as_of : date or None
        Last date whose data may be used; None is the last date in prices.
    model : str
        One of `GENERATORS`.
    paths, horizon : int
        Joint draws, and sessions of each, at most 60.
    instruments : tuple of str or None
        None are all that have enough history.
    seed : int
        Of fit and draws.
    audit : bool
        Whether a learned generator is tested for memorisation on a twin that has not seen the last
        two years; without it the set is for research.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: Path | None = None
    as_of: date | None = None
    model: Literal["fhs", "gaussian", "copula", "flow", "diffusion", "vae"] = "fhs"
    paths: Annotated[int, Field(ge=1, le=MOST_PATHS)] = 50_000
    horizon: Annotated[int, Field(ge=1, le=60)] = 10
    instruments: (
        Annotated[tuple[str, ...], Field(min_length=1), AfterValidator(_distinct)] | None
    ) = None
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    audit: bool = True

    @property
    def digest(self) -> str:
        """SHA-256 of everything asked for but the place of the data, which its snapshot names."""
        return canonical_digest(self.model_dump(mode="json", exclude={"data"}))


def scenario_request(**given: object) -> ScenarioRequest:
    """A request of every option that is not None.

    Raises
    ------
    RefusedError
        If an option is unknown or out of range.
    """
    try:
        return ScenarioRequest.model_validate(
            {name: value for name, value in given.items() if value is not None}
        )
    except ValidationError as error:
        told = [
            f"{'.'.join(str(part) for part in one['loc'][:1]) or 'request'}: "
            f"{one['msg'].removeprefix('Value error, ')}, got {one['input']!r:.40}."
            for one in error.errors()
        ]
        raise RefusedError("\n".join(told)) from error
