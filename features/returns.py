"""Realised simple returns of instruments and books, with the instants at which they are known."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
from numpy.typing import NDArray
import numpy as np


@dataclass(frozen=True, slots=True)
class History:
    """Realised one-session simple returns of one instrument or one book.

    Attributes
    ----------
    name : str
    asset_class : str
        The instrument's, or ``book``.
    dates : DatetimeIndex of shape (time,)
        Session at whose close each return is realised; tz-naive midnight dates.
    returns : array of shape (time,)
        Simple returns since the session before, a pure number; always finite.
    clean : bool array of shape (time,)
        False where the return is touched by a gap, an imputed or quarantined close or an
        unadjusted roll: a model may see it, a realised P&L may not.
    origins : DatetimeIndex of shape (time,), UTC
        Instant at which a forecast from that session is made: its close plus one hour (for a
        book, the latest holding's). An input enters it only if known by then.
    """

    name: str
    asset_class: str
    dates: pd.DatetimeIndex
    returns: NDArray[np.float64]
    clean: NDArray[np.bool_]
    origins: pd.DatetimeIndex
