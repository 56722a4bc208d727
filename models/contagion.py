"""The ripple of one default: to its sector, its counterparties, and the market."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from models.default_copula import DefaultCopula


@dataclass(frozen=True, slots=True)
class Issuers:
    """Who may default, and what is known of each.

    Attributes
    ----------
    names : tuple of str
    spread : array of shape (issuer,)
        Credit spread, decimal, at ``tenor`` years.
    recovery : array of shape (issuer,)
        Of face value, in [0, 1).
    tenor : float
        Years.
    exposure : array of shape (issuer, issuer)
        Row i holds what issuer i loses, as a share of its own loss-bearing capital, when column j
        loses all of its capital: the shock matrix.

    Raises
    ------
    ValueError
        If a recovery or an exposure is out of range, or shocks would grow without end.
    """

    names: tuple[str, ...]
    spread: Float[np.ndarray, " issuer"]
    recovery: Float[np.ndarray, " issuer"]
    exposure: Float[np.ndarray, "issuer issuer"]
    tenor: float = 5.0

    def __post_init__(self) -> None:
        if not ((self.recovery >= 0.0) & (self.recovery < 1.0)).all():
            worst = int(np.argmax(~((self.recovery >= 0.0) & (self.recovery < 1.0))))
            raise ValueError(
                f"recovery must lie in [0, 1), got {self.recovery[worst]} for {self.names[worst]}. "
                f"40% is written 0.4."
            )
        if not (self.spread > 0.0).all():
            worst = int(np.argmin(np.where(np.isfinite(self.spread), self.spread, -np.inf)))
            raise ValueError(
                f"spread must be above zero, got {self.spread[worst]} for {self.names[worst]}."
            )
        if not ((self.exposure >= 0.0).all() and np.isfinite(self.exposure).all()):
            raise ValueError("exposure must be finite and at least zero: a loss is no gain.")
        radius = float(np.abs(np.linalg.eigvals(self.exposure)).max())
        if radius >= 1.0:
            raise ValueError(
                f"exposure has spectral radius {radius:.3f}: each round of losses would be larger "
                f"than the one before. It must be below one; state capital and exposures anew."
            )

    @property
    def hazard(self) -> Float[np.ndarray, " issuer"]:
        """Default intensity per year that the spread pays for: spread over loss given default."""
        return self.spread / (1.0 - self.recovery)

    def probability(self, years: float) -> Float[np.ndarray, " issuer"]:
        """Risk-neutral probability of default within a time."""
        return -np.expm1(-self.hazard * years)


@dataclass(frozen=True, slots=True)
class Ripple:
    """What one default does to every issuer; arrays have one entry per issuer.

    Attributes
    ----------
    names : tuple of str
    defaulted : str
    probability_before, probability_after : array
        Of default within the tenor.
    spread_before, spread_after : array
        Decimal; of the defaulted issuer the one before, since it pays its recovery now.
    capital_lost : array
        Share of loss-bearing capital lost through counterparties, direct and indirect.
    equity : array
        Log return of the equity; minus infinity for the defaulted issuer, whose shares are gone.
    market : float
        Mean move of the market factor that goes with this default, in its standard deviations.
    """

    names: tuple[str, ...]
    defaulted: str
    probability_before: Float[np.ndarray, " issuer"]
    probability_after: Float[np.ndarray, " issuer"]
    spread_before: Float[np.ndarray, " issuer"]
    spread_after: Float[np.ndarray, " issuer"]
    capital_lost: Float[np.ndarray, " issuer"]
    equity: Float[np.ndarray, " issuer"]
    market: float

    @property
    def ranked(self) -> tuple[int, ...]:
        """Issuers from hardest hit to least, the defaulted one first."""
        widening = self.spread_after / self.spread_before
        widening = np.where([name == self.defaulted for name in self.names], np.inf, widening)
        return tuple(int(place) for place in np.argsort(-widening, kind="stable"))


def ripple(
    issuers: Issuers,
    copula: DefaultCopula,
    *,
    defaulted: str,
    equity_on_spread: float,
) -> Ripple:
    """Let one issuer jump to default and follow what comes of it.

    Two channels meet. What the default *tells*: the copula's default probabilities given that this
    one fell, which knows of sector and market. What it *costs*: capital lost by whoever is owed,
    and by whoever is owed by them, solved at once as a Leontief inverse; an issuer whose capital
    shrinks by a share has its hazard raised by one over what is left.

    Parameters
    ----------
    issuers : Issuers
    copula : DefaultCopula
        Of the same issuers in the same order, over the tenor of the spreads.
    defaulted : str
    equity_on_spread : float
        Log return of an equity for each unit by which the log of its issuer's spread rises; below
        zero. See `fit_equity_on_spread`.

    Raises
    ------
    ValueError
        If the issuer is unknown, the copula is of others, or the sensitivity is above zero.

    References
    ----------
    Jarrow and Yu (2001), *Counterparty risk and the pricing of defaultable securities*; Leontief
    inverse as in Elsinger, Lehar and Summer (2006), *Risk assessment for banking systems*.
    """
    if defaulted not in issuers.names:
        raise ValueError(
            f"defaulted: {defaulted} is no issuer here ({', '.join(issuers.names)}). Name one of "
            f"them."
        )
    if len(copula.probability) != len(issuers.names):
        raise ValueError(
            f"copula speaks of {len(copula.probability)} issuers and there are "
            f"{len(issuers.names)}. Build both from one table."
        )
    if equity_on_spread > 0.0:
        raise ValueError(
            f"equity_on_spread must not be above zero, got {equity_on_spread}: shares do not rise "
            f"because credit worsens."
        )
    at = issuers.names.index(defaulted)
    told = copula.given_default(at)
    lost = capital_lost(issuers, at)
    others = np.arange(len(told)) != at
    hazard = issuers.hazard.copy()
    hazard[others] = -np.log1p(-told[others]) / issuers.tenor / (1.0 - lost[others])
    hazard = np.maximum(hazard, issuers.hazard)  # a default is never good news here
    after = -np.expm1(-hazard * issuers.tenor)
    after[at] = 1.0
    spread = hazard * (1.0 - issuers.recovery)
    equity = equity_on_spread * np.log(spread / issuers.spread)
    equity[at] = -np.inf
    return Ripple(
        names=issuers.names,
        defaulted=defaulted,
        probability_before=issuers.probability(issuers.tenor),
        probability_after=after,
        spread_before=issuers.spread,
        spread_after=spread,
        capital_lost=lost,
        equity=equity,
        market=copula.market_given_default(at),
    )


LEAST_CAPITAL = 0.02
"""Share of its capital that no issuer is taken to lose through others: at nothing it would have
defaulted too, and that is a question of its own."""


def capital_lost(issuers: Issuers, at: int) -> Float[np.ndarray, " issuer"]:
    """Share of capital that each issuer loses when one loses all of it, all rounds together."""
    rest = np.eye(len(issuers.names)) - issuers.exposure
    hit = issuers.exposure[:, at] * (1.0 - issuers.recovery[at])
    lost = np.clip(np.linalg.solve(rest, hit), 0.0, 1.0 - LEAST_CAPITAL)
    lost[at] = 1.0
    return lost


def copula_of(issuers: Issuers, shape: DefaultCopula) -> DefaultCopula:
    """The copula with the default probabilities that the spreads pay for."""
    return replace(shape, probability=issuers.probability(issuers.tenor))


def counterparties(
    names: Sequence[str], groups: Sequence[str], *, share: float
) -> Float[np.ndarray, "issuer issuer"]:
    """Shock matrix of issuers that owe each other inside their groups, for want of a better one.

    Parameters
    ----------
    names, groups : sequence of str
        Issuers, and the counterparty group of each; an empty group owes nobody.
    share : float
        Share of capital that an issuer loses when all others of its group lose theirs, in [0, 1).
    """
    if not 0.0 <= share < 1.0:
        raise ValueError(f"share must lie in [0, 1), got {share}.")
    same = np.array([[bool(a) and a == b for b in groups] for a in groups], dtype=np.float64)
    np.fill_diagonal(same, 0.0)
    others = same.sum(axis=1, keepdims=True)
    return share * np.divide(same, others, out=np.zeros((len(names), len(names))), where=others > 0)


def fit_equity_on_spread(
    equity: Float[np.ndarray, " session"], log_spread: Float[np.ndarray, " session"]
) -> float:
    """Slope of an equity's log returns on changes of the log spread, through the origin.

    Raises
    ------
    ValueError
        If fewer than 250 sessions have both.
    """
    change = np.diff(log_spread)
    known = np.isfinite(change) & np.isfinite(equity[1:])
    if int(known.sum()) < 250:
        raise ValueError(
            f"{int(known.sum())} sessions have a return and a change of spread; 250 are needed. "
            f"Give a longer past, or state the sensitivity."
        )
    x, y = change[known], equity[1:][known]
    return min(float(x @ y / (x @ x)), 0.0)
