"""How often a right model is called degraded in a year, and how soon a wrong one is.

Markets are GARCH(1,1) with Student-t noise, so that the true law of each session is known. A
*true* model forecasts by it; an *estimated* one, as the baseline, by parameters as far off as
some years of data leave them. ``--calibrate`` prints from other markets, by a seed of its own,
how far each test strays in a year of right models: the levels of `MonitorRule` come from there.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.stats import binomtest, t

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from validation.monitor_rule import MonitorRule
from validation.monitoring import BookHistory, BookMonitor, monitor_book

SEED, CALIBRATION_SEED = 55, 1
RULE = MonitorRule()
SINCE, START, YEAR = 650, 750, 250
"""Sessions before the version is in use; before the year that is judged; in that year."""
OMEGA, ALPHA, BETA, NU = 2e-6, 0.08, 0.90, 5.0
NEVER = 1e-12
FAULTS = {
    "VaR, ES x0.7": "the numbers alone; the PIT is right",
    "VaR, ES x0.5": "",
    "law x0.7": "sigma, and with it VaR, ES and PIT",
    "ES x0.7": "no lower than 1.02 VaR, below which it is refused",
    "ES - VaR x0.5": "an ES about an eighth too low",
    "VaR, ES x1.5": "too high",
    "frozen, vol x2": "the forecast stands still while volatility doubles; baseline follows",
}


@dataclass(frozen=True)
class Law:
    """Student-t forecasts of one model on one market."""

    sigma: np.ndarray
    nu: float

    def history(self, pnl: np.ndarray, baseline: Law) -> BookHistory:
        """Forecasts and PIT of this law on a market, beside the baseline's."""
        var, es = self.numbers()
        pit = t.cdf(pnl / self.sigma * np.sqrt(self.nu / (self.nu - 2)), self.nu)
        return BookHistory(RULE.alphas, pnl, var, es, *baseline.numbers(), pit, SINCE)

    def numbers(self) -> tuple[np.ndarray, np.ndarray]:
        """VaR and ES of shape (session, level); losses are positive."""
        alphas = np.array(RULE.alphas)
        quantile = t.ppf(alphas, self.nu)
        beyond = t.pdf(quantile, self.nu) * (self.nu + quantile**2) / (self.nu - 1)
        unit = np.sqrt((self.nu - 2) / self.nu) * self.sigma[:, None]
        return unit * quantile, unit * beyond / (1 - alphas)


