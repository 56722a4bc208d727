"""MLflow: the record of every version. The only module that imports it.

A version is logged in three moves. `register` writes the run, the model and the version; `complete`
adds the files and closes the run; once the ledger has recorded the version, `point` moves the
alias. A killed run so never leaves an alias on a version without its evidence.
"""

from __future__ import annotations

import math
import os
import time
import warnings
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flows.held_models import weights_digest
from flows.outputs import file_digest, json_bytes, process_lives
from flows.provenance import Provenance
from flows.refusal import RefusedError

EXPERIMENT = "foreshock"
REGISTERED = "foreshock-tail"
CHALLENGER = "challenger"
CHAMPION = "champion"
LOADER = "models.tail.served"

_REQUIREMENTS = ["numpy", "pandas", "safetensors", "torch"]
_OWNER = "foreshock.process"
_DIGEST = 36  # what MLflow keeps of a data set's digest


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


def tracking_uri(root: Path) -> str:
    """Address of the tracking database; MLflow 3 refuses file stores."""
    return f"sqlite:///{root / 'mlflow.db'}"


@contextmanager
def register(root: Path, record: Record) -> Generator[Version, None, None]:
    """Log a run, its model and a new version; the block adds files through `complete`.

    An error in the block marks the run as failed; its version keeps the tag ``incomplete``.
    """
    client = _client(root)
    _bury_the_dead(client)
    import mlflow

    run = client.create_run(_experiment(client, root), run_name=f"{record.model}-{record.as_of}")
    run_id: str = run.info.run_id
    try:
        with mlflow.start_run(run_id=run_id):
            _log_run(client, run_id, record)
            number = _log_version(client, run_id, record) if record.weights else None
        client.update_run(run_id, status="RUNNING")  # leaving start_run has closed it
        weights = _weights_digest(record.weights) if record.weights else None
        yield Version(REGISTERED, number, run_id, weights)
    except BaseException:
        client.set_terminated(run_id, status="FAILED")
        raise


def complete(root: Path, version: Version, files: Path) -> None:
    """Add a directory of finished files, and close the run.

    The SHA-256 of every file goes with them as ``sha256.json``.
    """
    client = _client(root)
    digests = {
        str(path.relative_to(files)): file_digest(path)
        for path in sorted(files.rglob("*"))
        if path.is_file()
    }
    client.log_artifacts(version.run_id, str(files))
    client.log_text(version.run_id, json_bytes(digests).decode(), "sha256.json")
    client.set_terminated(version.run_id, status="FINISHED")
    if version.number is not None:
        client.set_model_version_tag(version.name, str(version.number), "status", "complete")


def point(root: Path, alias: str, number: int | None) -> None:
    """Give a version the alias, or with None nobody; the ledger decides, this mirrors it."""
    client = _client(root)
    if number is None:
        client.delete_registered_model_alias(REGISTERED, alias)
    else:
        client.set_registered_model_alias(REGISTERED, alias, str(number))


def holder(root: Path, alias: str) -> Version | None:
    """Version that has the alias, or None."""
    from mlflow.exceptions import MlflowException

    try:
        found = _client(root).get_model_version_by_alias(REGISTERED, alias)
    except MlflowException as error:
        if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
            return None
        raise
    return Version(REGISTERED, int(found.version), found.run_id, found.tags.get("weights_sha256"))


def configurations_seen(root: Path, *, settings_digest: str, revision: str) -> int:
    """How many (settings, code) pairs have been judged and logged here, this one included."""
    client = _client(root)
    seen = {(settings_digest, revision)}
    if (experiment := client.get_experiment_by_name(EXPERIMENT)) is not None:
        for run in client.search_runs([experiment.experiment_id], "attributes.status = 'FINISHED'"):
            tags = run.data.tags
            seen.add((tags.get("settings_sha256", ""), tags.get("revision", "")))
    return len(seen)


def load_version(root: Path, number: int) -> Any:
    """Served model of a version, its files checked against the digest in the registry first.

    Raises
    ------
    RefusedError
        If there is no such version, or a file of it is not what was registered.
    """
    from mlflow.exceptions import MlflowException

    client = _client(root)
    try:
        version = client.get_model_version(REGISTERED, str(number))
    except MlflowException as error:
        raise RefusedError(f"{REGISTERED} has no version {number}.") from error
    import mlflow.pyfunc
    from mlflow.artifacts import download_artifacts

    files = Path(download_artifacts(version.source))
    found = _weights_digest(files / "data")
    if found != version.tags["weights_sha256"]:
        raise RefusedError(
            f"{REGISTERED} v{number}: weights have SHA-256 {found[:12]}, registered were "
            f"{version.tags['weights_sha256'][:12]}. Restore the artifacts or train again."
        )
    return mlflow.pyfunc.load_model(version.source)


