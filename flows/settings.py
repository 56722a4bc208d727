"""What a run is asked to do, where its state lives, and the hash that identifies the request."""

from __future__ import annotations

import hashlib
import json
import os
import warnings
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from flows.page_access import credentials
from flows.refusal import RefusedError

BASELINES = (
    "hs_250",
    "hs_500",
    "ewma",
    "ewma_fhs",
    "garch_t",
    "garch_fhs",
    "gjr_t",
    "gjr_fhs",
    "gjr_evt",
    "parametric",
)
LONGER = ("gjr_fhs_sqrt",)
"""Baselines of several sessions only."""
LEARNED = ("linear", "mlp", "transformer", "combined")
MODELS = (*BASELINES, *LONGER, *LEARNED)
LEGACY, BAR, CLAIM = "hs_250", "gjr_fhs", "combined"

FIRST_START = date(2015, 1, 1)
"""Design choices are made on targets up to 2014, so nothing is claimed before."""
MINIMUM_HISTORY = 1000
"""Past sessions a series needs before its first forecast."""
SESSIONS_BETWEEN_REFITS = 63
LONGEST_HORIZON = 10


def checkout() -> Path:
    """Repository this package runs from, found from the package and not the working directory."""
    return Path(__file__).resolve().parents[1]


def state_root() -> Path:
    """Directory of everything that outlives a command: ``FORESHOCK_HOME``, else ``mlruns/``."""
    named = os.environ.get("FORESHOCK_HOME")
    return Path(named).expanduser().resolve() if named else checkout() / "mlruns"


def _level(alpha: float) -> float:
    if not 0.5 < alpha < 1.0:
        raise ValueError(
            f"alpha is the confidence level and must lie in (0.5, 1), got {alpha}. "
            f"For the 0.01 tail pass 0.99."
        )
    return alpha


def _sessions(horizon: int) -> int:
    if not 1 <= horizon <= LONGEST_HORIZON:
        raise ValueError(
            f"horizon is the number of sessions ahead, 1 to {LONGEST_HORIZON}, got {horizon}. "
            f"Pass 1 for the next session, or 10 for two weeks."
        )
    return horizon


def _distinct(values: tuple[Any, ...]) -> tuple[Any, ...]:
    if len(set(values)) < len(values):
        raise ValueError(f"{', '.join(map(str, values))} names one of them twice. Name each once.")
    return values


def _known(names: tuple[str, ...]) -> tuple[str, ...]:
    if unknown := [name for name in names if name not in MODELS]:
        raise ValueError(f"{', '.join(unknown)} is no model here. Choose from {', '.join(MODELS)}.")
    return names


Alphas = Annotated[
    tuple[Annotated[float, AfterValidator(_level)], ...],
    Field(min_length=1),
    AfterValidator(_distinct),
    AfterValidator(lambda alphas: tuple(sorted(alphas))),
]
Names = Annotated[tuple[str, ...], Field(min_length=1), AfterValidator(_distinct)]
Models = Annotated[Names, AfterValidator(_known)]


