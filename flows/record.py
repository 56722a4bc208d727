"""What is said of a model when it is registered, and what comes back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flows.provenance import Provenance


@dataclass(frozen=True, slots=True)
class Record:
    """All that is known of a version once its model is trained and examined.

    Attributes
    ----------
    model : str
        Name in the forecast table; a tag of the version.
    as_of : str
        ISO date.
    data, snapshot : str
        Where the market directory is, and the SHA-256 of its tables.
    tables : mapping of file name to (sha256, rows)
        Identity of each raw table.
    settings : mapping
        The request, as plain values, and its digest beside it.
    provenance : Provenance
    weights : Path or None
        Directory of the model's files, which `models.tail.served` reads back; None where nothing
        was trained: then a run is logged and no version made.
    inputs, outputs : sequence of str
        Columns of the served model, all numbers.
    parameters : mapping of name to value
        What was chosen in training, seeds included.
    metrics : mapping of name to number
        Those that are not finite are left out.
    tags : mapping of name to text
        Further tags of the run and the version.
    """

    model: str
    as_of: str
    data: str
    snapshot: str
    settings: Mapping[str, Any]
    settings_digest: str
    provenance: Provenance
    weights: Path | None = None
    inputs: Sequence[str] = ()
    outputs: Sequence[str] = ()
    tables: Mapping[str, tuple[str, int]] = field(default_factory=dict[str, tuple[str, int]])
    parameters: Mapping[str, Any] = field(default_factory=dict[str, Any])
    metrics: Mapping[str, float] = field(default_factory=dict[str, float])
    tags: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Version:
    """A run, and the version registered from it; ``number`` is None where there is none.

    ``weights_sha256`` is over the names and digests of the model's files.
    """

    name: str
    number: int | None
    run_id: str
    weights_sha256: str | None = None

    def __str__(self) -> str:
        return f"{self.name} v{self.number}" if self.number else "no version"


@dataclass(frozen=True, slots=True)
class Registered:
    """A version as MLflow has it now; ``status`` is ``incomplete``, ``complete`` or ``retired``."""

    number: int
    run_id: str
    status: str
    weights_sha256: str


@dataclass(frozen=True, slots=True)
class Fit:
    """A fitted generator with the scenario set that was made of it.

    Attributes
    ----------
    name : str
        Registered name, and the experiment of its runs.
    run : str
        Name of this run, for people.
    files : Path
        Directory of the generator's files; the same files are the same version.
    manifest, verdict : str
        Beginning of the set's manifest hash, and what its certificate says.
    papers : sequence of Path
        Files that the run keeps.
    parameters : mapping of name to value
    metrics : mapping of name to number
        Those that are not finite are left out.
    tags : mapping of name to text
    """

    name: str
    run: str
    files: Path
    manifest: str
    verdict: str
    papers: Sequence[Path] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict[str, Any])
    metrics: Mapping[str, float] = field(default_factory=dict[str, float])
    tags: Mapping[str, str] = field(default_factory=dict[str, str])
