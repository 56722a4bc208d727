"""The Gaussian generator: normal residuals, correlated, each asset with its own volatility."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from models.scenarios.marginals import SCORES
from models.scenarios.preparation import Prepared
from models.scenarios.rolled import Rolled


def gaussian(prepared: Prepared) -> Rolled:
    """Generator ``gaussian`` of prepared history; static or dynamic as its dynamics are.

    Residuals are normal with their own mean and deviation: no tail beyond that of the variances.
    """
    filtered = prepared.filtered
    residual = np.where(filtered.known, filtered.residual, np.nan)
    centre, spread = np.nanmean(residual, axis=0), np.nanstd(residual, axis=0)
    table = centre[:, None] + spread[:, None] * SCORES
    return Rolled(
        name="gaussian",
        assets=filtered.assets,
        recursions=prepared.recursions,
        factors=replace(prepared.factors, nu=np.inf),
        dynamics=prepared.dynamics,
        market=prepared.market,
        start=prepared.start,
        table=table.astype(np.float32),
        notes=prepared.notes,
    )
