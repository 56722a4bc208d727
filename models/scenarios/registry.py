"""Every scenario generator by name, fitted on what was known at an as-of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from features.crosssection import block_of
from features.market import MarketData, truncate
from features.shown_liquidity import shown_liquidity
from models.base import ScenarioModel
from models.scenarios.filtered import FilteredHistory
from models.scenarios.filtering import Filtered, filter_assets
from models.scenarios.liquid import Liquid, Recursive
from models.scenarios.liquidity import fit_liquidity

if TYPE_CHECKING:
    from models.scenarios.day_law import DayLaw
    from models.scenarios.dynamic_correlation import Kind
    from models.scenarios.preparation import Prepared

STATISTICAL = ("fhs", "gaussian", "copula")
NEURAL = ("flow", "diffusion", "vae")
GENERATORS = (*STATISTICAL, *NEURAL)


def fit_generator(
    name: str,
    market: MarketData,
    instruments: Sequence[str],
    *,
    as_of: pd.Timestamp,
    seed: int,
    correlation: Kind | None = None,
    liquid: bool = False,
    jobs: int = 1,
) -> ScenarioModel:
    """Fit a generator of joint scenarios of some instruments.

    Parameters
    ----------
    name : {"fhs", "gaussian", "copula", "flow", "diffusion", "vae"}
    market : MarketData
        May reach beyond the as-of: what does is not used.
    instruments : sequence of str
        Prices, FX rates, rates and spreads alike; their order is the set's axis order.
    as_of : Timestamp
        Scenarios start from the closes known then.
    seed : int
        Of everything random in the fit; draws have their own.
    correlation : {"static", "ewma", "dcc", "learned"}, optional
        How dependence moves; by default whichever explained the last 30% of the sessions best
        when fitted on those before. ``fhs`` has none: its dates carry their own.
    liquid : bool
        Whether to draw spread and depth beside the moves, of the assets that have shown theirs.
    jobs : int
        Processes that fit volatilities; the answer does not depend on it.

    Raises
    ------
    ValueError
        If there is no such generator, or the instruments are refused (see `filter_assets`).
    """
    if name not in GENERATORS:
        raise ValueError(f"name must be one of {', '.join(GENERATORS)}, got {name!r}.")
    filtered = filter_assets(market, instruments, as_of=as_of, seed=seed, jobs=jobs)
    if name == "fhs":
        model: Recursive = FilteredHistory.of(filtered)
    else:
        prepared = prepared_for(market, filtered, correlation=correlation)
        model = fit_prepared(name, prepared, seed=seed)
    return with_liquidity(model, market, filtered) if liquid else model


def with_liquidity(model: Recursive, market: MarketData, filtered: Filtered) -> ScenarioModel:
    """The generator with spread and depth; as it is where no asset has shown its spread."""
    spread, depth = shown_liquidity(
        _known(market, filtered), [asset.instrument for asset in model.assets], filtered.dates
    )
    squares = np.where(filtered.known, filtered.residual**2 * filtered.variance[:-1], np.nan)
    liquidity = fit_liquidity(squares, spread, depth)
    return Liquid(model, liquidity) if np.isfinite(liquidity.law).any() else model


def prepared_for(
    market: MarketData, filtered: Filtered, *, correlation: Kind | None = None
) -> Prepared:
    """What the rolled generators are fitted on; one preparation serves all of them."""
    from models.scenarios.macro_state import macro_history
    from models.scenarios.preparation import prepare

    return prepare(
        filtered,
        blocks=[block_of(market.instruments[asset.instrument]) for asset in filtered.assets],
        macro=macro_history(_known(market, filtered), filtered.dates),
        kind=correlation,
    )


def fit_prepared(name: str, prepared: Prepared, *, seed: int) -> Recursive:
    """Fit a generator other than ``fhs`` on prepared history."""
    if name == "gaussian":
        from models.scenarios.gaussian import gaussian

        return gaussian(prepared)
    if name == "copula":
        from models.scenarios.copula import copula

        return copula(prepared)
    from models.scenarios.neural_rolled import with_law

    return with_law(prepared, _fit_law(name, prepared, seed=seed), seed=seed)


def _known(market: MarketData, filtered: Filtered) -> MarketData:
    """What of the market was known at the as-of."""
    return truncate(market, filtered.as_of) if filtered.as_of < market.as_of else market


def _fit_law(name: str, prepared: Prepared, *, seed: int) -> DayLaw:
    """One session's law of the whitened factors, given what was known before."""
    from models.scenarios.diffusion import fit_diffusion
    from models.scenarios.flow import fit_flow
    from models.scenarios.vae import fit_vae

    factors, condition = prepared.path.whitened, prepared.condition[:-1]
    if name == "flow":
        return fit_flow(factors, condition, seed=seed)
    if name == "diffusion":
        return fit_diffusion(factors, condition, seed=seed)
    return fit_vae(factors, condition, seed=seed)
