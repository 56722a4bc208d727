"""Make a scenario set: fit, draw, put under stress, examine, sign, and only then show it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from features.market import MarketData
from flows.clock import instant_text
from flows.outputs import json_bytes, publish, staging, write_whole
from flows.processes import processes
from flows.provenance import provenance
from flows.record import Fit
from flows.refusal import RefusedError
from flows.scenario_sets.draw import Drawn, conditioned, crisis_of, draw, replayable
from flows.scenario_sets.files import ScenarioSet, read_set
from flows.scenario_sets.manifest import NAME, Recipe, signed_manifest
from flows.scenario_sets.redraw import GENERATOR
from flows.scenario_sets.registration import REGISTERED, fit_of
from flows.scenario_sets.request import ScenarioRequest
from flows.scenario_sets.stress_file import Stress
from flows.scenario_sets.stress_text import stress_lines
from flows.settings import Settings
from flows.signing import signer
from flows.steps import Steps, ingested
from flows.terminal import Step

if TYPE_CHECKING:
    from models.base import ScenarioModel

CERTIFICATE, REPORT = "certificate.json", "report.html"
FEWEST = 500
"""Sessions an instrument needs to be in a set that does not name its instruments."""
NOT_AUDITED = "memorisation was not audited"


@dataclass(frozen=True, slots=True)
class Made:
    """A set that stands on disk.

    Attributes
    ----------
    directory : Path
    manifest, certificate : dict
    version : int or None
        Of its generator in MLflow; None where that did not answer.
    """

    directory: Path
    manifest: dict[str, Any]
    certificate: dict[str, Any]
    version: int | None = None

    @property
    def unofficial(self) -> list[str]:
        """Why it is for research only; empty for a set that risk may use."""
        return list(self.manifest["predicate"]["unofficial"])

    def as_dict(self) -> dict[str, Any]:
        """Plain values, as they go into JSON."""
        predicate = self.manifest["predicate"]
        return {
            "schema": "foreshock.scenarios/1",
            "directory": str(self.directory),
            "sha256": self.manifest["sha256"],
            "model": predicate["model"]["name"],
            "version": self.version,
            "sampling": predicate["sampling"],
            "marks": predicate["marks"],
            "unofficial": predicate["unofficial"],
            "verdict": self.certificate["verdict"],
            "reasons": self.certificate["reasons"],
        }


def make_set(
    request: ScenarioRequest,
    *,
    root: Path,
    steps: Steps,
    out: Path,
    stress: Stress | None = None,
    engine: str | None = None,
) -> Made:
    """Make a set and write it whole; nothing appears under ``out`` before its papers are signed.

    Parameters
    ----------
    request : ScenarioRequest
    root : Path
        State root.
    steps : Steps
    out : Path
        Directory of the set; must not exist, or be empty.
    stress : Stress, optional
    engine : str, optional
        Whose workers draw, as the address of a Dask scheduler; by default this machine's.

    Raises
    ------
    RefusedError
        If the directory is taken, an instrument is unknown or too short, or the stress is refused.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise RefusedError(f"{out}: is there already. Name a new directory: a set is not replaced.")
    began = datetime.now(UTC)
    found = ingested(steps, Settings(data=request.data, as_of=request.as_of), root)
    market = found.market
    names = chosen(market, request)
    left_out: dict[str, str] = {}
    if (crisis := crisis_of(stress)) is not None:
        names, left_out = replayable(market, names, crisis)
        if left_out and request.instruments is not None:
            raise RefusedError("\n".join(f"{name}: {why}" for name, why in left_out.items()))

    def fit(step: Step) -> ScenarioModel:
        model, unfit = fitted(market, request, names)
        left_out.update(unfit)
        step.summary = f"{request.model} on {len(model.assets)} series to {market.as_of.date()}"
        if left_out:
            step.summary += f"; left out {', '.join(sorted(left_out))}"
        return model

    fresh = steps("fit", fit)
    model, started = conditioned(fresh, stress, market)
    with staging(out.absolute().parent) as beside:
        _save(fresh, beside / "fit")
        files = beside / "files"
        files.mkdir()
        drawn = steps(
            "draw", lambda step: _drawn(step, model, market, request, files, stress, engine)
        )
        held = read_set(files)
        certificate = steps(
            "examine", lambda step: _examine(step, held, model, market, request, stress)
        )
        write_whole(files / CERTIFICATE, json_bytes(certificate))
        _save(model, files / GENERATOR)
        sampling = {
            "paths": request.paths,
            "horizon": request.horizon,
            "seed": request.seed,
            "generator": "philox",
            "device": "cpu",
            **_plain(started | drawn.told),
        }
        _report(files, held, model, market, certificate, drawn, sampling)
        recipe = Recipe(
            model={
                "name": model.name,
                "snapshot": market.snapshot,
                "train_until": f"{market.as_of:%Y-%m-%d}",
                "instruments": [asset.instrument for asset in model.assets],
                "left_out": left_out,
                "description": _plain(dict(model.description)),
            },
            sampling=sampling,
            filters=[
                {"rule": rule, "rejected": count}
                for rule, count in (certificate["filters"] or {}).get("by_rule", {}).items()
            ],
            parents={},
            verdict="PASS" if certificate["usable_by_risk"] else "FAIL",
            settings=request.model_dump(mode="json", exclude={"data"}),
        )
        manifest = signed_manifest(
            files,
            recipe,
            made_by=provenance(),
            signer=signer(root),
            times={"began": instant_text(began), "ended": instant_text(datetime.now(UTC))},
            unofficial=() if request.audit or not _learns(model) else (NOT_AUDITED,),
        )
        write_whole(files / NAME, json_bytes(manifest))
        publish(files, out)
        fit_made = fit_of(manifest, certificate, files=beside / "fit", directory=out)
        version = steps("register", lambda step: _registered(step, root, fit_made))
    return Made(out, manifest, certificate, version)


