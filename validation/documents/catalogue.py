"""The sixteen documents, in their order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from validation.documents import (
    assurance,
    awaited,
    backtest_report,
    card,
    challenge,
    changes,
    data_sheet,
    development,
    inventory,
    monitoring,
    overrides,
    oversight,
    validation_report,
)
from validation.documents.inputs import Inputs
from validation.documents.schema import SCHEMA, Document, Section, speak


@dataclass(frozen=True, slots=True)
class Kind:
    """One of the sixteen: number, name of its files, title, and what builds its sections."""

    number: int
    name: str
    title: str
    sections: Callable[[Inputs], list[Section]]

    @property
    def stem(self) -> str:
        """Name of its files without the ending: ``02-model-card``."""
        return f"{self.number:02d}-{self.name}"


KINDS: tuple[Kind, ...] = (
    Kind(1, "inventory", "Inventory record", inventory.sections),
    Kind(2, "model-card", "Model card", card.sections),
    Kind(3, "development", "Development", development.sections),
    Kind(4, "data-sheet", "Data sheet and lineage", data_sheet.sections),
    Kind(5, "validation-report", "Validation report", validation_report.sections),
    Kind(6, "backtest-report", "Backtest report", backtest_report.sections),
    Kind(7, "attribution", "P&L attribution and modellability", awaited.attribution),
    Kind(8, "stress-calibration", "Stress calibration", awaited.stress),
    Kind(9, "scenario-certificate", "Scenario-set certificate", awaited.certificate),
    Kind(10, "adversarial-report", "Adversarial report", awaited.adversarial),
    Kind(11, "challenge-log", "Effective-challenge log", challenge.sections),
    Kind(12, "monitoring", "Monitoring plan and report", monitoring.sections),
    Kind(13, "override-log", "Override, veto and adjustment log", overrides.sections),
    Kind(14, "change-log", "Change log", changes.sections),
    Kind(15, "oversight", "Human oversight and runbook", oversight.sections),
    Kind(16, "assurance", "Assurance bundle", assurance.sections),
)


def build(
    kind: Kind,
    inputs: Inputs,
    *,
    previous_sha256: str | None = None,
    statements: Mapping[str, Mapping[str, str]] | None = None,
) -> Document:
    """One document of a version.

    Parameters
    ----------
    kind : Kind
    inputs : Inputs
    previous_sha256 : str, optional
        Of the same document before it, whose statements are carried over.
    statements : mapping of address to mapping, optional
        ``value``, ``by`` and ``at`` of what people have said, see `schema.speak`.
    """
    document: Document = {
        "schema": SCHEMA,
        "name": kind.name,
        "number": kind.number,
        "title": kind.title,
        "model": inputs.model,
        "version": inputs.version,
        "generated_at": inputs.generated_at,
        "manifest_sha256": inputs.manifest_sha256,
        "previous_sha256": previous_sha256,
        "sections": kind.sections(inputs),
    }
    return speak(document, statements or {})
