"""7 to 10: documents of capabilities that this version does not have; they say so."""

from __future__ import annotations

from validation.documents.inputs import Inputs
from validation.documents.schema import Section, not_applicable, not_computed, section, spoken

OF_BOOKS = "it belongs to a book and not to a version: `foreshock risk --profile` tells it of one"
NO_GENERATOR = "no scenario generator is part of it"


def attribution(inputs: Inputs) -> list[Section]:
    """7 P&L attribution and modellability."""
    del inputs
    return [
        section(
            "attribution",
            "P&L attribution",
            not_applicable("pla", "Risk-theoretical against hypothetical P&L", OF_BOOKS),
        ),
        section(
            "modellability",
            "Modellability",
            not_applicable("rfet", "Risk factor eligibility", OF_BOOKS),
        ),
    ]


def stress(inputs: Inputs) -> list[Section]:
    """8 Stress calibration."""
    del inputs
    return [
        section(
            "stress",
            "Stress calibration",
            not_applicable("period", "Stressed period and reduced set", NO_GENERATOR),
            not_computed("stressed_es", "Stressed ES", "no stress scenarios are calibrated"),
        )
    ]


def certificate(inputs: Inputs) -> list[Section]:
    """9 Scenario-set certificate."""
    del inputs
    return [
        section(
            "certificate",
            "Scenario-set certificate",
            not_applicable("sets", "Scenario sets issued", NO_GENERATOR),
        )
    ]


def adversarial(inputs: Inputs) -> list[Section]:
    """10 Adversarial report."""
    del inputs
    return [
        section(
            "attacks",
            "Attacks",
            not_computed("attacks", "Seeded attacks and their pass lines", "none was run"),
            spoken("accepted", "Attacks whose success is accepted", roles=["validator"]),
        )
    ]
