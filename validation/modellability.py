"""Modellability: how many real prices each risk factor has, and how they lie over the year."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from validation.internal_models import InternalModelRule


@dataclass(frozen=True, slots=True)
class RealPrices:
    """Evidence for one factor over the twelve months to a date.

    Attributes
    ----------
    observations : int
        Dates with a real price; at most one counts a day.
    fewest : int
        In any period of the rule's length inside the twelve months.
    enough : bool
        Whether the rule's counts are met. That a price is real is the bank's to show.
    """

    observations: int
    fewest: int
    enough: bool


def real_prices(
    dates: pd.DatetimeIndex, as_of: pd.Timestamp, *, rule: InternalModelRule
) -> RealPrices:
    """Count a factor's observations in the twelve months up to a date.

    Parameters
    ----------
    dates : DatetimeIndex
        Days with an observation, in any order, repeated ones counted once.
    as_of : pandas.Timestamp
    rule : InternalModelRule

    References
    ----------
    Basel Committee (2019), *Minimum capital requirements for market risk*, MAR31.13.
    """
    first = as_of - pd.DateOffset(years=1) + pd.Timedelta(days=1)
    days = pd.date_range(first, as_of)
    seen = np.zeros(len(days), dtype=np.int64)
    at = days.get_indexer(dates.normalize().unique())
    seen[at[at >= 0]] = 1
    total = np.concatenate([[0], np.cumsum(seen)])
    fewest = int((total[rule.spread_days :] - total[: -rule.spread_days]).min())
    count = int(seen.sum())
    spread = count >= rule.observations and fewest >= rule.spread_observations
    return RealPrices(count, fewest, spread or count >= rule.observations_alone)
