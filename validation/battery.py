"""Every test of one forecast series, by the name it has in evidence.

Forecasts of several sessions made every session overlap: neighbours share most of what they are
judged on. Their coverage and shortfall are then tested on each of the ``horizon`` subsets that do
not overlap, and the smallest p-value times the number of subsets is reported (Bonferroni), with
the statistic of that subset. Tests of independence are not computable there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from validation.calibration import berkowitz, ks
from validation.conditional_calibration import nolde_ziegel
from validation.coverage import christoffersen_cc, christoffersen_ind, kupiec
from validation.cumulative_violations import du_escanciano
from validation.duration import duration
from validation.dynamic_quantile import dq
from validation.exceedance_residuals import mcneil_frey
from validation.exceedances import exceedances
from validation.outcome import Outcome, not_computable
from validation.panels import Series
from validation.shortfall import ShortfallNull, z1, z2, z3

MOST_COSTLY_DRAWS = 1_000
"""Draws of tests whose null differs from cell to cell; each outcome says how many it used."""

FEWEST_IN_WINDOW = 100
"""Forecasts that a part of a series must hold for the tests of independence over several lags and
of whole distributions; with fewer there are two or three exceedances to tell anything by."""

OVERLAP = "not_computable: forecasts overlap, neighbours share sessions"

TESTS = (
    "kupiec",
    "christoffersen_ind",
    "christoffersen_cc",
    "dq",
    "duration",
    "z1",
    "z2",
    "z3",
    "mcneil_frey",
    "nolde_ziegel",
    "du_escanciano",
    "berkowitz",
    "ks",
)
"""Their names in evidence, in the order in which it shows them."""

_NEED_MANY = ("dq", "duration", "z3", "nolde_ziegel", "du_escanciano", "berkowitz", "ks")
_ON_SUBSETS = ("kupiec", "z1", "z2", "mcneil_frey")

Test = Callable[[Series], Outcome]


def series_tests(
    series: Series,
    *,
    alpha: float,
    horizon: int,
    draws: int,
    seed: int,
    whole: bool = True,
    null: ShortfallNull | None = None,
) -> dict[str, Outcome]:
    """Outcome of every test of one series.

    Parameters
    ----------
    series : Series
        Forecasts of one portfolio in order of target date.
    alpha : float
        Confidence level in (0.5, 1).
    horizon : int
        Sessions ahead; the number of subsets where forecasts overlap.
    draws : int
        Simulated samples behind the shortfall tests, at most 1,000 of them behind the others;
        0 leaves out every simulated p-value.
    seed : int
        Determines everything drawn. Equal for all series: they are judged by the same draws,
        so that neither their order nor their names matter.
    whole : bool
        Whether this is all there is of the series; of a shorter part than 100 forecasts the more
        demanding tests are not computed.
    null : ShortfallNull, optional
        Of this series, with these draws, where it is known already.

    Returns
    -------
    dict of str to Outcome
        Names as other programs know them.
    """
    tests = _tests(alpha, draws=draws, seed=seed, null=None if series.overlapping else null)
    if not whole and len(series.pnl) < FEWEST_IN_WINDOW:
        few = not_computable(f"fewer than {FEWEST_IN_WINDOW} forecasts in the window")
        tests |= dict.fromkeys(_NEED_MANY, lambda _: few)
    if not series.overlapping:
        return {name: test(series) for name, test in tests.items()}
    subsets = [series.rows(slice(first, None, horizon)) for first in range(horizon)]
    return {
        name: _most_severe([test(subset) for subset in subsets if len(subset.pnl)])
        if name in _ON_SUBSETS
        else Outcome(status=OVERLAP)
        for name, test in tests.items()
    }


def _tests(alpha: float, *, draws: int, seed: int, null: ShortfallNull | None) -> dict[str, Test]:
    fewer = min(draws, MOST_COSTLY_DRAWS)
    return {
        "kupiec": lambda s: kupiec(exceedances(s.pnl, s.var), alpha=alpha),
        "christoffersen_ind": lambda s: christoffersen_ind(exceedances(s.pnl, s.var)),
        "christoffersen_cc": lambda s: christoffersen_cc(exceedances(s.pnl, s.var), alpha=alpha),
        "dq": lambda s: dq(exceedances(s.pnl, s.var), s.var, alpha=alpha, draws=fewer, seed=seed),
        "duration": lambda s: duration(exceedances(s.pnl, s.var), draws=fewer, seed=seed),
        "z1": lambda s: z1(s.pnl, s.var, s.es, alpha=alpha, draws=draws, seed=seed, null=null),
        "z2": lambda s: z2(s.pnl, s.var, s.es, alpha=alpha, draws=draws, seed=seed, null=null),
        "z3": lambda s: z3(s.pit, s.var, s.es, alpha=alpha, draws=draws, seed=seed),
        "mcneil_frey": lambda s: _mcneil_frey(s, draws=fewer, seed=seed),
        "nolde_ziegel": lambda s: nolde_ziegel(
            s.pnl, s.var, s.es, alpha=alpha, draws=fewer, seed=seed
        ),
        "du_escanciano": lambda s: du_escanciano(s.pit, alpha=alpha, draws=draws, seed=seed),
        "berkowitz": lambda s: berkowitz(s.pit),
        "ks": lambda s: ks(s.pit),
    }


def _mcneil_frey(series: Series, *, draws: int, seed: int) -> Outcome:
    if series.sigma is not None and (unknown := int(np.isnan(series.sigma).sum())):
        return not_computable(f"sigma missing in {unknown} of {len(series.sigma)} forecasts")
    outcome = mcneil_frey(
        series.pnl, series.var, series.es, sigma=series.sigma, draws=max(1, draws), seed=seed
    )
    return outcome if draws else replace(outcome, p_exact=None, draws=None)


def _most_severe(outcomes: list[Outcome]) -> Outcome:
    """The outcome with the smallest p-value, times the number of subsets that were tested."""
    computed = [outcome for outcome in outcomes if outcome.statistic is not None]
    if not computed:
        return outcomes[0]

    def decisive(outcome: Outcome) -> float:
        p_value = outcome.p_value if outcome.p_exact is None else outcome.p_exact
        return 1.0 if p_value is None else p_value

    worst = min(computed, key=decisive)
    return replace(
        worst,
        p_value=_times(worst.p_value, len(computed)),
        p_exact=_times(worst.p_exact, len(computed)),
    )


def _times(p_value: float | None, tests: int) -> float | None:
    return None if p_value is None else min(1.0, p_value * tests)
