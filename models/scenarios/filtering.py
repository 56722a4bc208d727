"""Each asset through its own GJR-GARCH up to an as-of, and the residuals on common sessions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float
from joblib import Parallel, delayed, parallel_config

from features.instruments import Instrument
from features.market import MarketData, truncate
from features.splits import Window
from models.base import Asset
from models.garch import Params, filter_path
from models.garch_fit import fit_windows
from models.scenarios.filling import filled_residuals
from models.scenarios.marginals import Marginals, fit_marginals

LARGEST_RESIDUAL = 30.0
"""Beyond, a series did not move but changed its nature, as a peg that breaks: read as this."""

FEWEST = 500
"""Moves an asset needs: its tails are fitted to a tenth of them on each side."""


class UnfittableError(ValueError):
    """Series that no generator can be fitted to; whoever did not name them may leave them out.

    Attributes
    ----------
    reasons : dict of instrument to str
    """

    def __init__(self, reasons: dict[str, str]) -> None:
        super().__init__("\n".join(reasons.values()))
        self.reasons = reasons


@dataclass(frozen=True, slots=True)
class Filtered:
    """What every generator starts from.

    Rows are common sessions: dates on which at least half of the assets then listed have a close,
    from the first on which half of all have a residual.

    Attributes
    ----------
    assets : tuple of Asset
    dates : DatetimeIndex of shape (time,)
    residual : array of shape (time, asset)
        Standardised residual of each move; always finite, see ``known``.
    known : bool array of shape (time, asset)
        False where an asset has no residual of its own (a holiday, a gap, a break, the years
        before it was listed): there it is drawn given the others, see `filling`.
    variance : array of shape (time + 1, asset)
        Conditional variance before each row; the last row is the forecast at the as-of. Held at
        its last value where an asset does not move.
    params : tuple of Params
        Of the moves, not of simple returns.
    marginals : Marginals
        Of the known residuals.
    as_of : Timestamp
    snapshot : str
        Of the raw tables.
    """

    assets: tuple[Asset, ...]
    dates: pd.DatetimeIndex
    residual: Float[np.ndarray, "time asset"]
    known: Bool[np.ndarray, "time asset"]
    variance: Float[np.ndarray, "times asset"]
    params: tuple[Params, ...]
    marginals: Marginals
    as_of: pd.Timestamp
    snapshot: str

    @property
    def state(self) -> Float[np.ndarray, " asset"]:
        """Variance of the next session's moves."""
        return self.variance[-1]

    @property
    def limits(self) -> tuple[Float[np.ndarray, " asset"], Float[np.ndarray, " asset"]]:
        """Least and greatest variance that each asset has had: no path leaves them."""
        return self.variance.min(axis=0), self.variance.max(axis=0)


def filter_assets(
    market: MarketData,
    instruments: Sequence[str],
    *,
    as_of: pd.Timestamp,
    seed: int,
    jobs: int = 1,
    fitted: Filtered | None = None,
) -> Filtered:
    """Fit and filter each asset on what was known at the as-of.

    A move runs between consecutive closes of an asset on common sessions; an imputed close is no
    close, and a move over a break is no move. A move over a gap moves the variance, but it covers
    several sessions and its residual is not kept.

    Parameters
    ----------
    market : MarketData
        May reach beyond the as-of; what does is cut first.
    instruments : sequence of str
        Axis order of the scenarios.
    as_of : Timestamp
    seed : int
        Of the residuals that are drawn where there are none.
    jobs : int
        Processes to fit on; the answer does not depend on it.
    fitted : Filtered, optional
        Of the same instruments at an earlier as-of: its parameters and marginal laws are kept,
        and only the state moves on.

    Raises
    ------
    ValueError
        If an instrument is unknown or named twice, or ``fitted`` is of others.
    UnfittableError
        If some have fewer than `FEWEST` moves, or a likelihood without a maximum; names all.
    """
    _check_names(market, instruments)
    if fitted is not None and [asset.instrument for asset in fitted.assets] != list(instruments):
        raise ValueError("fitted must be of the same instruments in the same order. Fit these.")
    known_market = truncate(market, as_of) if as_of < market.as_of else market
    close = _closes(known_market, instruments)
    with parallel_config("loky", n_jobs=jobs, inner_max_num_threads=1):
        tried = list(
            Parallel()(
                delayed(_tried)(
                    close[name].to_numpy(),
                    _broken(known_market, name, close.index),
                    market.instruments[name],
                    None if fitted is None else fitted.params[at],
                )
                for at, name in enumerate(instruments)
            )
        )
    failed = {
        n: str(one)
        for n, one in zip(instruments, tried, strict=True)
        if isinstance(one, ValueError)
    }
    if failed:
        raise UnfittableError(failed)
    series = [one for one in tried if isinstance(one, _Series)]
    residual = np.column_stack([one.residual for one in series])
    variance = np.column_stack([one.variance for one in series])
    half = np.isfinite(residual).sum(axis=1) * 2 >= len(instruments)
    first = int(np.argmax(half))
    residual, variance = residual[first:], variance[first:]
    marginals = fit_marginals(residual) if fitted is None else fitted.marginals
    generator = np.random.default_rng(np.random.SeedSequence(seed))
    return Filtered(
        assets=tuple(
            _asset(market.instruments[name], float(close[name].dropna().iloc[-1]))
            for name in instruments
        ),
        dates=pd.DatetimeIndex(close.index[first:]),
        residual=filled_residuals(residual, marginals, generator=generator),
        known=np.isfinite(residual),
        variance=variance,
        params=tuple(one.params for one in series),
        marginals=marginals,
        as_of=as_of,
        snapshot=market.snapshot,
    )