def market(generator: np.random.Generator, *, shift: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """P&L and true sigma; from the year on volatility is ``shift`` times as large."""
    sessions = START + YEAR
    noise = generator.standard_t(NU, sessions) * np.sqrt((NU - 2) / NU)
    variance = np.full(sessions, OMEGA / (1 - ALPHA - BETA))
    for now in range(1, sessions):
        variance[now] = OMEGA + variance[now - 1] * (ALPHA * noise[now - 1] ** 2 + BETA)
    sigma = np.sqrt(variance)
    sigma[START:] *= shift
    return sigma * noise, sigma


def estimated(generator: np.random.Generator, pnl: np.ndarray) -> Law:
    """GARCH with parameters off by about the standard errors of 2,000 sessions."""
    alpha = ALPHA * np.exp(0.2 * generator.standard_normal())
    beta = min(BETA + 0.02 * generator.standard_normal(), 0.995 - alpha)
    level = OMEGA / (1 - ALPHA - BETA) * np.exp(0.1 * generator.standard_normal())
    variance = np.full(len(pnl), level)
    for now in range(1, len(pnl)):
        moved = alpha * pnl[now - 1] ** 2 + beta * variance[now - 1]
        variance[now] = (1 - alpha - beta) * level + moved
    return Law(np.sqrt(variance), NU * np.exp(0.1 * generator.standard_normal()))


def year(history: BookHistory, rule: MonitorRule) -> Iterator[BookMonitor]:
    """What the monitor says on each session of the year."""
    before = None
    for rows in range(START, START + YEAR + 1):
        before = monitor_book(cut(history, rows), rule, before=before)
        if rows > START:
            yield before


def cut(history: BookHistory, rows: int) -> BookHistory:
    """The first rows of a history, as its own last session knew it."""
    names = ("pnl", "var", "es", "baseline_var", "baseline_es", "pit")
    return replace(history, **{name: getattr(history, name)[:rows] for name in names})


def good(kind: str, generator: np.random.Generator) -> BookHistory:
    """A right model on a market of its own."""
    pnl, sigma = market(generator)
    baseline = estimated(generator, pnl)
    model = Law(sigma, NU) if kind == "true" else estimated(generator, pnl)
    return model.history(pnl, baseline)


def faulty(fault: str, generator: np.random.Generator) -> BookHistory:
    """An estimated model into which a fault of `FAULTS` is planted at the start of the year."""
    pnl, _ = market(generator, shift=2.0 if "frozen" in fault else 1.0)
    baseline, model = estimated(generator, pnl), estimated(generator, pnl)
    if fault.startswith(("law", "frozen")):
        sigma = model.sigma.copy()
        sigma[START:] = sigma[START] if "frozen" in fault else 0.7 * sigma[START:]
        return Law(sigma, model.nu).history(pnl, baseline)
    history = model.history(pnl, baseline)
    var, es = history.var[START:], history.es[START:]  # views: planted in place
    if fault == "ES - VaR x0.5":
        es[:] = var + 0.5 * (es - var)
    elif fault == "ES x0.7":
        es[:] = np.maximum(0.7 * es, 1.02 * var)
    else:
        size = float(fault.rsplit("x", 1)[1])
        var *= size
        es *= size
    return history


def print_false_alarms(models: int, seed: int) -> None:
    """Share of right models that are called degraded, and by which test."""
    print(f"Right models called degraded in a year of {YEAR} sessions, of {models}; 95% interval")
    for kind in ("true", "estimated"):
        generator = np.random.default_rng([seed, kind == "true"])
        kinds: list[set[str]] = []
        red = 0
        for _ in range(models):
            told = [one.alarms for one in year(good(kind, generator), RULE)]
            kinds.append({alarm.kind for alarms in told for alarm in alarms})
            red += sum(bool(alarms) for alarms in told)
        count = sum(map(bool, kinds))
        exact = binomtest(count, models).proportion_ci(method="exact")
        each = ", ".join(
            f"{name} {sum(name in one for one in kinds)}"
            for name in ("e_var", "e_es", "coverage", "fz0", "pit")
        )
        print(
            f"{kind:>10} {count:>4} = {count / models:.1%} ({exact.low:.1%} to {exact.high:.1%}); "
            f"sessions red {red / models / YEAR:.2%}; {each}"
        )


def print_faults(models: int) -> None:
    """How many faults are found within the year, how soon, and by which test first."""
    print(f"\nPlanted at the start of the year, {models} models each: found, sessions to the alarm")
    for fault, note in FAULTS.items():
        generator = np.random.default_rng([SEED, 7])
        delays: list[int] = []
        first: dict[str, int] = {}
        for _ in range(models):
            for session, one in enumerate(year(faulty(fault, generator), RULE), 1):
                if one.alarms:
                    delays.append(session)
                    for kind in {alarm.kind for alarm in one.alarms}:
                        first[kind] = first.get(kind, 0) + 1
                    break
        share = len(delays) / models
        at = np.sort([*delays, *[np.inf] * (models - len(delays))])
        median, late = at[models // 2], at[int(0.9 * models)]
        by = ", ".join(f"{kind} {count}" for kind, count in sorted(first.items()))
        print(
            f"{fault:>15} {share:>6.1%}  median {median:>4.0f}  90% by {late:>4.0f}  "
            f"first by: {by or '-'}  {note}"
        )


def print_calibration(models: int) -> None:
    """How far each test strays in a year: what one right model in so many reaches."""
    still = RULE.model_copy(update={"e_level": NEVER})
    print(f"Worst of a year, {models} right models each: the value that a share of them passes")
    for kind in ("true", "estimated"):
        generator = np.random.default_rng([CALIBRATION_SEED, kind == "true"])
        worst: dict[str, list[float]] = {}
        for _ in range(models):
            told = list(year(good(kind, generator), still))
            found: dict[str, float] = {"pit p": min(_known([one.pit_p for one in told], 1.0))}
            for place, alpha in enumerate(RULE.alphas):
                levels = [one.levels[place] for one in told]
                worse = [
                    -one.fz0_difference
                    for one in levels
                    if one.fz0_t is not None and one.fz0_difference and one.fz0_t > RULE.fz0_t
                ]
                found |= {
                    f"e_var {alpha}": np.exp(-max(one.e_var.grem for one in levels)),
                    f"e_es {alpha}": np.exp(-max(one.e_es.grem for one in levels)),
                    f"coverage {alpha}": min(_known([one.coverage_p for one in levels], 1.0)),
                    f"fz0 -t {alpha}": -max(_known([one.fz0_t for one in levels], -9.0)),
                    f"fz0 - {alpha}": min(worse, default=0.0),
                }
            for name, value in found.items():
                worst.setdefault(name, []).append(value)
        print(f"{kind:>16}    0.5%      1%      2%      5%")
        for name, values in worst.items():
            row = " ".join(f"{x:>7.2g}" for x in np.quantile(values, [0.005, 0.01, 0.02, 0.05]))
            print(f"{name:>16} {row}")


def _known(values: list[float | None], other: float) -> list[float]:
    return [other if value is None else value for value in values]


def main() -> None:
    """The tables that the documents quote, or the calibration."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, default=200)
    parser.add_argument("--calibrate", action="store_true")
    chosen = parser.parse_args()
    if chosen.calibrate:
        print_calibration(chosen.models)
        print_false_alarms(chosen.models, CALIBRATION_SEED)
        return
    print_false_alarms(chosen.models, SEED)
    print_faults(chosen.models)


if __name__ == "__main__":
    main()
