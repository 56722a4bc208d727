"""14 Change log: what differs from the version before, whether it matters, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from validation.documents.inputs import Inputs
from validation.documents.monitoring import flat
from validation.documents.schema import Section, fact, section, spoken, table

ABSENT = "absent"

_RULES: tuple[tuple[str, tuple[str, ...], bool, str], ...] = (
    ("settings", ("settings", "settings_sha256"), True, "another request is another model"),
    ("seeds", ("seed", "seeds"), True, "other draws; judged by stability over seeds"),
    ("data", ("snapshot", "snapshot_sha256", "tables", "as_of"), True, "trained on other data"),
    ("code", ("code", "revision", "dirty"), True, "what the code computes may differ"),
    ("lock", ("lock", "lock_sha256", "packages", "python"), True, "libraries make the numbers"),
    ("weights", ("weights", "weights_sha256"), True, "what forecasts is another file"),
    ("model", ("model", "name", "parameters", "inputs", "outputs"), True, "the model itself"),
    (
        "place",
        ("machine", "host", "at", "run", "run_id", "number", "version", "data", "model_version"),
        False,
        "where and when it ran; the hashes of what went in are compared by themselves",
    ),
)
"""Part, the keys it is known by, whether a change of it is material, and why."""


@dataclass(frozen=True, slots=True)
class Change:
    """One value that differs between two manifests.

    Attributes
    ----------
    path : str
        Dotted name in the manifest.
    part : str
        ``settings, seeds, data, code, lock, weights, model, place`` or ``other``.
    before, after : JSON value
        ``absent`` where that manifest does not have it.
    material : bool
    why : str
        Why the change is material or is not.
    """

    path: str
    part: str
    before: Any
    after: Any
    material: bool
    why: str


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """What differs between two manifests, by dotted name.

    A value is compared as a value: the order of keys does not matter, that of a list does.
    What no rule knows is material.
    """
    old, new = flat(before), flat(after)
    found: list[Change] = []
    for path in sorted(old.keys() | new.keys()):
        was, now = old.get(path, ABSENT), new.get(path, ABSENT)
        if was == now and type(was) is type(now):
            continue
        part, material, why = _rule(path)
        found.append(Change(path, part, was, now, material, why))
    return found


def sections(inputs: Inputs) -> list[Section]:
    """Sections of the change log."""
    if inputs.previous is None:
        told = fact("since", "Compared with", "nothing: it is the first version of this model")
        return [section("changes", "Changes", told)]
    found = differences(inputs.previous["manifest"], inputs.manifest)
    rows = [
        [
            one.part,
            one.path,
            one.before,
            one.after,
            "material" if one.material else "not material",
            one.why,
        ]
        for one in found
    ]
    material = sorted({one.part for one in found if one.material})
    return [
        section(
            "changes",
            "Changes",
            fact("since", "Compared with version", inputs.previous["version"]),
            fact(
                "answer",
                "Answer",
                f"material: {', '.join(material)}" if material else "not material",
            ),
            fact(
                "differences",
                "Every difference of the manifests",
                table(("part", "what", "before", "after", "material", "why"), rows),
            ),
            spoken("materiality", "Materiality, as the validator sees it", roles=["validator"]),
        )
    ]


def _rule(path: str) -> tuple[str, bool, str]:
    """The rule of the most telling component of a dotted name: the first one that is known."""
    parts = path.split(".")
    if parts[-1] in ("seed", "seeds"):
        return "seeds", True, "other draws; judged by stability over seeds"
    for component in parts:
        for part, keys, material, why in _RULES:
            if component in keys:
                return part, material, why
    return "other", True, "no rule knows it, so it counts"
