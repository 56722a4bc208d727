"""Dated profiles of the supervisors' rules for internal models; no rule is a constant in code."""

from __future__ import annotations

from dataclasses import dataclass, replace

from validation.internal_models import BASEL_2019_MODELS, InternalModelRule


@dataclass(frozen=True, slots=True)
class RegulationProfile:
    """One supervisor's rules, as of one publication.

    Attributes
    ----------
    key, name, source, published, effective : str
        How settings name the rule, what it is called, where it stands, and its ISO dates.
    read : str
        ISO date on which the source was read for this profile, or ``not read``.
    note : str
        What was taken from elsewhere, or may still change; often empty.
    observations : int
        One-day forecasts in the backtesting window.
    alpha : float
        Confidence level of the VaR that sets the multiplier.
    amber_from, red_from : float
        Binomial probability of that many exceedances or fewer at which the zone begins.
    multipliers : tuple of float
        Capital multiplier for 0, 1, 2, ... exceedances; the last holds for all above.
    desk_limits : tuple of (float, int)
        Confidence level and the most exceedances a desk may have and keep its internal model.
    models : InternalModelRule
        Liquidity horizons, stressed calibration, P&L attribution and modellability.
    """

    key: str
    name: str
    source: str
    published: str
    effective: str
    read: str
    observations: int
    alpha: float
    amber_from: float
    red_from: float
    multipliers: tuple[float, ...]
    desk_limits: tuple[tuple[float, int], ...]
    models: InternalModelRule
    note: str = ""

    def multiplier(self, exceedances: int) -> float:
        """Capital multiplier after ``exceedances`` in one full window."""
        return self.multipliers[min(exceedances, len(self.multipliers) - 1)]

    def desk_keeps_internal_model(self, exceedances: int, *, alpha: float) -> bool:
        """Whether a desk with ``exceedances`` of its one-day VaR may go on using its model.

        Parameters
        ----------
        exceedances : int
            Exceedances in one full window.
        alpha : float
            Confidence level of that VaR; one of ``desk_limits``.

        Raises
        ------
        ValueError
            If the profile has no limit at ``alpha``.
        """
        limits = dict(self.desk_limits)
        if alpha not in limits:
            raise ValueError(
                f"alpha={alpha} has no desk limit in {self.name}. It sets limits at "
                f"{', '.join(map(str, limits))}."
            )
        return exceedances <= limits[alpha]


NOT_READ = "not read"

BASEL_2019 = RegulationProfile(
    key="basel_2019",
    name="Basel 2019",
    source=(
        "Basel Committee on Banking Supervision, Minimum capital requirements for market risk "
        "(d457), MAR31 (modellability), MAR32 (zones, desk limits, P&L attribution) and MAR33 "
        "(multiplier, expected shortfall, liquidity horizons)"
    ),
    published="2019-02-25",
    effective="2023-01-01",
    read=NOT_READ,
    observations=250,
    alpha=0.99,
    amber_from=0.95,
    red_from=0.9999,
    multipliers=(1.50, 1.50, 1.50, 1.50, 1.50, 1.70, 1.76, 1.83, 1.88, 1.92, 2.00),
    desk_limits=((0.99, 12), (0.975, 30)),
    models=BASEL_2019_MODELS,
)

EU_2027 = replace(
    BASEL_2019,
    key="eu_2027",
    name="European Union 2027",
    source=(
        "Regulation (EU) No 575/2013, Article 325bf, as amended by Regulation (EU) 2024/1623: "
        "Regulatory back-testing requirements and multiplication factors"
    ),
    published="2024-06-19",
    effective="2027-01-01",
    note=(
        "Figures are carried over from Basel 2019 and wait for a person's check. Of the article "
        "only an excerpt of its first three paragraphs was seen (2026-11-24): overshootings over "
        "the last 250 business days, and the limit of 12; not the table of factors."
    ),
)

UK_2028_DRAFT = replace(
    BASEL_2019,
    key="uk_2028_draft",
    name="United Kingdom 2028, draft",
    source=(
        "Prudential Regulation Authority, CP9/26, Basel 3.1: Adjustments to the internal model "
        "approach (IMA) for market risk; PS1/26"
    ),
    published="2026-06-19",
    effective="2028-01-01",
    note=(
        "A consultation that closed on 2026-09-18; dates are those of third parties' summaries. "
        "Figures are carried over from Basel 2019 and wait for the final rules."
    ),
)

PROFILES = {profile.key: profile for profile in (BASEL_2019, EU_2027, UK_2028_DRAFT)}
"""Every profile by the name that settings use."""


def profile_of(key: str) -> RegulationProfile:
    """The profile of that name.

    Raises
    ------
    ValueError
        If there is none.
    """
    if key not in PROFILES:
        raise ValueError(
            f"key must name a regulation profile, got {key!r}. Choose from {', '.join(PROFILES)}."
        )
    return PROFILES[key]
