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
from pathlib import Path
from typing import Any

from flows.held_files import LISTING, kept_path
from flows.held_models import weights_digest
from flows.outputs import file_digest, json_bytes, process_lives
from flows.record import Record, Registered, Version
from flows.refusal import RefusedError

EXPERIMENT = "foreshock"
REGISTERED = "foreshock-tail"
CHALLENGER = "challenger"
CHAMPION = "champion"
LOADER = "models.tail.served"

_REQUIREMENTS = ["numpy", "pandas", "safetensors", "torch"]
OWNER = "foreshock.process"
"""Tag of a run: the process that writes it."""
_NOTE = "registered_model_meta"  # MLflow writes it into a model whenever it hands one out
_DIGEST = 36  # what MLflow keeps of a data set's digest


class UnreachableError(RefusedError):
    """MLflow does not answer; what the ledger decided stands without it."""


def tracking_uri(root: Path) -> str:
    """Address of the tracking database; MLflow 3 refuses file stores."""
    return f"sqlite:///{root / 'mlflow.db'}"


@contextmanager
def register(root: Path, record: Record) -> Generator[Version, None, None]:
    """Log a run, its model and a new version; the block adds files through `complete`.

    An error in the block marks the run as failed; its version keeps the tag ``incomplete``.
    """
    client = _client(root)
    bury_the_dead(client)
    import mlflow

    run = client.create_run(experiment_of(client, root), run_name=f"{record.model}-{record.as_of}")
    run_id: str = run.info.run_id
    try:
        with mlflow.start_run(run_id=run_id):
            _log_run(client, run_id, record)
            number = _log_version(client, run_id, record) if record.weights else None
        client.update_run(run_id, status="RUNNING")  # leaving start_run has closed it
        weights = files_digest(record.weights) if record.weights else None
        yield Version(REGISTERED, number, run_id, weights)
    except BaseException:
        client.set_terminated(run_id, status="FAILED")
        raise


def complete(root: Path, version: Version, files: Path) -> None:
    """Add a directory of finished files, and close the run.

    The SHA-256 of every file goes with them as ``sha256.json``, that of everything MLflow stores of
    the run and its model as `LISTING`.
    """
    client = _client(root)
    client.log_artifacts(version.run_id, str(files))
    client.log_text(version.run_id, json_bytes(_digests(files)).decode(), "sha256.json")
    stored = [_stored(client.get_run(version.run_id).info.artifact_uri)]
    if version.number is not None:
        source = client.get_model_version(version.name, str(version.number)).source
        stored.append(_model_files(client, source))
    kept = {
        kept_path(place / name, root): digest
        for place in stored
        for name, digest in _digests(place).items()
    }
    client.log_text(version.run_id, json_bytes(kept).decode(), LISTING)
    client.set_terminated(version.run_id, status="FINISHED")
    if version.number is not None:
        client.set_model_version_tag(version.name, str(version.number), "status", "complete")


def listing(root: Path, version: Version) -> Path:
    """Where the digests of everything that MLflow stores of a completed version are."""
    return _stored(_client(root).get_run(version.run_id).info.artifact_uri) / LISTING


def point(root: Path, alias: str, number: int | None) -> None:
    """Give a version the alias, or with None nobody; the ledger decides, this mirrors it.

    Raises
    ------
    UnreachableError
        If MLflow does not answer, or has no such version.
    """
    with reached(root) as client:
        if number is None:
            client.delete_registered_model_alias(REGISTERED, alias)
        else:
            client.set_registered_model_alias(REGISTERED, alias, str(number))


def tag(root: Path, number: int, name: str, value: str) -> None:
    """Set a tag of a version."""
    with reached(root) as client:
        client.set_model_version_tag(REGISTERED, str(number), name, value)


def aliases(root: Path) -> dict[str, int]:
    """Number of the version that has each alias."""
    with reached(root) as client:
        found = client.search_registered_models(f"name = '{REGISTERED}'")
        return {name: int(number) for one in found for name, number in one.aliases.items()}


def registered(root: Path) -> list[Registered]:
    """Every version that MLflow has now, oldest first."""
    with reached(root) as client:
        found = client.search_model_versions(f"name = '{REGISTERED}'", max_results=100_000)
        told = [
            Registered(
                int(one.version),
                one.run_id,
                one.tags.get("status", ""),
                one.tags.get("weights_sha256", ""),
            )
            for one in found
        ]
    return sorted(told, key=lambda one: one.number)


