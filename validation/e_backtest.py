"""Backtests of VaR and ES that may be looked at every day: evidence as the wealth of a bettor.

Each session a bettor stakes a share of what it has against the forecast; what comes back is the
e-statistic of that session, worth at most its stake on average where the forecast is right. A
wealth that starts at 1 then reaches ``1 / level`` at any time whatever with probability at most
``level`` (Ville's inequality), however the losses depend on each other and whenever one looks.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from validation.exceedances import Series, tail_probability

Measure = Literal["var", "es"]

BOLDEST = 0.5
"""Largest share of the wealth that is staked, as in the paper: one session halves it at worst."""
LARGEST = 1e6
"""Largest e-statistic that is paid out. Smaller winnings leave every guarantee as it is; without
the bound one loss beyond a VaR that equals its ES would be infinite evidence."""
MEMORY = 500
"""Sessions from which the bettor learns how much to stake."""
CAUTION = 20
"""Sessions without any bet that the bettor has seen, so to say, before the first one."""
_STEPS, _SMALL = 50, 1e-9


def e_var(pnl: Series, var: Series, *, alpha: float) -> Series:
    r"""E-statistic of each VaR: :math:`1\{L > VaR\} / (1 - \alpha)` with the loss :math:`L = -pnl`.

    Parameters
    ----------
    pnl : array of shape (time,)
        Realised P&L; a gain is positive.
    var : array of shape (time,)
        Forecasts; a loss is positive.
    alpha : float
        Confidence level in (0.5, 1).

    Returns
    -------
    array of shape (time,)
        Zero or more, at most 1 on average where VaR is not too low. A loss equal to its VaR pays
        nothing. NaN where P&L or VaR is unknown.

    References
    ----------
    Wang, Wang and Ziegel, *E-backtesting* (arXiv 2209.00991), section 3.
    """
    paid = _var_paid(-pnl, var, tail_probability(alpha))
    return np.where(np.isnan(pnl) | np.isnan(var), np.nan, paid)


def e_es(pnl: Series, var: Series, es: Series, *, alpha: float) -> Series:
    r"""E-statistic of each (ES, VaR): :math:`(L - VaR)^+ / ((1 - \alpha) (ES - VaR))`.

    Parameters
    ----------
    pnl : array of shape (time,)
        Realised P&L; a gain is positive. The loss is :math:`L = -pnl`.
    var, es : array of shape (time,)
        Forecasts; losses are positive.
    alpha : float
        Confidence level in (0.5, 1).

    Returns
    -------
    array of shape (time,)
        Zero or more, at most 1 on average where VaR is right and ES is not too low. It is more
        where ES is right and VaR is wrong to either side, since then it is not the pair that was
        forecast. Where VaR equals ES no loss beyond is possible: 1 (no evidence) up to it and
        `LARGEST` beyond. NaN where anything is unknown.

    Raises
    ------
    ValueError
        If an ES is below its VaR.

    References
    ----------
    Wang, Wang and Ziegel, *E-backtesting* (arXiv 2209.00991), section 3.
    """
    _refuse_crossed(var, es)
    return _es_paid(-pnl, var, es, tail_probability(alpha))


def best_stake(evidence: Series) -> float:
    r"""Share :math:`\lambda` in [0, `BOLDEST`] under which the past would have earned most.

    The maximum of the mean of :math:`\log(1 - \lambda + \lambda e)`, by Newton's method rather
    than by the paper's one Taylor step: against a 1% VaR that is exceeded in 5% the step stakes a
    fifth of the best share, and the wealth grows half as fast. It is then shrunk by
    ``n / (n + CAUTION)``: the first exceedance of a short past says little. Any share that the
    past decides keeps the guarantee.

    Parameters
    ----------
    evidence : array of shape (time,)
        E-statistics of the past alone, none of them NaN.

    Returns
    -------
    float
        Zero where the past paid 1 or less on average, or there is none.
    """
    return _stake(evidence)


@dataclass(frozen=True, slots=True)
class Wealth:
    """What the bettor has after some sessions, under two ways to stake; plain numbers.

    Attributes
    ----------
    sessions : int
        Sessions of the history that were played, with those that could not be counted.
    gree, grel : float
        Natural logarithm of the wealth. GREE stakes by the e-statistics of the past, GREL by what
        the past losses would have paid on today's forecast.
    counted : int
        Sessions with P&L and forecast since the wealth last started at 1.
    spell : int
        Sessions with P&L and forecast since the spell began, restarts after an alarm included.
    crossed : int or None
        ``sessions`` when the wealth last reached the alarm.
    """

    sessions: int = 0
    gree: float = 0.0
    grel: float = 0.0
    counted: int = 0
    spell: int = 0
    crossed: int | None = None

    @property
    def grem(self) -> float:
        """Natural logarithm of the mean of both wealths (GREM), the evidence that is reported."""
        high, low = max(self.gree, self.grel), min(self.gree, self.grel)
        return high + math.log1p(math.exp(low - high)) - math.log(2)


@dataclass(frozen=True, slots=True)
class Betting:
    """How a forecast is bet against.

    Attributes
    ----------
    alpha : float
        Confidence level in (0.5, 1).
    measure : str
        ``var`` or ``es``.
    memory : int
        Counted sessions from which a stake is learned.
    level : float or None
        The wealth starts again at 1 after a session on which it reached ``1 / level``, so that an
        alarm of old does not stay. In one spell a right forecast gets there with probability at
        most ``level``, and there twice with at most its square.
    every : int or None
        Counted sessions of a spell, after which the wealth starts again at 1: what a long good
        time has cost the bettor would else be paid back before a fault is told.
    """

    alpha: float
    measure: Measure
    memory: int = MEMORY
    level: float | None = None
    every: int | None = None

    def play(
        self, pnl: Series, var: Series, es: Series, *, start: Wealth | None = None
    ) -> list[Wealth]:
        """The wealth after each session from ``start.sessions`` on.

        A session's stake knows the sessions before it, and its own forecast; never its P&L. The
        sessions before ``start`` are learned from and not bet on. So history that grew by a
        session is played on from the last wealth, with the same answer to the last bit.

        Parameters
        ----------
        pnl, var, es : array of shape (time,)
            Realised P&L (a gain is positive) and the forecasts made before (losses are positive),
            from the first session of the history. Where one is NaN nothing is staked or learned.
        start : Wealth, optional
            Wealth so far; ``Wealth(sessions=n)`` begins at 1 after ``n`` sessions.

        References
        ----------
        Wang, Wang and Ziegel, *E-backtesting* (arXiv 2209.00991), sections 4 and 5.
        """
        wealth = start or Wealth()
        known = np.isfinite(pnl) & np.isfinite(var) & np.isfinite(es)
        before = int(np.count_nonzero(known[: wealth.sessions]))
        at = np.flatnonzero(known)[max(0, before - self.memory) :]
        learned = min(before, self.memory)
        loss, low, high = -pnl[at], var[at], es[at]
        _refuse_crossed(low, high)
        tail = tail_probability(self.alpha)
        paid = self._paid(loss, low, high, tail)
        path: list[Wealth] = []
        place = learned
        for session in range(wealth.sessions, len(pnl)):
            if known[session]:
                past = slice(max(0, place - self.memory), place)
                would = self._paid(loss[past], low[place], high[place], tail)
                stakes = _stake(paid[past]), _stake(would)
                wealth = self._after(wealth, stakes, float(paid[place]))
                place += 1
            else:
                wealth = replace(wealth, sessions=wealth.sessions + 1)
            path.append(wealth)
        return path

    def _after(self, wealth: Wealth, stakes: tuple[float, float], paid: float) -> Wealth:
        if wealth.spell == self.every:
            wealth = Wealth(wealth.sessions, crossed=wealth.crossed)
        elif self._reached(wealth):
            wealth = Wealth(wealth.sessions, spell=wealth.spell, crossed=wealth.crossed)
        gree, grel = (math.log1p(stake * (paid - 1.0)) for stake in stakes)
        after = Wealth(
            wealth.sessions + 1,
            wealth.gree + gree,
            wealth.grel + grel,
            wealth.counted + 1,
            wealth.spell + 1,
            wealth.crossed,
        )
        return replace(after, crossed=after.sessions) if self._reached(after) else after

    def _reached(self, wealth: Wealth) -> bool:
        return self.level is not None and wealth.grem >= -math.log(self.level)

    def _paid(self, loss: Any, var: Any, es: Any, tail: float) -> NDArray[np.float64]:
        if self.measure == "var":
            return _var_paid(loss, var, tail)
        return _es_paid(loss, var, es, tail)


def _var_paid(loss: Any, var: Any, tail: float) -> NDArray[np.float64]:
    return np.minimum((loss > var) / tail, LARGEST)


def _es_paid(loss: Any, var: Any, es: Any, tail: float) -> NDArray[np.float64]:
    beyond, room = np.maximum(loss - var, 0.0), es - var
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        paid = np.minimum(beyond / (tail * room), LARGEST)
    # 0/0, no loss beyond where none is possible, is no evidence
    return np.where((room == 0.0) & (beyond == 0.0), 1.0, paid)


def _stake(evidence: Any) -> float:
    shrink = evidence.size / (evidence.size + CAUTION)
    if evidence.sum() <= evidence.size:
        return 0.0
    # Most sessions pay exactly nothing: they enter as a count, which leaves few to sum over.
    gains = (evidence[evidence > 0.0] - 1.0).tolist()
    lost = evidence.size - len(gains)
    # Where (1 - stake) times the derivative is zero: convex in the stake and falling up to its
    # root, so that Newton's steps from 0 never pass it.
    stake = 0.0
    for _ in range(_STEPS):
        shares = [gain / (1.0 + stake * gain) for gain in gains]
        rest = (1.0 - stake) * sum(shares) - lost
        step = rest / sum(share + (1.0 - stake) * share * share for share in shares)
        stake += step
        if stake >= BOLDEST or step < _SMALL:
            break
    return min(stake, BOLDEST) * shrink


def _refuse_crossed(var: Series, es: Series) -> None:
    crossed = int(np.count_nonzero(es < var))
    if crossed:
        raise ValueError(
            f"es must not be below var; it is in {crossed} of {es.size} sessions. "
            "Such a forecast is wrong before any loss: reject it at the gate."
        )
