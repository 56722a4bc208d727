"""Whether a scenario set is what its manifest says, and whether the manifest is to be believed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flows.refusal import BlockedError, RefusedError
from flows.scenario_sets.manifest import (
    LOCAL,
    UNOFFICIAL,
    digests_of,
    read_manifest,
    signed_bytes,
    statement_digest,
)
from flows.signing import fault_of_signature


@dataclass(frozen=True, slots=True)
class Verified:
    """What became of checking a set.

    Attributes
    ----------
    manifest : mapping
    faults : tuple of str
        Each names the file, what is wrong and what to do; empty for an intact set.
    """

    manifest: dict[str, Any]
    faults: tuple[str, ...]

    @property
    def marks(self) -> tuple[str, ...]:
        """Marks of the set: ``LOCAL``, ``UNOFFICIAL``, both or none."""
        return tuple(self.manifest["predicate"]["marks"])

    def as_dict(self) -> dict[str, Any]:
        """Plain values, as they go into JSON."""
        return {
            "schema": "foreshock.verify/1",
            "sha256": self.manifest["sha256"],
            "marks": list(self.marks),
            "unofficial": self.manifest["predicate"]["unofficial"],
            "faults": list(self.faults),
        }


def verify(directory: Path, *, root: Path) -> Verified:
    """Check every file against the manifest, the manifest against its hash and its signature.

    Parameters
    ----------
    directory : Path
        A scenario set.
    root : Path
        State root, whose keys are known.

    Raises
    ------
    RefusedError
        If there is no manifest to check against.
    """
    manifest = read_manifest(directory)
    if (shape := _misshapen(manifest)) is not None:
        raise RefusedError(f"{directory}: the manifest {shape}. Make the set again.")
    listed = {str(one["name"]): str(one["digest"]["sha256"]) for one in manifest["subject"]}
    found = digests_of(directory)
    faults = [
        *(f"{name}: is missing. Restore it." for name in sorted(listed.keys() - found.keys())),
        *(
            f"{name}: is not in the manifest. Remove it."
            for name in sorted(found.keys() - listed.keys())
        ),
        *(
            f"{name}: has SHA-256 {found[name][:12]}, the manifest says {listed[name][:12]}. "
            f"Restore it, or make the set again."
            for name in sorted(listed.keys() & found.keys())
            if listed[name] != found[name]
        ),
    ]
    if statement_digest(manifest) != manifest["sha256"]:
        faults.append("manifest.json: its hash is not that of its content. Make the set again.")
    fault = fault_of_signature(root, signed_bytes(manifest), manifest.get("signature"))
    if fault is not None:
        faults.append(f"manifest.json: {fault}")
    return Verified(manifest, tuple(faults))


def usable(directory: Path, *, root: Path, research: bool = False) -> Verified:
    """A set that risk may be computed on.

    Parameters
    ----------
    directory, root : Path
    research : bool
        Whether an ``UNOFFICIAL`` set will do; a damaged one never does.

    Raises
    ------
    RefusedError
        If the set is not intact.
    BlockedError
        If it is ``UNOFFICIAL`` and research was not asked for.
    """
    checked = verify(directory, root=root)
    if checked.faults:
        raise RefusedError("\n".join(f"{directory}: {fault}" for fault in checked.faults))
    if UNOFFICIAL in checked.marks and not research:
        why = "; ".join(checked.manifest["predicate"]["unofficial"])
        raise BlockedError(
            f"{directory}: the set is {UNOFFICIAL} ({why}). Make it from a clean commit and a "
            f"generator that passes its gates, or pass --research."
        )
    return checked


def stamp(checked: Verified) -> str:
    """One line that tells a reader how far a set is to be trusted."""
    if UNOFFICIAL in checked.marks:
        return f"{UNOFFICIAL}: {'; '.join(checked.manifest['predicate']['unofficial'])}"
    return f"{LOCAL}: signed by this machine's own key" if LOCAL in checked.marks else "official"


def _misshapen(manifest: dict[str, Any]) -> str | None:
    """What a manifest lacks to be checked at all; anything may have been done to the file."""
    subject, predicate = manifest.get("subject"), manifest.get("predicate")
    if not isinstance(subject, list) or not all(
        isinstance(one, dict) and isinstance(one.get("digest"), dict) and "sha256" in one["digest"]
        for one in subject
    ):
        return "lists no files"
    if not isinstance(predicate, dict) or not isinstance(predicate.get("marks"), list):
        return "says nothing of how the set was made"
    return None if isinstance(manifest.get("sha256"), str) else "has no hash"
