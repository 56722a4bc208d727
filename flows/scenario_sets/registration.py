"""A set's generator as a version in MLflow: which fit, how it was judged, which sets came of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flows.record import Fit
from flows.scenario_sets.manifest import NAME
from flows.settings import canonical_digest

REGISTERED = "foreshock-scenarios"
_SHOWN = 12
"""Characters of a hash in the name of a tag."""


def fit_of(
    manifest: Mapping[str, Any], certificate: Mapping[str, Any], *, files: Path, directory: Path
) -> Fit:
    """What is registered of a set.

    Parameters
    ----------
    manifest, certificate : mapping
        Of the set.
    files : Path
        The generator as it was fitted, before any state that a stress starts from.
    directory : Path
        The finished set.
    """
    predicate = manifest["predicate"]
    model, sampling, code = predicate["model"], predicate["sampling"], predicate["code"]
    told = model["description"]
    parameters: dict[str, Any] = {
        **{name: sampling[name] for name in ("paths", "horizon", "seed", "chunk")},
        "stress": (sampling.get("stress") or {}).get("name", "none"),
        "assets": len(model["instruments"]),
        "left_out": len(model["left_out"]),
        "instruments_sha256": canonical_digest(model["instruments"]),
    }
    parameters |= {
        name: told[name] for name in ("correlation", "factors", "fhs_share") if name in told
    }
    figures = {
        name: figure["value"]
        for name, figure in certificate["figures"].items()
        if figure["value"] is not None
    }
    failed = sum(gate["passed"] is False for gate in certificate["gates"])
    return Fit(
        name=REGISTERED,
        run=f"{model['name']}-{model['train_until']}",
        files=files,
        manifest=str(manifest["sha256"])[:_SHOWN],
        verdict=str(certificate["verdict"]),
        papers=(directory / NAME, directory / "certificate.json"),
        parameters=parameters,
        metrics={**figures, "gates_failed": float(failed)},
        tags={
            "model": str(model["name"]),
            "as_of": str(model["train_until"]),
            "snapshot": str(model["snapshot"]),
            "manifest_sha256": str(manifest["sha256"]),
            "marks": " ".join(predicate["marks"]),
            "revision": str(code["revision"]),
            "dirty": str(code["dirty"]).lower(),
        },
    )