def _client(root: Path) -> Any:
    with warnings.catch_warnings():
        # MLflow complains about its own type hints when this part of it is imported.
        warnings.filterwarnings("ignore", message=".*Any type hint", category=UserWarning)
        import mlflow.pyfunc

    root.mkdir(parents=True, exist_ok=True)
    mlflow.set_tracking_uri(tracking_uri(root))
    return mlflow.MlflowClient()


def _experiment(client: Any, root: Path) -> str:
    found = client.get_experiment_by_name(EXPERIMENT)
    if found is not None:
        return found.experiment_id
    return client.create_experiment(EXPERIMENT, artifact_location=(root / "artifacts").as_uri())


def _log_run(client: Any, run_id: str, record: Record) -> None:
    from mlflow.entities import Metric, Param, RunTag

    now = int(time.time() * 1000)
    parameters = {f"settings.{k}": v for k, v in record.settings.items()} | dict(record.parameters)
    made = record.provenance
    tags = _tags(record) | {
        _OWNER: str(os.getpid()),
        "mlflow.source.git.commit": made.revision,
        "python": made.python,
        "machine": made.machine,
    }
    client.log_batch(
        run_id,
        metrics=[
            Metric(name, float(value), now, 0)
            for name, value in record.metrics.items()
            if math.isfinite(value)
        ],
        params=[Param(name, str(value)) for name, value in parameters.items()],
        tags=[RunTag(name, value) for name, value in tags.items()],
    )
    client.log_text(run_id, json_bytes(made.as_dict()).decode(), "provenance.json")
    _log_inputs(record)


def _log_inputs(record: Record) -> None:
    import mlflow
    from mlflow.data import sources
    from mlflow.data.meta_dataset import MetaDataset

    local: Any = vars(sources)["LocalArtifactDatasetSource"]  # registered when imported
    source = local(Path(record.data).as_uri())
    sets = {"market": (record.snapshot, None)} | {
        name: (digest, rows) for name, (digest, rows) in record.tables.items()
    }
    for name, (digest, rows) in sets.items():
        mlflow.log_input(
            MetaDataset(source=source, name=name, digest=digest[:_DIGEST]),
            context="training",
            tags={"sha256": digest} | ({} if rows is None else {"rows": str(rows)}),
        )


def _log_version(client: Any, run_id: str, record: Record) -> int:
    info = _log_model(record)
    if not client.search_registered_models(f"name = '{REGISTERED}'"):
        client.create_registered_model(REGISTERED)
    version = client.create_model_version(
        REGISTERED,
        source=info.model_uri,
        run_id=run_id,
        model_id=info.model_id,
        tags=_tags(record) | {"status": "incomplete"},
    )
    return int(version.version)


def _log_model(record: Record) -> Any:
    import mlflow
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, DataType, Schema

    def schema(names: Sequence[str]) -> Schema:
        return Schema([ColSpec(DataType.double, name) for name in names])

    with warnings.catch_warnings():
        # The signature is ours, not inferred; an example would add nothing to it.
        warnings.filterwarnings("ignore", message=".*input example was not provided")
        return mlflow.pyfunc.log_model(
            name=record.model,
            loader_module=LOADER,
            data_path=str(record.weights),
            signature=ModelSignature(schema(record.inputs), schema(record.outputs)),
            pip_requirements=_REQUIREMENTS,
        )


def _tags(record: Record) -> dict[str, str]:
    made = record.provenance
    weights = {"weights_sha256": _weights_digest(record.weights)} if record.weights else {}
    return (
        dict(record.tags)
        | weights
        | {
            "model": record.model,
            "as_of": record.as_of,
            "snapshot": record.snapshot,
            "settings_sha256": record.settings_digest,
            "revision": made.revision,
            "dirty": str(made.dirty).lower(),
            "lock_sha256": made.lock,
        }
    )


def _weights_digest(directory: Path) -> str:
    """SHA-256 over the names and digests of all files below a directory."""
    files = (path for path in directory.rglob("*") if path.is_file())
    return weights_digest({path.name: file_digest(path) for path in files})


def _bury_the_dead(client: Any) -> None:
    """Mark runs whose process is gone as killed; MLflow would show them running for ever."""
    experiment = client.get_experiment_by_name(EXPERIMENT)
    if experiment is None:
        return
    for run in client.search_runs([experiment.experiment_id], "attributes.status = 'RUNNING'"):
        owner = run.data.tags.get(_OWNER, "")
        if owner.isdigit() and not process_lives(int(owner)):
            client.set_terminated(run.info.run_id, status="KILLED")
