"""Which of many books raise an alarm, with a bound on the share of false ones among them."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float


def e_benjamini_hochberg(
    evidence: Float[np.ndarray, " book"], *, level: float
) -> Bool[np.ndarray, " book"]:
    r"""Books whose forecasts are rejected, at most a share ``level`` of them wrongly on average.

    The :math:`k` largest e-values are rejected, for the largest :math:`k` with
    :math:`k \, e_{(k)} \ge K / level` among :math:`K` books. Unlike the procedure for p-values it
    needs no correction however the books depend on each other, and books share most of their risk.

    Parameters
    ----------
    evidence : array of shape (book,)
        An e-value for each book, e.g. the exponential of `validation.e_backtest.Wealth.grem`
        today. Not its highest value so far: the bound fails for those (Tavyrikov, Goeman and
        de Heide 2025). NaN where a book has none; it counts as a book and is never rejected.
    level : float
        False discovery rate in (0, 1).

    Returns
    -------
    bool array of shape (book,)

    Raises
    ------
    ValueError
        If the level is outside (0, 1), or an e-value is negative.

    References
    ----------
    Wang and Ramdas (2022), *False discovery rate control with e-values*.
    """
    if not 0 < level < 1:
        raise ValueError(f"level is a false discovery rate in (0, 1), got {level}.")
    if (evidence < 0).any():
        raise ValueError(
            f"evidence must not be negative, got {np.nanmin(evidence)}. "
            "Pass e-values, not their logarithms."
        )
    known = np.where(np.isnan(evidence), 0.0, evidence)
    order = np.argsort(-known, kind="stable")
    books = len(known)
    enough = np.flatnonzero(np.arange(1, books + 1) * known[order] * level >= books)
    rejected = np.zeros(books, dtype=bool)
    if enough.size:
        rejected[order[: enough[-1] + 1]] = True
    return rejected
