"""What the documents of one version are built from: plain values, and where each came from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Record = Mapping[str, Any]


def _nothing() -> dict[str, Any]:
    return {}


def _no_rows() -> dict[str, Sequence[Record]]:
    return {}


@dataclass(frozen=True, slots=True)
class Inputs:
    """Everything known of one version.

    Attributes
    ----------
    model : str
        Name in the forecast table, e.g. ``combined``.
    version : int
    manifest : mapping
        What the version was made with; its hash identifies it.
    manifest_sha256, generated_at : str
    version_row : mapping
        ``as_of, cause, cause_evidence, snapshot_sha256, weights_sha256, actor, at`` of the ledger.
    evidence, feeds, shadow, drift : mapping or None
        The files of its run; None where the version was trained and not judged.
    exceedances : sequence of mapping or None
        ``portfolio, alpha, target, var, es, pnl`` of every exceedance of the model.
    gates : sequence of mapping
        ``name, threshold, value, passed``, latest result of each.
    sources : mapping of file to SHA-256
    previous : mapping or None
        ``version`` and ``manifest`` of the version before it.
    rows : mapping of kind to ledger rows
        Those that concern this version; overrides, alerts and flags while it was champion.
    lock : str or None
        Text of the lock file whose hash the manifest names.
    desk : mapping
        Settings of the desk in force.
    configurations_seen : int or None
        Pairs of settings and code judged on these years so far.
    tests_sha256 : str or None
        Of the test results, where there are any.
    """

    model: str
    version: int
    manifest: Record
    manifest_sha256: str
    generated_at: str
    version_row: Record
    evidence: Record | None = None
    feeds: Record | None = None
    shadow: Record | None = None
    drift: Record | None = None
    exceedances: Sequence[Record] | None = None
    gates: Sequence[Record] = ()
    sources: Mapping[str, str] = field(default_factory=_nothing)
    previous: Record | None = None
    rows: Mapping[str, Sequence[Record]] = field(default_factory=_no_rows)
    lock: str | None = None
    desk: Record = field(default_factory=_nothing)
    configurations_seen: int | None = None
    tests_sha256: str | None = None

    def of(self, kind: str) -> Sequence[Record]:
        """Ledger rows of a kind, in their order."""
        return self.rows.get(kind, ())

    def source(self, name: str) -> str:
        """Name and SHA-256 of a file; the name and ``not recorded`` where it has none."""
        return f"{name} sha256:{self.sources.get(name, 'not recorded')}"