def in_progress(root: Path, run_id: str) -> bool:
    """Whether a run is open and its process lives, so that its version may yet be recorded."""
    with reached(root) as client:
        run = client.get_run(run_id)
        return run.info.status == "RUNNING" and not _orphaned(run)


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

    files = _model_files(client, version.source)
    found = {
        "weights": (files_digest(files / "data"), version.tags.get("weights_sha256", "")),
        "files": (weights_digest(_digests(files)), version.tags.get("model_sha256", "")),
    }
    for what, (sha, registered_sha) in found.items():
        if sha != registered_sha:
            raise RefusedError(
                f"{REGISTERED} v{number}: {what} have SHA-256 {sha[:12]}, registered were "
                f"{registered_sha[:12]}. Restore the artifacts or train again."
            )
    return mlflow.pyfunc.load_model(str(files))


@contextmanager
def reached(root: Path) -> Generator[Any, None, None]:
    """A client of MLflow for the block.

    Raises
    ------
    UnreachableError
        If MLflow does not answer, or refuses what the block asks.
    """
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield _client(root)
    except (MlflowException, SQLAlchemyError) as error:
        raise UnreachableError(
            f"{root / 'mlflow.db'}: MLflow does not answer ({str(error).splitlines()[0]}). "
            "Restore it from a backup."
        ) from error


def _client(root: Path) -> Any:
    with warnings.catch_warnings():
        # MLflow complains about its own type hints when this part of it is imported.
        warnings.filterwarnings("ignore", message=".*Any type hint", category=UserWarning)
        import mlflow.pyfunc

    root.mkdir(parents=True, exist_ok=True)
    mlflow.set_tracking_uri(tracking_uri(root))
    return mlflow.MlflowClient()


def experiment_of(client: Any, root: Path, name: str = EXPERIMENT) -> str:
    """Identifier of an experiment, made where it is not there yet."""
    found = client.get_experiment_by_name(name)
    if found is not None:
        return found.experiment_id
    return client.create_experiment(name, artifact_location=(root / "artifacts").as_uri())


def _log_run(client: Any, run_id: str, record: Record) -> None:
    parameters = {f"settings.{k}": v for k, v in record.settings.items()} | dict(record.parameters)
    made = record.provenance
    tags = _tags(record) | {
        OWNER: str(os.getpid()),
        "mlflow.source.git.commit": made.revision,
        "python": made.python,
        "machine": made.machine,
    }
    log_batch(client, run_id, record.metrics, parameters, tags)
    client.log_text(run_id, json_bytes(made.as_dict()).decode(), "provenance.json")
    _log_inputs(record)


def log_batch(
    client: Any,
    run_id: str,
    metrics: Mapping[str, float],
    parameters: Mapping[str, Any],
    tags: Mapping[str, str],
) -> None:
    """Log numbers, values and texts of a run; metrics that are not finite are left out."""
    from mlflow.entities import Metric, Param, RunTag

    now = int(time.time() * 1000)
    client.log_batch(
        run_id,
        metrics=[
            Metric(name, float(value), now, 0)
            for name, value in metrics.items()
            if math.isfinite(value)
        ],
        params=[Param(name, str(value)) for name, value in parameters.items()],
        tags=[RunTag(name, value) for name, value in tags.items()],
    )


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
    files = _model_files(client, info.model_uri)
    if not client.search_registered_models(f"name = '{REGISTERED}'"):
        client.create_registered_model(REGISTERED)
    version = client.create_model_version(
        REGISTERED,
        source=info.model_uri,
        run_id=run_id,
        model_id=info.model_id,
        tags=_tags(record)
        | {"status": "incomplete", "model_sha256": weights_digest(_digests(files))},
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
    weights = {"weights_sha256": files_digest(record.weights)} if record.weights else {}
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


def files_digest(directory: Path) -> str:
    """SHA-256 over the names and digests of all files below a directory."""
    files = (path for path in directory.rglob("*") if path.is_file())
    return weights_digest({path.name: file_digest(path) for path in files})


def _digests(directory: Path) -> dict[str, str]:
    """SHA-256 of every file below a directory, by its path in it."""
    files = sorted(path for path in directory.rglob("*") if path.is_file() and path.name != _NOTE)
    return {path.relative_to(directory).as_posix(): file_digest(path) for path in files}


def _model_files(client: Any, source: str) -> Path:
    return _stored(client.get_logged_model(source.removeprefix("models:/")).artifact_location)


def _stored(uri: str) -> Path:
    """Local directory of an address in the artifact store."""
    from mlflow.utils.file_utils import local_file_uri_to_path

    return Path(local_file_uri_to_path(uri))


def _orphaned(run: Any) -> bool:
    owner = run.data.tags.get(OWNER, "")
    return owner.isdigit() and not process_lives(int(owner))


def bury_the_dead(client: Any, name: str = EXPERIMENT) -> None:
    """Mark runs whose process is gone as killed; MLflow would show them running for ever."""
    experiment = client.get_experiment_by_name(name)
    if experiment is None:
        return
    for run in client.search_runs([experiment.experiment_id], "attributes.status = 'RUNNING'"):
        if _orphaned(run):
            client.set_terminated(run.info.run_id, status="KILLED")
