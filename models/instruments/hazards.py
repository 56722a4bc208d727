"""Default intensities that make every quoted credit default swap worth nothing, in each scenario.

The intensity is constant between two quoted tenors and after the last. A par swap pays protection
on default at the middle of a quarter, and its spread on each quarter's last day if the issuer
lives, else the part of it accrued (the mid-point rule).
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from jaxtyping import Float

from models.instruments.discounting import Discounts, discounts
from models.instruments.risk_factors import FactorIndex, base_levels
from models.instruments.schedules import after, quarters, year_fraction

NEWTON = 4
"""Steps in a scenario; the pricing error is concave in the intensity, so that none overshoots
twice. They start from the credit triangle, spread over loss, corrected by what it misses today."""
NEWTON_TODAY = 30
CEILING = 100.0
"""Intensity a year of a default that is as good as certain within days."""


@dataclass(frozen=True, slots=True)
class _Segment:
    """What a par swap pays between the tenor before its own and its own.

    ``times`` run from that tenor, and begin with 0; ``alpha`` are lengths of quarters in the
    spread's day count, ACT/360.
    """

    first: int
    times: torch.Tensor
    alpha: torch.Tensor


@dataclass(frozen=True, slots=True)
class _Issuers:
    """Issuers with the same tenors, whose swaps are discounted on one curve."""

    at_end: Discounts
    at_middle: Discounts
    segments: tuple[_Segment, ...]
    spread_rows: torch.Tensor
    loss: torch.Tensor
    missed: torch.Tensor
    steps: int = NEWTON

    def knots(self, levels: torch.Tensor) -> torch.Tensor:
        """Cumulative intensities at the tenors, of shape (tenor, issuer, path)."""
        return torch.cumsum(self.pieces(levels), dim=0)

    def pieces(self, levels: torch.Tensor) -> torch.Tensor:
        """What each tenor adds to the cumulative intensity of the one before."""
        end, middle = (torch.exp(each.log(levels)) for each in (self.at_end, self.at_middle))
        spreads = levels[self.spread_rows]  # (tenor, issuer, path)
        survival = torch.ones_like(spreads[0])
        protection, premium = torch.zeros_like(survival), torch.zeros_like(survival)
        total = torch.zeros_like(survival)
        found: list[torch.Tensor] = []
        guesses = self.missed + self.triangle(spreads)
        for segment, spread, guess in zip(self.segments, spreads, guesses, strict=True):
            stop = segment.first + len(segment.alpha)
            ends, middles = end[segment.first : stop, None], middle[segment.first : stop, None]
            alpha = segment.alpha[:, None, None]
            pays = self.loss * middles  # per unit of default in the quarter
            costs = 0.5 * alpha * middles
            net = pays - spread * costs
            # Coefficients of the survival probabilities at 0 and at the end of each quarter.
            inner = net[1:] - net[:-1] - spread * (alpha * ends)[:-1]
            last = -net[-1:] - spread * (alpha * ends)[-1:]
            weights = survival * torch.cat([net[:1], inner, last])
            rest = protection - spread * premium
            intensity = self._solve(weights, rest, segment.times, guess)
            alive = torch.exp(-intensity * segment.times[:, None, None])
            dead = survival * (alive[:-1] - alive[1:])
            protection = protection + (pays * dead).sum(0)
            premium = premium + (costs * dead + alpha * ends * survival * alive[1:]).sum(0)
            total = total + intensity * segment.times[-1]
            survival = torch.exp(-total)
            found.append(intensity * segment.times[-1])
        return torch.stack(found)

    def triangle(self, spreads: torch.Tensor) -> torch.Tensor:
        """Intensities that the spreads would mean if premium were paid all the time."""
        until = torch.cumsum(torch.stack([each.times[-1] for each in self.segments]), 0)
        risk = spreads / self.loss * until[:, None, None]
        risk = torch.cat([risk[:1], risk[1:] - risk[:-1]])
        return risk / torch.stack([each.times[-1] for each in self.segments])[:, None, None]

    def _solve(
        self, weights: torch.Tensor, rest: torch.Tensor, times: torch.Tensor, guess: torch.Tensor
    ) -> torch.Tensor:
        """Intensity at which the swap of one tenor is worth nothing; never below zero.

        Where spreads fall so steeply with the tenor that it would be, the issuer is safe until
        the next tenor; where they rise so steeply that none does, it is certain to default.
        """
        at = times[:, None, None]
        intensity = torch.clamp(guess, min=0.0, max=CEILING)
        for _ in range(self.steps):
            terms = weights * torch.exp(-intensity * at)
            step = (rest + terms.sum(0)) / (terms * at).sum(0)
            intensity = torch.clamp(intensity + step, min=0.0, max=CEILING)
        return intensity


@dataclass(slots=True)
class CreditIndex:
    """The issuers that a book depends on, and where their intensities stand.

    Attributes
    ----------
    index : FactorIndex
    """

    index: FactorIndex
    _first: dict[tuple[str, str], int] = field(default_factory=dict[tuple[str, str], int])
    _size: int = 0

    def rows(self, issuer: str, curve: str) -> tuple[Float[np.ndarray, " tenor"], list[int]]:
        """Times of an issuer's tenors, and the rows of its cumulative intensities.

        Raises
        ------
        ValueError
            If the issuer has no spreads, or there is no such curve.
        """
        quoted, _ = self.index.credit(issuer)
        self.index.curve(curve)
        as_of = self.index.market.as_of
        times = np.array([self.index.market.years(after(as_of, each)) for each in quoted.tenors])
        if (issuer, curve) not in self._first:
            self._first[issuer, curve] = self._size
            self._size += len(times)
        first = self._first[issuer, curve]
        return times, list(range(first, first + len(times)))

    def hazards(self) -> Hazards:
        """The solver of every issuer's intensities."""
        together: dict[tuple[str, tuple[float, ...]], list[str]] = {}
        for issuer, curve in self._first:
            tenors = tuple(self.index.market.credit[issuer].tenors.tolist())
            together.setdefault((curve, tenors), []).append(issuer)
        groups: list[_Issuers] = []
        order = np.empty(self._size, dtype=np.int64)
        done = 0
        for (curve, tenors), issuers in together.items():
            groups.append(_issuers(self.index, curve, tenors, issuers))
            for column, issuer in enumerate(issuers):
                for row in range(len(tenors)):
                    order[self._first[issuer, curve] + row] = done + row * len(issuers) + column
            done += len(tenors) * len(issuers)
        return Hazards(tuple(groups), torch.from_numpy(order))