@dataclass(frozen=True, slots=True)
class _Series:
    residual: Float[np.ndarray, " time"]
    variance: Float[np.ndarray, " times"]
    params: Params


def _tried(
    close: Float[np.ndarray, " time"],
    broken: Bool[np.ndarray, " time"],
    instrument: Instrument,
    params: Params | None,
) -> _Series | ValueError:
    """What became of one asset; a failure waits for the others, so that all are named at once."""
    try:
        return _filtered(close, broken, instrument, params)
    except ValueError as error:
        return error


def _filtered(
    close: Float[np.ndarray, " time"],
    broken: Bool[np.ndarray, " time"],
    instrument: Instrument,
    params: Params | None,
) -> _Series:
    """Residual of each common session, and the variance before it."""
    rows = np.flatnonzero(np.isfinite(close))
    start, end = rows[:-1], rows[1:]
    if instrument.move == "log":
        moves = np.log(close[end] / close[start])
    else:
        moves = close[end] - close[start]
    breaks = np.concatenate([[0], np.cumsum(broken)])
    whole = breaks[end + 1] == breaks[start + 1]
    start, end, moves = start[whole], end[whole], moves[whole]
    if moves.size < FEWEST:
        raise ValueError(
            f"instruments: {instrument.name} has {moves.size} moves by the as-of and a generator "
            f"needs {FEWEST} of each. Leave it out, or choose a later as-of."
        )
    window = Window(fit_end=moves.size, start=moves.size - 1, stop=moves.size)
    try:
        params = params or fit_windows(moves, [window], family="gjr")[0]
        path = filter_path(moves, params)
    except ValueError as error:
        raise ValueError(f"{instrument.name}: {error}") from error
    residual = np.full(close.size, np.nan)
    single = end - start == 1
    bounded = np.clip(path.residual, -LARGEST_RESIDUAL, LARGEST_RESIDUAL)
    residual[end[single]] = bounded[single]
    # Before row t the variance is the one that the next move at or after t is measured by.
    following = np.searchsorted(end, np.arange(close.size + 1))
    return _Series(residual, path.sigma[following] ** 2, params)


def _closes(market: MarketData, instruments: Sequence[str]) -> pd.DataFrame:
    """Closes that were seen, on the dates on which half of the assets then listed have one."""
    names = list(instruments)
    close = market.close[names].mask(market.imputed[names])
    seen = close.notna().to_numpy()
    listed = np.maximum.accumulate(seen, axis=0)
    ended = np.maximum.accumulate(seen[::-1], axis=0)[::-1]
    alive = (listed & ended).sum(axis=1)
    # At the last dates an asset that is only closed looks as if it had ended; its fellows decide.
    return close.loc[(2 * seen.sum(axis=1) >= alive) & seen.any(axis=1)]


def _broken(market: MarketData, name: str, dates: pd.Index) -> Bool[np.ndarray, " time"]:
    """Whether a break lies after the common session before each date, up to it."""
    if name not in market.breaks.columns:
        return np.zeros(len(dates), dtype=np.bool_)
    broken = market.breaks.index[market.breaks[name]]
    flags = np.zeros(len(dates), dtype=np.bool_)
    at = dates.searchsorted(broken)
    flags[at[at < len(dates)]] = True
    return flags


def _asset(instrument: Instrument, last_close: float) -> Asset:
    return Asset(
        instrument=instrument.name,
        kind=instrument.kind,
        move=instrument.move,
        currency=instrument.currency,
        last_close=last_close,
    )


def _check_names(market: MarketData, instruments: Sequence[str]) -> None:
    if not instruments:
        raise ValueError("instruments must not be empty. Name at least one.")
    if len(set(instruments)) < len(instruments):
        twice = next(name for name in instruments if list(instruments).count(name) > 1)
        raise ValueError(f"instruments name {twice!r} twice. Name each once.")
    for name in instruments:
        if name not in market.instruments:
            raise ValueError(
                f"instruments name {name!r}, which is not in the market or was rejected. "
                "See its finding, or the spelling."
            )
