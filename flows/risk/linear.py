"""A book of weights on a scenario set: its return, and what each holding makes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from features.instruments import Instrument
from flows.refusal import RefusedError
from flows.risk.numbers import Outcomes
from flows.scenario_sets.files import ScenarioSet
from models.base import Asset

BLOCK = 8192
"""Paths that are compounded at a time."""


@dataclass(frozen=True, slots=True)
class Weights:
    """A book of weights.

    Attributes
    ----------
    weights : mapping of instrument to weight
        Fractions of value.
    instruments : mapping of name to Instrument
        Of the market, for the asset classes.
    """

    weights: Mapping[str, float]
    instruments: Mapping[str, Instrument]

    @property
    def positions(self) -> tuple[str, ...]:
        """Instruments held."""
        return tuple(self.weights)

    @property
    def holdings(self) -> Mapping[str, float]:
        """Weights."""
        return self.weights

    @property
    def unit(self) -> str:
        """P&L is a share of the book's value."""
        return "share"

    @property
    def size(self) -> float:
        """The whole value."""
        return 1.0

    def places(self, assets: Sequence[Asset]) -> list[int]:
        """Places of the holdings among the assets of a set.

        Raises
        ------
        RefusedError
            If one is not there, or is a risk factor that cannot be held.
        """
        return _held_places(self.weights, assets)

    def outcomes(self, told: ScenarioSet, *, horizon: int) -> Outcomes:
        """See `linear_outcomes`."""
        return linear_outcomes(self.weights, told, horizon=horizon, instruments=self.instruments)

    def repriced(
        self, assets: Sequence[Asset]
    ) -> Callable[[Float[np.ndarray, "path asset"]], Float[np.ndarray, "path position"]]:
        """Returns of the holdings for total log moves, bought and held: a move has no path."""
        at = self.places(assets)
        weights = np.array(list(self.weights.values()), dtype=np.float64)
        return lambda moves: np.expm1(moves[:, at]) * weights

    def alone(self, name: str) -> Weights | None:
        """All of the value in one instrument of the market; None where it is not in it."""
        return Weights({name: 1.0}, self.instruments) if name in self.instruments else None


def linear_outcomes(
    book: Mapping[str, float],
    told: ScenarioSet,
    *,
    horizon: int,
    instruments: Mapping[str, Instrument],
) -> Outcomes:
    """Simple returns of a book over the first ``horizon`` steps of a set, holding by holding.

    The book is rebalanced each session, as in a backtest. What a holding makes of a session is its
    weight times its return times the book's value before it, so that the parts add up to the
    compounded return.

    Parameters
    ----------
    book : mapping of instrument to weight
    told : ScenarioSet
    horizon : int
        At most the set's.
    instruments : mapping of name to Instrument
        For the asset classes.

    Raises
    ------
    RefusedError
        If the set is shorter than the horizon, or lacks a holding.
    """
    at = held_places(book, told)
    check_horizon(told, horizon)
    weights = np.array(list(book.values()), dtype=np.float64)
    parts = [
        compounded(block, weights) for block in _blocks(told, horizon=horizon, at=at) if len(block)
    ]
    return Outcomes(
        horizon=horizon,
        pnl=np.concatenate(parts) if parts else np.zeros((0, len(book))),
        positions=tuple(book),
        groups={"asset_class": tuple(instruments[name].asset_class for name in book)},
        weights=None if told.weights is None else np.asarray(told.weights),
    )


def compounded(
    log_moves: Float[np.ndarray, "path step holding"], weights: Float[np.ndarray, " holding"]
) -> Float[np.ndarray, "path holding"]:
    """What each holding adds to the compounded return of a rebalanced book."""
    returns = np.expm1(log_moves.astype(np.float64)) * weights
    value = np.cumprod(1.0 + returns.sum(axis=2), axis=1)
    before = np.concatenate([np.ones((len(value), 1)), value[:, :-1]], axis=1)
    return np.einsum("psh,ps->ph", returns, before)


def held_places(book: Mapping[str, float], told: ScenarioSet) -> list[int]:
    """Places of a book's holdings on the asset axis.

    Raises
    ------
    RefusedError
        If one is not in the set, or is a risk factor that cannot be held.
    """
    return _held_places(book, told.assets)


def check_horizon(told: ScenarioSet, horizon: int) -> None:
    """Refuse a horizon that a set does not reach.

    Raises
    ------
    RefusedError
        If it is not between one and the set's steps.
    """
    if not 1 <= horizon <= told.moves.shape[1]:
        raise RefusedError(
            f"horizon must lie in 1 to the set's {told.moves.shape[1]} sessions, got {horizon}. "
            f"Make a longer set."
        )


def _held_places(book: Mapping[str, float], assets: Sequence[Asset]) -> list[int]:
    place = {asset.instrument: k for k, asset in enumerate(assets)}
    if missing := sorted(set(book) - set(place)):
        raise RefusedError(
            f"scenarios: {', '.join(missing)} of the book is not in the set. Make one with "
            f"`foreshock scenarios --instruments` that names it."
        )
    for name in book:
        if assets[place[name]].move != "log":
            raise RefusedError(
                f"portfolio: {name} moves by differences: a risk factor, not a holding. Hold an "
                f"instrument on it."
            )
    return [place[name] for name in book]


def _blocks(
    told: ScenarioSet, *, horizon: int, at: list[int]
) -> Iterator[Float[np.ndarray, "path step holding"]]:
    """Moves of the holdings, some paths at a time: the set may be larger than memory."""
    for start in range(0, len(told.moves), BLOCK):
        yield np.asarray(told.moves[start : start + BLOCK, :horizon])[:, :, at]
