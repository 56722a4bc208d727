"""What calibration does when the variance shifts: coverage before, during and after, and its cost.

Twenty series share a volatility that follows a GARCH recursion and are jointly Student-t given it,
so that misses come together. The forecast knows the recursion and not the shift, in which all
losses become 1.4 times as large for 250 sessions of 4,000, or for good; last it is too low by as
much in the wildest tenth of sessions alone, always. The regime is told from the volatility of the
last 20 sessions against its own past. Nothing is fitted to these figures. Simulated, so that the
truth is known: real series differ.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from models.tail.conformal import Calibration, Record, factors
from models.tail.regime_conformal import RegimeCalibration, regime_factors

ALPHA = 0.975
SESSIONS, SERIES, SIZE = 4000, 20, 1.4
SPANS = {
    "before": (1500, 2000),
    "during": (2000, 2250),
    "after": (2250, 2750),
    "late": (2750, 4000),
}
DEGREES = 5.0
WAYS = {
    "as forecast": None,
    "by class": Calibration(),
    "by class and regime, half": RegimeCalibration(),
    "by class and regime, whole": RegimeCalibration(strength=1.0),
    "the same, level fixed": RegimeCalibration(strength=1.0, rate=0.0),
    "the same, one regime": RegimeCalibration(strength=1.0),
}
"""The last is told a single regime, so that what the regimes add can be seen."""


def main() -> None:
    """Print a table for each kind of shift, means over five markets."""
    for title, size, until in (
        ("no shift", 1.0, 2250),
        (f"{SIZE:g} times the losses for 250 sessions", SIZE, 2250),
        (f"{SIZE:g} times the losses from session 2000 on", SIZE, SESSIONS),
        (f"{SIZE:g} times the losses in the wildest tenth, always", SIZE, 0),
    ):
        drawn = [market(seed, size=size, until=until) for seed in range(5)]
        print(f"\n{title}: share beyond VaR, {1 - ALPHA:.1%} is right; FZ0 against as forecast")
        columns = "".join(f"{name:>9}" for name in (*SPANS, "calm", "high", "crisis"))
        print(f"{'':28}{columns}{'all FZ0':>10}{'during':>9}")
        for name, way in WAYS.items():
            told = np.mean([judged(*one, name, way) for one in drawn], axis=0)
            shares = "".join(f"{share:>9.1%}" for share in told[:-2])
            print(f"{name:28}{shares}{told[-2]:>10.2%}{told[-1]:>9.2%}")


def market(seed: int, *, size: float, until: int) -> tuple[Record, NDArray[np.int64]]:
    """Losses in percent under a known recursion, shifted by ``size`` from session 2000 ``until``.

    Until 0 it is the wildest tenth of all sessions that is shifted.
    """
    rng = np.random.default_rng(seed)
    scale = np.sqrt((DEGREES - 2.0) / DEGREES)
    common = rng.standard_normal(SESSIONS)
    both = np.sqrt(0.4) * common[:, None] + np.sqrt(0.6) * rng.standard_normal((SESSIONS, SERIES))
    shock = scale * both / np.sqrt(rng.chisquare(DEGREES, SESSIONS) / DEGREES)[:, None]
    variance = np.empty(SESSIONS)
    variance[0] = 1.0
    for t in range(1, SESSIONS):
        variance[t] = 0.02 + 0.08 * common[t - 1] ** 2 * variance[t - 1] + 0.90 * variance[t - 1]
    sigma = np.sqrt(variance)
    here = (np.arange(SESSIONS) >= 2000) & (np.arange(SESSIONS) < until)
    if until == 0:
        here = sigma > np.quantile(sigma, 0.9)
    shifted = np.where(here, size, 1.0)
    loss = (sigma * shifted)[:, None] * shock
    quantile = -scale * stats.t.ppf(1 - ALPHA, DEGREES)
    point = stats.t.ppf(1 - ALPHA, DEGREES)
    tail = stats.t.pdf(point, DEGREES) * (DEGREES + point**2) / (DEGREES - 1.0) / (1 - ALPHA)
    session = np.repeat(np.arange(SESSIONS), SERIES)
    record = Record(
        session=session,
        group=np.zeros(len(session), dtype=np.int64),
        loss=loss.ravel(),
        var=np.repeat(quantile * sigma, SERIES),
        es=np.repeat(scale * tail * sigma, SERIES),
    )
    return record, np.repeat(regimes(loss), SERIES)


def regimes(loss: NDArray[np.float64]) -> NDArray[np.int64]:
    """State at each session from losses before it: 20-session volatility among its own past."""
    square = np.concatenate([[np.nan], (loss[:-1] ** 2).mean(axis=1)])
    recent = np.array(
        [square[max(t - 19, 1) : t + 1].mean() if t else 1.0 for t in range(len(loss))]
    )
    rank = np.array([(recent[: t + 1] <= recent[t]).mean() for t in range(len(loss))])
    return np.where(rank > 0.95, 2, np.where(rank > 0.7, 1, 0))


def judged(
    record: Record,
    state: NDArray[np.int64],
    name: str,
    way: Calibration | RegimeCalibration | None,
) -> NDArray[np.float64]:
    """Share of exceedances in each span and regime, and FZ0 against the forecast, relative, twice.

    Over all sessions from the first span on, and during the shift.
    """
    if way is None:
        factor = np.ones(len(record.loss))
    elif isinstance(way, Calibration):
        factor = factors(record, alpha=ALPHA, calibration=way)
    else:
        seen = np.zeros_like(state) if name.endswith("one regime") else state
        factor = regime_factors(record, seen, alpha=ALPHA, calibration=way)
    beyond = record.loss > factor * record.var
    within = {n: (record.session >= a) & (record.session < b) for n, (a, b) in SPANS.items()}
    plain, scored = score(record, np.ones_like(factor)), score(record, factor)
    spans = [record.session >= SPANS["before"][0], within["during"]]
    costs = [(scored[span].mean() - plain[span].mean()) / abs(plain[span].mean()) for span in spans]
    told = [*within.values(), *(spans[0] & (state == each) for each in range(3))]
    return np.array([*(beyond[span].mean() for span in told), *costs])


def score(record: Record, factor: NDArray[np.float64]) -> NDArray[np.float64]:
    """FZ0 of each row with the forecast multiplied by its factor."""
    var, es = factor * record.var, factor * record.es
    excess = np.maximum(record.loss - var, 0.0)
    return excess / ((1.0 - ALPHA) * es) + var / es + np.log(es) - 1.0


if __name__ == "__main__":
    main()
