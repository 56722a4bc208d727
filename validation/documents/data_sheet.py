"""4 Data sheet and lineage: which files, what was missing, what was filled in, who survived."""

from __future__ import annotations

from typing import Any

from validation.documents.inputs import Inputs
from validation.documents.schema import Section, fact, known, section, spoken, table

UNKEPT = "feeds.json of this version was not found"
SURVIVORSHIP = (
    "Series that exist today are over-represented where a source keeps only survivors. No "
    "correction is made; listed_to marks the series that ended."
)


def sections(inputs: Inputs) -> list[Section]:
    """Sections of the data sheet."""
    feeds, source = inputs.feeds, inputs.source("feeds.json")
    about: dict[str, Any] = {"source": source, "mandatory": True}
    return [
        section(
            "files",
            "Raw files",
            fact("snapshot", "Snapshot SHA-256", inputs.version_row.get("snapshot_sha256")),
            known("tables", "Tables and their hashes", _tables(feeds), UNKEPT, **about),
        ),
        section(
            "quality",
            "Gaps",
            known("feeds", "Every series with the gate's answer", _feeds(feeds), UNKEPT, **about),
            known(
                "imputed_share",
                "Share of expected closes that were imputed",
                _imputed(feeds),
                UNKEPT,
                **about,
            ),
            known("books", "Books", _books(feeds), UNKEPT, source=source),
        ),
        section(
            "bias",
            "Survivorship and rights",
            fact("survivorship", "Survivorship", SURVIVORSHIP),
            spoken("rights", "Licences of the sources, checked", roles=["developer", "approver"]),
        ),
        section(
            "lineage",
            "Lineage",
            fact("code", "Code revision", _code(inputs)),
            fact("manifest", "Manifest", dict(inputs.manifest)),
            fact("weights", "Weights SHA-256", inputs.version_row.get("weights_sha256")),
        ),
    ]


def _tables(feeds: Any) -> dict[str, Any] | None:
    if feeds is None:
        return None
    rows = [[one["table"], one["file"], one["rows"], one["sha256"]] for one in feeds["tables"]]
    return table(("table", "file", "rows", "sha256"), rows)


def _feeds(feeds: Any) -> dict[str, Any] | None:
    if feeds is None:
        return None
    names = ("table", "series", "answer", "expected", "missing", "imputed", "reason")
    return table(names, [[one[name] for name in names] for one in feeds["feeds"]])


def _imputed(feeds: Any) -> dict[str, Any] | None:
    if feeds is None:
        return None
    counted = [one for one in feeds["feeds"] if one["expected"]]
    expected = sum(one["expected"] for one in counted)
    imputed = sum(one["imputed"] for one in counted)
    share = imputed / expected if expected else 0.0
    return {"imputed": imputed, "expected": expected, "share": share}


def _books(feeds: Any) -> dict[str, Any] | None:
    if feeds is None:
        return None
    names = ("book", "answer", "excluded", "reason")
    return table(names, [[one[name] for name in names] for one in feeds["books"]])


def _code(inputs: Inputs) -> str | None:
    code = inputs.manifest.get("code", inputs.manifest)
    revision = code.get("revision") if isinstance(code, dict) else code
    return None if revision is None else str(revision)
