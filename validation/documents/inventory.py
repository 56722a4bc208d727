"""1 Inventory record: what the model is for, whose it is, and how much hangs on it."""

from __future__ import annotations

from validation.documents.inputs import Inputs
from validation.documents.schema import Section, fact, section, spoken
from validation.supervision import regulation_table


def sections(inputs: Inputs) -> list[Section]:
    """Sections of the inventory record."""
    row = inputs.version_row
    texts = regulation_table()
    rules = "; ".join(
        f"{text['title']} ({text['in_force']}; {text['read']})" for text in texts["texts"]
    )
    profiles = "; ".join(
        f"{one['key']}: {one['source']} (effective {one['effective']}; {one['read']})"
        for one in texts["profiles"]
    )
    return [
        section(
            "identity",
            "Identity",
            fact("model", "Model", inputs.model),
            fact("version", "Version", inputs.version),
            fact("manifest", "Manifest SHA-256", inputs.manifest_sha256),
            fact("as_of", "Trained on data up to", row.get("as_of")),
            fact("cause", "Why it was trained", row.get("cause")),
            fact("trained_by", "Recorded by", row.get("actor")),
            fact("recorded", "Recorded at", row.get("at")),
        ),
        section(
            "purpose",
            "Purpose and owners",
            fact(
                "output",
                "What it states",
                "VaR and ES of the next session's P&L of a book, at the levels it was trained for",
            ),
            spoken(
                "intended_use",
                "Intended use, signed off",
                roles=["approver"],
                mandatory=True,
            ),
            spoken("owner", "Model owner", roles=["developer", "approver"]),
            spoken("materiality", "Materiality, by exposure and purpose", roles=["validator"]),
            spoken("not_for", "Uses that are ruled out", roles=["approver", "validator"]),
        ),
        section(
            "rules",
            "Rules it answers to",
            fact("texts", "Supervisory texts, with the date they were read", rules),
            fact("profiles", "Backtesting profiles", profiles),
            spoken("ai_act", "EU AI Act classification, reasoned", roles=["approver"]),
        ),
    ]
