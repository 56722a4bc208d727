"""Supervisory texts that the documents answer to, dated, and whether anybody here has read them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from validation.regulation import NOT_READ, PROFILES


@dataclass(frozen=True, slots=True)
class SupervisoryText:
    """One text.

    Attributes
    ----------
    key, jurisdiction, title : str
    in_force : str
        ISO date from which it holds; ``not stated`` where this catalogue does not know it.
    read : str
        ISO date on which the text was read for this catalogue, or ``not read``.
    bearing : str
        What the project takes from it, as its owners understand it.
    """

    key: str
    jurisdiction: str
    title: str
    in_force: str
    read: str
    bearing: str


TEXTS: tuple[SupervisoryText, ...] = (
    SupervisoryText(
        "us_model_risk_2026",
        "United States",
        "SR 26-2 / OCC Bulletin 2026-13 / FIL-15-2026, model risk management",
        "2026-04-17",
        NOT_READ,
        "Principles; materiality by exposure and purpose; no duty by the calendar. Generative AI "
        "stands outside its scope by a footnote: generators are treated as in scope here, which "
        "is a decision that a person has to sign.",
    ),
    SupervisoryText(
        "us_sr_11_7",
        "United States",
        "SR 11-7 / OCC Bulletin 2011-12, Supervisory guidance on model risk management",
        "2011-04-04 to 2026-04-17",
        NOT_READ,
        "Replaced; its documents stay a superset that is safe to keep.",
    ),
    SupervisoryText(
        "uk_ss1_23",
        "United Kingdom",
        "Prudential Regulation Authority, SS1/23, Model risk management principles for banks",
        "2024-05-17",
        NOT_READ,
        "Identification, governance, development, independent validation and mitigants.",
    ),
    SupervisoryText(
        "eu_ai_act",
        "European Union",
        "Regulation (EU) 2024/1689, Artificial Intelligence Act, high-risk duties",
        "2027-12-02",
        NOT_READ,
        "Portfolio VaR is not on its list of high-risk uses: taken as not high-risk by default, "
        "which a person reasons and signs.",
    ),
    SupervisoryText(
        "bcbs_239",
        "Basel Committee",
        "BCBS 239, Principles for effective risk data aggregation and risk reporting",
        "not stated",
        NOT_READ,
        "Lineage of every figure, from raw files to reports.",
    ),
)
"""The catalogue; whoever reads a text writes the date into its entry."""


def regulation_table() -> dict[str, Any]:
    """Profiles and texts as plain values, each with its source and the date it was read."""
    return {
        "profiles": [asdict(profile) for profile in PROFILES.values()],
        "texts": [asdict(text) for text in TEXTS],
    }