def fitted(
    market: MarketData, request: ScenarioRequest, names: Sequence[str]
) -> tuple[ScenarioModel, dict[str, str]]:
    """The generator, and the series that had to be left out with why.

    Raises
    ------
    RefusedError
        If an instrument that was named cannot be fitted, or none is left.
    """
    from models.scenarios.filtering import UnfittableError
    from models.scenarios.registry import fit_generator

    def fit(some: Sequence[str]) -> ScenarioModel:
        return fit_generator(
            request.model,
            market,
            some,
            as_of=market.as_of,
            seed=request.seed,
            liquid=True,
            jobs=processes(len(some), worth=8),
        )

    try:
        try:
            return fit(names), {}
        except UnfittableError as unfit:
            able = [name for name in names if name not in unfit.reasons]
            if request.instruments is not None or not able:
                raise
            return fit(able), unfit.reasons
    except ValueError as error:
        raise RefusedError(f"model {request.model}: {error}") from error


def chosen(market: MarketData, request: ScenarioRequest) -> tuple[str, ...]:
    """Instruments of a set: those asked for, else all with enough history, by name.

    Raises
    ------
    RefusedError
        If one that was asked for is not in the market, or none is left.
    """
    if request.instruments is not None:
        if missing := [name for name in request.instruments if name not in market.instruments]:
            raise RefusedError(
                f"instruments: {', '.join(missing)} did not pass the feed gate or is not in the "
                f"market. `foreshock validate` says which."
            )
        return request.instruments
    counts = market.close.loc[: market.as_of].notna().sum()
    last = market.close.apply(pd.Series.last_valid_index)
    alive = last >= market.as_of - pd.Timedelta(days=7)
    names = [name for name in market.instruments if counts[name] > FEWEST and alive[name]]
    if not names:
        raise RefusedError(
            f"instruments: none has more than {FEWEST} sessions up to {market.as_of.date()}. Name "
            f"some with --instruments, or give longer histories."
        )
    return tuple(sorted(names))


