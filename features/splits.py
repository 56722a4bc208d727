"""Walk-forward windows: which returns a fit may see and which origins it serves."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Window:
    """One refit of one series: fitted on rows before ``fit_end``, used from ``start`` to ``stop``.

    Rows are positions in the series; row ``t`` as an origin knows the returns up to and
    including ``t``.

    Attributes
    ----------
    fit_end : int
        The fit sees rows ``[0, fit_end)``.
    start, stop : int
        It serves the origins ``[start, stop)``; ``start`` is ``fit_end - 1``, the first row at
        which the last fitted return is known.
    """

    fit_end: int
    start: int
    stop: int


def refit_windows(n: int, *, first: int = 1000, every: int = 63) -> tuple[Window, ...]:
    """Expanding refits that together serve every origin with enough past exactly once.

    Appending rows lengthens the last window or adds new ones; no fit changes.

    Parameters
    ----------
    n : int
        Observations in the series.
    first : int
        Observations the first fit needs.
    every : int
        Origins between refits, in sessions.

    Raises
    ------
    ValueError
        If ``n`` is below ``first``, or either option below one.
    """
    if first < 1 or every < 1:
        raise ValueError(f"first and every must be at least 1, got {first} and {every}.")
    if n < first:
        raise ValueError(
            f"n is {n} observations and the first fit needs {first}. "
            "Give a longer history or leave the series out."
        )
    return tuple(
        Window(fit_end=start + 1, start=start, stop=min(start + every, n))
        for start in range(first - 1, n, every)
    )
