"""Fitted generators as versions in MLflow, which keeps their files and never executes them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from flows.record import Fit
from flows.tracking import OWNER, bury_the_dead, experiment_of, files_digest, log_batch, reached

GENERATOR = "generator"
"""Directory of the files among a run's artifacts."""


def keep_fit(root: Path, fit: Fit) -> int:
    """Log a run of a fitted generator, and a version of it where none has its files yet.

    Parameters
    ----------
    root : Path
        State root.
    fit : Fit

    Returns
    -------
    int
        Number of the version, new or not; its tag ``set.HASH`` is the verdict of the set.

    Raises
    ------
    UnreachableError
        If MLflow does not answer.
    """
    with reached(root) as client:
        bury_the_dead(client, fit.name)
        run = client.create_run(experiment_of(client, root, fit.name), run_name=fit.run)
        place: str = run.info.run_id
        tags = {**fit.tags, OWNER: str(os.getpid())}
        log_batch(client, place, fit.metrics, fit.parameters, tags)
        for paper in fit.papers:
            client.log_artifact(place, str(paper))
        number = _version(client, place, f"{run.info.artifact_uri}/{GENERATOR}", fit)
        client.set_model_version_tag(fit.name, str(number), f"set.{fit.manifest}", fit.verdict)
        client.set_tag(place, "version", str(number))
        client.set_terminated(place, status="FINISHED")
    return number


def _version(client: Any, run: str, source: str, fit: Fit) -> int:
    """Number of the version that has the same files; a new one, of this run, if none has."""
    weights = files_digest(fit.files)
    same = f"name = '{fit.name}' and tags.weights_sha256 = '{weights}'"
    if found := client.search_model_versions(same):
        return int(found[0].version)
    client.log_artifacts(run, str(fit.files), GENERATOR)
    if not client.search_registered_models(f"name = '{fit.name}'"):
        client.create_registered_model(fit.name)
    tags = {**fit.tags, "weights_sha256": weights, "status": "complete"}
    return int(client.create_model_version(fit.name, source, run, tags=tags).version)