def _drawn(
    step: Step,
    model: ScenarioModel,
    market: MarketData,
    request: ScenarioRequest,
    files: Path,
    stress: Stress | None,
    engine: str | None,
) -> Drawn:
    told = draw(model, market, request, files, stress, engine=engine)
    step.summary = (
        f"{request.paths:,} paths of {request.horizon} sessions, {len(model.assets)} assets"
    )
    return told


def _examine(
    step: Step,
    held: ScenarioSet,
    model: ScenarioModel,
    market: MarketData,
    request: ScenarioRequest,
    stress: Stress | None,
) -> dict[str, Any]:
    from flows.scenario_sets.evidence import evidence_of
    from validation.certificate import CertificateRule
    from validation.certify import ScenarioSet as Issued
    from validation.certify import certify

    audit = _learns(model) and request.audit
    evidence = evidence_of(
        model,
        market,
        as_of=market.as_of,
        horizon=request.horizon,
        seed=request.seed,
        audit=audit,
        liquid=held.spread is not None,
        jobs=processes(len(model.assets), worth=8),
    )
    told = certify(
        Issued(
            held.moves,
            [asdict(asset) for asset in held.assets],
            spread=held.spread,
            depth=held.depth,
            learned=audit,
        ),
        evidence,
        identity={"model": model.name, "paths": request.paths, "horizon": request.horizon},
        stressed=stress is not None,
        # A replay repeats the sessions of its crisis, and says so.
        rule=None if crisis_of(stress) is None else CertificateRule(duplicates=1.0),
        seed=request.seed,
    )
    failed = sum(gate["passed"] is False for gate in told["gates"])
    step.summary = f"{told['verdict']}: {failed} of {len(told['gates'])} gates failed"
    return told


def _report(
    files: Path,
    held: ScenarioSet,
    model: ScenarioModel,
    market: MarketData,
    certificate: dict[str, Any],
    drawn: Drawn,
    sampling: dict[str, Any],
) -> None:
    from flows.scenario_sets.page import page_of

    page = page_of(
        held,
        market,
        model.name,
        certificate,
        stress=stress_lines(sampling),
        before=drawn.before,
    )
    write_whole(files / REPORT, page.encode())


def _registered(step: Step, root: Path, fit: Fit) -> int | None:
    """Version of the generator; a set whose papers are signed stands without MLflow."""
    from flows.kept_fits import keep_fit
    from flows.tracking import UnreachableError

    try:
        version = keep_fit(root, fit)
    except UnreachableError as error:
        step.summary = f"not registered: {error}"
        return None
    step.summary = f"{fit.name} v{version}"
    return version


def _save(model: ScenarioModel, directory: Path) -> None:
    from models.scenarios.stored import save_generator

    save_generator(model, directory)


def _learns(model: ScenarioModel) -> bool:
    from models.scenarios.registry import NEURAL

    return model.name in NEURAL


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    """Values as JSON has them: numbers of numpy and tuples are none."""

    def unwrapped(value: object) -> object:
        if isinstance(value, np.generic):
            return value.item()
        raise TypeError(f"{value!r:.60} is no plain value for a manifest")

    return json.loads(json.dumps(values, default=unwrapped, allow_nan=False))


def summary_lines(made: Made) -> Sequence[str]:
    """What a person is told at the end; the last line is the directory."""
    predicate = made.manifest["predicate"]
    lines = [
        f"{predicate['model']['name']}: {made.certificate['verdict']}",
        *(f"  {reason}" for reason in made.certificate["reasons"]),
        *stress_lines(predicate["sampling"]),
    ]
    if made.unofficial:
        lines.append(f"UNOFFICIAL: {'; '.join(made.unofficial)}. For research only.")
    elif predicate["marks"]:
        lines.append(f"{' '.join(predicate['marks'])}: signed by this machine's own key.")
    if made.version is not None:
        lines.append(f"model:  {REGISTERED} v{made.version}, shown by foreshock ui")
    lines.append(f"report: {made.directory / REPORT}")
    lines.append(f"check:  foreshock verify {made.directory}")
    return [*lines, str(made.directory)]