@dataclass(frozen=True, slots=True)
class Hazards:
    """Cumulative default intensities of all issuers, as functions of the factors."""

    groups: tuple[_Issuers, ...]
    order: torch.Tensor

    def knots(self, levels: torch.Tensor) -> torch.Tensor:
        """Cumulative intensities of shape (knot, path) at levels of shape (factor, path)."""
        if not self.groups:
            return levels[:0]
        found = [group.knots(levels).flatten(0, 1) for group in self.groups]
        return torch.cat(found)[self.order]


def _issuers(
    index: FactorIndex, curve: str, tenors: tuple[float, ...], issuers: list[str]
) -> _Issuers:
    market = index.market
    dates = [market.as_of, *quarters(market.as_of, list(tenors))]
    middles = [left + (right - left) / 2 for left, right in itertools.pairwise(dates)]
    alpha = [year_fraction("ACT/360", left, right) for left, right in itertools.pairwise(dates)]
    segments: list[_Segment] = []
    before = 0
    for tenor in tenors:
        stop = dates.index(after(market.as_of, tenor))
        times = [
            market.years(date) - market.years(dates[before]) for date in dates[before : stop + 1]
        ]
        segments.append(_Segment(before, _column(times), _column(alpha[before:stop])))
        before = stop
    quoted = [index.credit(issuer) for issuer in issuers]
    guessed = _Issuers(
        at_end=discounts([{(curve, market.years(date)): 1.0} for date in dates[1:]], index),
        at_middle=discounts(
            [{(curve, market.years(date.floor("D"))): 1.0} for date in middles], index
        ),
        segments=tuple(segments),
        spread_rows=torch.tensor([rows for _, rows in quoted], dtype=torch.int64).T,
        loss=_column([1.0 - curve.recovery for curve, _ in quoted])[:, None],
        missed=torch.zeros((len(tenors), len(issuers), 1), dtype=torch.float64),
        steps=NEWTON_TODAY,
    )
    today, _ = base_levels(index.factors)
    lengths = torch.stack([each.times[-1] for each in segments])[:, None, None]
    exact = guessed.pieces(today) / lengths
    missed = exact - guessed.triangle(today[guessed.spread_rows])
    return replace(guessed, missed=missed, steps=NEWTON)


def _column(values: list[float]) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64)


def survival_weights(
    times: Float[np.ndarray, " tenor"], years: float
) -> Float[np.ndarray, " tenor"]:
    """How the cumulative intensity at one time follows from those at the tenors."""
    weights = np.zeros(len(times))
    right = min(int(np.searchsorted(times, years)), len(times) - 1)
    start = times[right - 1] if right else 0.0
    share = (years - start) / (times[right] - start)  # above 1 after the last tenor
    weights[right] = share
    if right:
        weights[right - 1] = 1.0 - share
    return weights
