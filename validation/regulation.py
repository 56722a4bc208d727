"""Dated profiles of the supervisors' backtesting rules; no rule is a constant in code."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RegulationProfile:
    """One supervisor's backtesting rule, as of one publication.

    Attributes
    ----------
    name, source, published, effective : str
        What the rule is called, where it stands, and its ISO dates.
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
    """

    name: str
    source: str
    published: str
    effective: str
    observations: int
    alpha: float
    amber_from: float
    red_from: float
    multipliers: tuple[float, ...]
    desk_limits: tuple[tuple[float, int], ...]

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


BASEL_2019 = RegulationProfile(
    name="Basel 2019",
    source=(
        "Basel Committee on Banking Supervision, Minimum capital requirements for market risk "
        "(d457), MAR32 (zones, desk limits) and MAR33 (multiplier)"
    ),
    published="2019-02-25",
    effective="2023-01-01",
    observations=250,
    alpha=0.99,
    amber_from=0.95,
    red_from=0.9999,
    multipliers=(1.50, 1.50, 1.50, 1.50, 1.50, 1.70, 1.76, 1.83, 1.88, 1.92, 2.00),
    desk_limits=((0.99, 12), (0.975, 30)),
)
