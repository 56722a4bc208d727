"""A fitted generator as files: arrays in safetensors, the rest in JSON; nothing is executed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load, save

from models.base import Asset, ScenarioModel
from models.scenarios.dynamic_correlation import Dynamics
from models.scenarios.factors import Factors
from models.scenarios.filtered import FilteredHistory, Recursions
from models.scenarios.liquid import Liquid
from models.scenarios.liquidity import Liquidity
from models.scenarios.market_state import MarketState
from models.scenarios.rolled import Rolled, Start
from models.scenarios.safety import Safeguarded

SCHEMA = "foreshock.generator/1"
INDEX = "generator.json"
_ARRAYS, _LAW = "arrays.safetensors", "law.safetensors"

Arrays = dict[str, np.ndarray]


def save_generator(model: ScenarioModel, directory: Path) -> None:
    """Write what `load_generator` reads.

    Parameters
    ----------
    model : ScenarioModel
        As `models.scenarios.registry.fit_generator` gives it.
    directory : Path
        Made, and must not exist.
    """
    arrays: Arrays = {}
    index: dict[str, Any] = {"schema": SCHEMA, "name": model.name, "assets": []}
    index["assets"] = [asdict(asset) for asset in model.assets]
    inner = model.model if isinstance(model, Liquid) else model
    rolled, safety = _parts(inner)
    files: dict[str, bytes] = {}
    if isinstance(model, Liquid):
        arrays |= _taken(model.liquidity, "liquidity")
    if safety is not None:
        arrays |= {"residual": safety.residual, **_taken(safety.recursions, "safety")}
    if rolled is not None:
        arrays |= {"table": rolled.table, **_taken(rolled.recursions, "rolled")}
        for name in ("factors", "dynamics", "market", "start"):
            arrays |= _taken(getattr(rolled, name), name)
        arrays["common"] = np.array(rolled.common)
        index |= {"correlation": rolled.dynamics.kind, "notes": dict(rolled.notes)}
        if rolled.law is not None:
            files[_LAW] = rolled.law.to_bytes()
    if isinstance(inner, Safeguarded):
        index["fhs_share"] = inner.share
    files[_ARRAYS] = save({name: np.ascontiguousarray(values) for name, values in arrays.items()})
    index["sha256"] = {name: _digest(payload) for name, payload in sorted(files.items())}
    directory.mkdir(parents=True)
    for name, payload in files.items():
        (directory / name).write_bytes(payload)
    (directory / INDEX).write_text(json.dumps(index, indent=1, sort_keys=True), encoding="utf-8")


def load_generator(directory: Path, *, instruments: Sequence[str] | None = None) -> ScenarioModel:
    """Read a generator back; nothing is opened whose digest is another.

    Parameters
    ----------
    directory : Path
        As `save_generator` wrote it.
    instruments : sequence of str, optional
        What scenarios are wanted of, in axis order.

    Raises
    ------
    ValueError
        If the schema is unknown, a file is not the one that was written, or the generator was
        trained on other assets.
    """
    index: dict[str, Any] = json.loads((directory / INDEX).read_text(encoding="utf-8"))
    if index.get("schema") != SCHEMA:
        raise ValueError(
            f"{directory / INDEX}: schema must be {SCHEMA}, got {index.get('schema')!r}. "
            "Train the generator again with this version."
        )
    assets = tuple(Asset(**asset) for asset in index["assets"])
    trained = [asset.instrument for asset in assets]
    if instruments is not None and list(instruments) != trained:
        odd = sorted(set(instruments) ^ set(trained)) or ["their order"]
        raise ValueError(
            f"{directory}: the generator was trained on {len(trained)} other assets: they differ "
            f"in {', '.join(odd[:5])}. Train one on these, or ask for its own."
        )
    files = {name: _checked(directory / name, sha) for name, sha in index["sha256"].items()}
    arrays = load(files[_ARRAYS])
    safety = _safety(assets, arrays) if "residual" in arrays else None
    rolled = _rolled(assets, arrays, index, files.get(_LAW)) if "table" in arrays else None
    whole = rolled or safety
    if rolled is not None and safety is not None:
        whole = Safeguarded(rolled, safety, index["fhs_share"])
    if whole is None:
        raise ValueError(f"{directory}: {_ARRAYS} holds no generator. Train it again.")
    liquidity = _liquidity(arrays)
    return whole if liquidity is None else Liquid(whole, liquidity)


def _parts(model: ScenarioModel) -> tuple[Rolled | None, FilteredHistory | None]:
    if isinstance(model, Safeguarded):
        return model.rolled, model.safety
    if isinstance(model, Rolled):
        return model, None
    if isinstance(model, FilteredHistory):
        return None, model
    raise TypeError(
        f"model must be one that fit_generator made, got {type(model).__name__}. "
        "Others have no known form in a file."
    )


def _safety(assets: tuple[Asset, ...], arrays: Arrays) -> FilteredHistory:
    recursions = Recursions(**_given(arrays, "safety"))
    residual = arrays["residual"]
    return FilteredHistory(assets, residual, recursions.growth(residual), recursions)


def _rolled(
    assets: tuple[Asset, ...], arrays: Arrays, index: Mapping[str, Any], law: bytes | None
) -> Rolled:
    factors, market = _given(arrays, "factors"), _given(arrays, "market")
    high, crisis = (float(edge) for edge in market.pop("edges"))
    return Rolled(
        name=index["name"],
        assets=assets,
        recursions=Recursions(**_given(arrays, "rolled")),
        factors=Factors(nu=factors.pop("nu").item(), **factors),
        dynamics=Dynamics(kind=index["correlation"], **_given(arrays, "dynamics")),
        market=MarketState(edges=(high, crisis), width=market.pop("width").item(), **market),
        start=Start(**_given(arrays, "start")),
        table=arrays["table"],
        common=arrays["common"].item(),
        law=None if law is None else _law(index["name"], law),
        notes=index["notes"],
    )


def _law(name: str, payload: bytes) -> Any:
    from models.scenarios.diffusion import DiffusionLaw
    from models.scenarios.flow import FlowLaw
    from models.scenarios.vae import VaeLaw

    laws = {"flow": FlowLaw, "diffusion": DiffusionLaw, "vae": VaeLaw}
    return laws[name].from_bytes(payload)


def _liquidity(arrays: Arrays) -> Liquidity | None:
    given = _given(arrays, "liquidity")
    return Liquidity(**given) if given else None


def _taken(part: Any, name: str) -> Arrays:
    """Fields of a dataclass as arrays under its name; texts are the index's."""
    if part is None:
        return {}
    values = {field.name: getattr(part, field.name) for field in fields(part)}
    return {
        f"{name}.{key}": np.asarray(value)
        for key, value in values.items()
        if not isinstance(value, str)
    }


def _given(arrays: Arrays, name: str) -> dict[str, Any]:
    """The arrays under a name."""
    mark = f"{name}."
    return {key.removeprefix(mark): x for key, x in arrays.items() if key.startswith(mark)}


def _checked(file: Path, sha256: str) -> bytes:
    if file.name not in (_ARRAYS, _LAW):
        raise ValueError(f"{file}: no file of a generator has this name. Train it again.")
    payload = file.read_bytes()
    if _digest(payload) != sha256:
        raise ValueError(
            f"{file}: its SHA-256 is not the one in {INDEX}. It was changed or cut short; "
            "restore it, or train the generator again."
        )
    return payload


def _digest(payload: bytes) -> str:
    return hashlib.sha256(payload).hexdigest()
