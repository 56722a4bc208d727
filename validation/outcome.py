"""What a statistical test answers: a statistic, its p-values and whether it could be computed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Outcome:
    """Answer of one test of one forecast series.

    Attributes
    ----------
    statistic : float or None
        Test statistic; None where it is undefined.
    p_value : float or None
        Asymptotic p-value (or the only one there is).
    p_exact : float or None
        Enumerated or simulated p-value.
    draws : int or None
        Number of simulated draws behind ``p_exact``; None where it was enumerated.
    status : str
        ``ok``, or ``not_computable: REASON``.
    """

    statistic: float | None = None
    p_value: float | None = None
    p_exact: float | None = None
    draws: int | None = None
    status: str = "ok"


def not_computable(reason: str) -> Outcome:
    """Outcome of a test whose input is absent or degenerate."""
    return Outcome(status=f"not_computable: {reason}")