class Settings(BaseModel):
    """One request, frozen; what it leaves out is decided by the market it meets.

    Attributes
    ----------
    data : Path or None
        Market directory; None is the bundled one.
    as_of : date or None
        Last date whose data may be used; None is the last date in prices.
    start, end : date or None
        First and last origin; None are the later of 2015-01-01 and the first date with 1,000 past
        sessions, and the as-of.
    alphas : tuple of float
        Confidence levels in (0.5, 1), ascending.
    models, portfolios : tuple of str or None
        None are all that apply: every model, and every book and instrument with enough history.
    horizon : int
        Sessions ahead, 1 to 10.
    refit_years : int
        Years that each of the learned heads serves before the next is trained.
    seed : int
        Seed of training and of everything simulated.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: Path | None = None
    as_of: date | None = None
    start: date | None = None
    end: date | None = None
    alphas: Alphas = (0.95, 0.975, 0.99)
    models: Models | None = None
    portfolios: (
        Annotated[tuple[str, ...], Field(min_length=1), AfterValidator(_distinct)] | None
    ) = None
    horizon: Annotated[int, AfterValidator(_sessions)] = 1
    refit_years: Annotated[int, Field(ge=1, le=20)] = 1
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0

    @model_validator(mode="after")
    def _in_order(self) -> Settings:
        dates = [(name, getattr(self, name)) for name in ("start", "end", "as_of")]
        given = [(name, value) for name, value in dates if value is not None]
        for (first, early), (second, late) in pairwise(given):
            if early > late:
                raise ValueError(f"{first} {early} lies after {second} {late}. Swap or drop one.")
        longer = [name for name in self.models or () if name in LONGER]
        if longer and self.horizon == 1:
            raise ValueError(
                f"models: {longer[0]} scales a forecast of one session to several, and the horizon "
                f"is 1. Ask for {longer[0].removesuffix('_sqrt')}, or pass a longer --horizon."
            )
        return self

    @property
    def chosen_models(self) -> tuple[str, ...]:
        """The models asked for, in the order of the list of names; by default all that apply."""
        if self.models is not None:
            return tuple(name for name in MODELS if name in self.models)
        return tuple(name for name in MODELS if self.horizon > 1 or name not in LONGER)

    @property
    def digest(self) -> str:
        """SHA-256 of everything asked for but the place of the data, which its snapshot names."""
        return canonical_digest(self.model_dump(mode="json", exclude={"data"}))


def read_settings(path: Path | None = None, **given: object) -> Settings:
    """Settings from a YAML file, overridden by every keyword that is not None.

    Raises
    ------
    RefusedError
        If the file cannot be read, or a setting is unknown or breaks its rule.
    """
    asked: dict[str, object] = {}
    if path is not None:
        try:
            loaded = yaml.safe_load(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise RefusedError(f"{path}: not a readable YAML file ({error}).") from error
        if not isinstance(loaded, dict):
            raise RefusedError(f"{path}: must hold `setting: value` lines, got {loaded!r:.80}.")
        asked |= loaded
    asked |= {name: value for name, value in given.items() if value is not None}
    try:
        return Settings.model_validate(asked)
    except ValidationError as error:
        told = [
            f"{'.'.join(str(part) for part in problem['loc'][:1]) or 'settings'}: "
            f"{problem['msg'].removeprefix('Value error, ')}"
            for problem in error.errors()
        ]
        raise RefusedError("\n".join(told)) from error


def refuse_longer(settings: Settings, *, job: str) -> None:
    """Refuse a horizon beyond the next session for a job that registers what serves it.

    Raises
    ------
    RefusedError
        If the horizon is not 1.
    """
    if settings.horizon != 1:
        raise RefusedError(
            f"horizon: {job} makes a version that serves the next session, got "
            f"{settings.horizon}. Leave it out, or judge longer forecasts with "
            f"`foreshock backtest --horizon {settings.horizon}` and `foreshock score`."
        )


def canonical_digest(value: object) -> str:
    """SHA-256 of a JSON value, independent of key order."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def quiet_libraries(root: Path, *, verbose: bool = False) -> None:
    """Telemetry off and library state under the state root; call before importing the libraries.

    What the user has set in the environment stands, telemetry excepted.
    """
    # loky replaces a worker whose memory has grown; the work goes on with another.
    warnings.filterwarnings("ignore", message="A worker stopped while some jobs were given")
    os.environ.update(
        DO_NOT_TRACK="1",
        PREFECT_SERVER_ANALYTICS_ENABLED="false",
        GX_ANALYTICS_ENABLED="false",
        MLFLOW_DISABLE_TELEMETRY="true",
    )
    home = Path(os.environ.setdefault("PREFECT_HOME", str(root / "prefect")))
    home.mkdir(parents=True, exist_ok=True)  # its server waits for ever for one it cannot make
    level = "INFO" if verbose else "CRITICAL"  # errors reach the user once, from the command
    for name, value in {
        "PREFECT_LOGGING_LEVEL": level,
        "PREFECT_LOGGING_SERVER_LEVEL": level,
        "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "INFO" if verbose else "WARNING",
        "MLFLOW_LOGGING_LEVEL": "INFO" if verbose else "WARNING",
        "PREFECT_RESULTS_DEFAULT_SERIALIZER": "json",
        "PREFECT_RESULTS_PERSIST_BY_DEFAULT": "false",
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "180",  # first it migrates its database
        "MPLBACKEND": "Agg",
        "GIT_PYTHON_REFRESH": "quiet",
    }.items():
        os.environ.setdefault(name, value)
    if (known := credentials()) is not None:  # the server asks for it
        os.environ.setdefault("PREFECT_API_AUTH_STRING", known.text)
