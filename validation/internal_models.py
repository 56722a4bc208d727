"""What supervisors ask of a bank's own market risk model beside backtests, as dated parameters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class InternalModelRule:
    """Parameters of expected shortfall, stress, P&L attribution and modellability.

    Attributes
    ----------
    es_alpha : float
        Confidence level of ES.
    base_horizon : int
        Sessions of the shocks that every longer liquidity horizon is scaled from.
    horizons : tuple of int
        The ladder of liquidity horizons, ascending, from the base on; sessions.
    liquidity_horizons : tuple of (str, int)
        Horizon of each class of risk factors.
    currencies : tuple of str
        Those whose rates have the short horizon; so has a book's own.
    pairs : tuple of (str, str)
        Currencies whose exchange rate has the short horizon, either way round.
    stressed_since : str
        ISO date from which the stressed period is looked for.
    window : int
        Sessions of a calibration period of twelve months.
    reduced_share : float
        Least share of the full set's current ES that the reduced set must reach.
    attribution_sessions : int
        Sessions over which P&L attribution is judged.
    spearman, kolmogorov : tuple of (float, float)
        Where amber begins and where red does: a correlation below, a distance above.
    observations : int
        Real prices in twelve months that make a factor modellable, if they are spread out:
    spread_days, spread_observations : int
        no period of so many calendar days with fewer than so many of them;
    observations_alone : int
        or so many, however they lie.
    """

    es_alpha: float
    base_horizon: int
    horizons: tuple[int, ...]
    liquidity_horizons: tuple[tuple[str, int], ...]
    currencies: tuple[str, ...]
    pairs: tuple[tuple[str, str], ...]
    stressed_since: str
    window: int
    reduced_share: float
    attribution_sessions: int
    spearman: tuple[float, float]
    kolmogorov: tuple[float, float]
    observations: int
    spread_days: int
    spread_observations: int
    observations_alone: int

    def horizon(self, factor_class: str) -> int:
        """Liquidity horizon of a class, in sessions.

        Raises
        ------
        ValueError
            If the rule has no such class.
        """
        known = dict(self.liquidity_horizons)
        if factor_class not in known:
            raise ValueError(
                f"factor_class={factor_class!r} has no liquidity horizon. There are "
                f"{', '.join(known)}."
            )
        return known[factor_class]


def liquidity_adjusted(es: Sequence[float], rule: InternalModelRule) -> float:
    r"""ES over the liquidity horizons, from ES of base-horizon shocks to fewer and fewer factors.

    :math:`\sqrt{\sum_j \left( ES_j \sqrt{(LH_j - LH_{j-1}) / T} \right)^2}` with
    :math:`LH_0 = 0` and the base horizon :math:`T`.

    Parameters
    ----------
    es : sequence of float
        One for each rung of the ladder: only factors whose horizon is at least that long move.
    rule : InternalModelRule

    References
    ----------
    Basel Committee (2019), *Minimum capital requirements for market risk*, MAR33.4 and MAR33.5.
    """
    if len(es) != len(rule.horizons):
        raise ValueError(
            f"es must hold one number for each of the horizons {rule.horizons}, got {len(es)}."
        )
    steps = np.diff(np.array([0, *rule.horizons])) / rule.base_horizon
    return float(np.sqrt(steps @ np.square(np.array(es, dtype=np.float64))))


BASEL_2019_MODELS = InternalModelRule(
    es_alpha=0.975,
    base_horizon=10,
    horizons=(10, 20, 40, 60, 120),
    liquidity_horizons=(
        ("rate_specified", 10),
        ("rate", 20),
        ("rate_volatility", 60),
        ("spread_sovereign_investment_grade", 20),
        ("spread_sovereign_high_yield", 40),
        ("spread_corporate_investment_grade", 40),
        ("spread_corporate_high_yield", 60),
        ("spread_volatility", 120),
        ("equity_large", 10),
        ("equity_small", 20),
        ("equity_large_volatility", 20),
        ("equity_small_volatility", 60),
        ("fx_specified", 10),
        ("fx", 20),
        ("fx_volatility", 40),
        ("commodity_energy", 20),
        ("commodity_metal", 20),
        ("commodity", 60),
        ("commodity_energy_volatility", 60),
        ("commodity_metal_volatility", 60),
        ("commodity_volatility", 120),
        ("other", 120),
    ),
    currencies=("EUR", "USD", "GBP", "AUD", "JPY", "SEK", "CAD"),
    pairs=(
        *(
            ("USD", other)
            for other in (
                *("EUR", "JPY", "GBP", "AUD", "CAD", "CHF", "MXN", "CNY", "NZD", "RUB", "HKD"),
                *("SGD", "TRY", "KRW", "SEK", "ZAR", "INR", "NOK", "BRL"),
            )
        ),
        ("EUR", "JPY"),
        ("EUR", "GBP"),
        ("EUR", "CHF"),
        ("AUD", "JPY"),
    ),
    stressed_since="2007-01-01",
    window=250,
    reduced_share=0.75,
    attribution_sessions=250,
    spearman=(0.80, 0.70),
    kolmogorov=(0.09, 0.12),
    observations=24,
    spread_days=90,
    spread_observations=4,
    observations_alone=100,
)
"""MAR31.13 (modellability), MAR32.38 to 32.44 (attribution), MAR33.1 to 33.12 (ES, stress,
horizons), from knowledge of the standard: the profile says when a person has read it."""
