"""A set is believed while every byte of it and of its papers is as it was signed."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from flows.outputs import json_bytes
from flows.provenance import Provenance
from flows.refusal import BlockedError, RefusedError
from flows.scenario_sets.manifest import Recipe, signed_manifest, statement_digest
from flows.scenario_sets.verify import stamp, usable, verify
from flows.signing import CONFIGURED, Signer, signer

CLEAN = Provenance("abc123", dirty=False, lock="1f", python="3.11", machine="Linux", packages={})
DIRTY = Provenance("abc123", dirty=True, lock="1f", python="3.11", machine="Linux", packages={})
TIMES = {"began": "2024-12-31T22:00:00+00:00", "ended": "2024-12-31T22:00:09+00:00"}


def recipe(verdict: str = "PASS") -> Recipe:
    return Recipe(
        model={"name": "fhs", "snapshot": "5a", "train_until": "2024-12-31"},
        sampling={"paths": 4, "horizon": 2, "seed": 0},
        filters=[{"rule": "finite", "rejected": 0}],
        parents={},
        verdict=verdict,
        settings={"model": "fhs"},
    )


Maker = Callable[..., Path]


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Maker:
    monkeypatch.delenv(CONFIGURED, raising=False)

    def make(name: str = "set", **given: Any) -> Path:
        directory = tmp_path / name
        (directory / "model").mkdir(parents=True)
        np.save(directory / "paths.npy", np.ones((4, 2, 1), dtype=np.float32))
        (directory / "model" / "fhs.json").write_text("{}")
        told: dict[str, Any] = {"made_by": CLEAN, "signer": signer(tmp_path), "times": TIMES}
        told |= given
        manifest = signed_manifest(directory, told.pop("recipe", recipe()), **told)
        (directory / "manifest.json").write_bytes(json_bytes(manifest))
        return directory

    return make


def manifest_of(directory: Path) -> dict[str, Any]:
    return json.loads((directory / "manifest.json").read_text())


def test_an_untouched_set_is_intact_and_marked_local(made: Maker, tmp_path: Path):
    checked = verify(made(), root=tmp_path)
    assert checked.faults == ()
    assert checked.marks == ("LOCAL",)
    assert stamp(checked).startswith("LOCAL")
    assert usable(tmp_path / "set", root=tmp_path).manifest["sha256"]


def test_the_hash_does_not_depend_on_when_or_by_whom(made: Maker, tmp_path: Path):
    first, second = made("a"), made("b", times={"began": "2025-01-01T00:00:00+00:00"})
    assert manifest_of(first)["sha256"] == manifest_of(second)["sha256"]
    third = made("c", recipe=replace(recipe(), sampling={"seed": 1}))
    assert manifest_of(third)["sha256"] != manifest_of(first)["sha256"]


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda d: (d / "paths.npy").write_bytes(b"other"), "paths.npy: has SHA-256"),
        (lambda d: (d / "paths.npy").unlink(), "paths.npy: is missing"),
        (lambda d: (d / "model" / "extra.json").write_text(""), "extra.json: is not in the"),
    ],
)
def test_a_file_that_was_touched_is_named(
    made: Maker, tmp_path: Path, damage: Callable[[Path], object], reason: str
):
    directory = made()
    damage(directory)
    (fault,) = verify(directory, root=tmp_path).faults
    assert reason in fault
    with pytest.raises(RefusedError, match=reason):
        usable(directory, root=tmp_path)


def rewritten(directory: Path, change: Callable[[dict[str, Any]], object]) -> None:
    told = manifest_of(directory)
    change(told)
    (directory / "manifest.json").write_bytes(json_bytes(told))


def test_papers_that_were_touched_up_are_not_believed(made: Maker, tmp_path: Path):
    directory = made(made_by=DIRTY)

    def launder(told: dict[str, Any]) -> None:
        told["predicate"]["marks"], told["predicate"]["unofficial"] = [], []
        told["sha256"] = statement_digest(told)

    rewritten(directory, launder)
    (fault,) = verify(directory, root=tmp_path).faults
    assert "was changed after it was signed" in fault


def test_signing_again_with_another_key_does_not_help(made: Maker, tmp_path: Path):
    forger = Signer(signer(tmp_path / "forger").key, "local")
    (fault,) = verify(made(signer=forger), root=tmp_path).faults
    assert "does not know" in fault


def test_times_are_signed_though_they_do_not_enter_the_hash(made: Maker, tmp_path: Path):
    directory = made()
    rewritten(directory, lambda told: told["run"].update(began="2019-01-01T00:00:00+00:00"))
    assert verify(directory, root=tmp_path).faults


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"made_by": DIRTY}, "working tree"),
        ({"recipe": recipe("FAIL")}, "hard gate"),
        ({"unofficial": ["a parent could not be verified"]}, "parent"),
    ],
)
def test_an_unofficial_set_is_for_research_only(
    made: Maker, tmp_path: Path, given: dict[str, Any], reason: str
):
    directory = made(**given)
    with pytest.raises(BlockedError, match=reason):
        usable(directory, root=tmp_path)
    assert "UNOFFICIAL" in usable(directory, root=tmp_path, research=True).marks


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"predicateType": "other"}', '{"a": 1, "a": 2}', "\xff"],
)
def test_what_is_no_manifest_is_refused(made: Maker, tmp_path: Path, text: str):
    directory = made()
    (directory / "manifest.json").write_text(text, encoding="latin-1")
    with pytest.raises(RefusedError, match=r"manifest\.json"):
        verify(directory, root=tmp_path)


@pytest.mark.parametrize("part", ["subject", "predicate", "sha256"])
def test_a_manifest_without_a_part_is_refused(made: Maker, tmp_path: Path, part: str):
    directory = made()
    rewritten(directory, lambda told: told.pop(part))
    with pytest.raises(RefusedError, match="the manifest"):
        verify(directory, root=tmp_path)
