"""Figures with intervals, from what the evidence holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

NORMAL_95 = 1.959963984540054


def binomial_interval(count: int, n: int, *, level: float = 0.95) -> tuple[float, float]:
    """Exact interval of a probability after ``count`` of ``n``.

    Parameters
    ----------
    count, n : int
    level : float
        Coverage, at least.

    References
    ----------
    Clopper and Pearson (1934), *The use of confidence or fiducial limits*.
    """
    if not 0 <= count <= n or n == 0:
        raise ValueError(f"count must lie in 0..n with n at least 1, got {count} of {n}.")
    from scipy.stats import beta

    half = (1 - level) / 2
    low = 0.0 if count == 0 else float(beta.ppf(half, count, n - count + 1))
    high = 1.0 if count == n else float(beta.ppf(1 - half, count + 1, n - count))
    return low, high


def difference_interval(difference: float | None, t: float | None) -> tuple[float, float] | None:
    """Asymptotic 95% interval of a mean difference from its HAC t; None where there is no t."""
    if difference is None or t is None or t == 0 or difference == 0:
        return None
    half = NORMAL_95 * abs(difference / t)
    return difference - half, difference + half


def rate_text(group: Mapping[str, Any]) -> str:
    """Exceedance rate of one series with its interval, in percent.

    The interval takes exceedances as independent; it is for one portfolio, never for pooled ones.
    """
    low, high = binomial_interval(group["exceedances"], group["n"])
    rate = group["exceedances"] / group["n"]
    return f"{100 * rate:.2f}% ({100 * low:.2f}% to {100 * high:.2f}%)"


def interval_text(bounds: tuple[float, float] | list[float] | None, *, digits: int = 4) -> str:
    """Bounds as text; ``none`` where there are none."""
    return "none" if bounds is None else f"{bounds[0]:.{digits}f} to {bounds[1]:.{digits}f}"
