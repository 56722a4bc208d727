"""How much better the learned tail is than GJR-FHS on the richer market, 2015 to 2024.

One walk-forward run of the defaults, every book and instrument, judged by the examiner: pooled
FZ0 against `gjr_fhs`, crises one by one, coverage, and tail accuracy beside that of a perfect
model. Units finished in an earlier run are found again, so the second run takes a fraction of the
first.
"""

from __future__ import annotations

import sys
from datetime import date
from typing import Any

import numpy as np
from richer_market import REMEDY, richer_market

from flows.backtest import forecast_table
from flows.ingest import ingest
from flows.settings import Settings, state_root
from flows.units import UnitStore
from validation.evidence import examine
from validation.tail_accuracy import LEVEL

ALPHAS = (0.975, 0.99)
MODELS = ("hs_250", "gjr_fhs", "gjr_evt", "linear", "mlp", "transformer", "combined")
HEADER = (
    f"{'model':>11} {'level':>6} {'relative':>9} {'t':>6} {'better':>7} {'balanced':>9} {'t':>6}"
)


def main() -> None:
    """Forecast, judge and print."""
    directory = richer_market()
    if directory is None:
        sys.exit(REMEDY)
    market = ingest(directory).market
    settings = Settings(
        data=directory,
        start=date(2015, 1, 1),
        end=date(2024, 12, 31),
        alphas=ALPHAS,
        models=MODELS,
    )
    root = state_root()
    root.mkdir(parents=True, exist_ok=True)
    with UnitStore(root / "units.db") as units:
        table = forecast_table(market, settings=settings, units=units)
    classes = {
        str(name): market.instruments[name].asset_class if name in market.instruments else "book"
        for name in table["portfolio"].unique()
    }
    evidence = examine(table, asset_classes=classes)
    print(f"{len(table):,} forecasts of {len(classes)} series; market {market.snapshot[:12]}")
    print_pooled(evidence["comparisons"])
    print_crises(evidence["comparisons"])
    print_coverage(evidence["groups"])
    print_tail_accuracy(evidence["tail_accuracy"])


def print_pooled(comparisons: list[dict[str, Any]]) -> None:
    """One line per model and level over the whole period."""
    print(f"\nPooled FZ0 against gjr_fhs (negative is better)\n{HEADER}")
    for one in comparisons:
        if one["window"] == "all":
            balanced = one["difference_by_class"]["balanced"]
            print(
                f"{one['model']:>11} {one['alpha']:>6} {one['relative']:>9.2%} {one['t_hac']:>6.1f}"
                f" {one['share_better']:>7.0%} {balanced['difference']:>9.4f}"
                f" {balanced['t_hac']:>6.1f}"
            )


def print_crises(comparisons: list[dict[str, Any]]) -> None:
    """The default in each crisis: relative FZ0 and the one-sided p that it is worse."""
    print("\ncombined in crises: relative FZ0, p that it is worse (Holm over crises)")
    for one in comparisons:
        if one["model"] == "combined" and one["p_worse_holm"] is not None:
            print(
                f"{one['window']:>13} {one['alpha']:>6} {one['relative']:>8.1%}"
                f" {one['p_worse_holm']:>6.2f}"
            )


def print_coverage(groups: list[dict[str, Any]]) -> None:
    """Share of series whose exact two-sided coverage is not rejected at 5% over all years."""
    print("\nCoverage over all years: series not rejected at each level, and at both")
    passed: dict[str, dict[str, list[bool]]] = {}
    for one in groups:
        p_value = one["tests"]["kupiec"]["p_exact"]
        if one["window"] == "all" and p_value is not None:
            passed.setdefault(one["model"], {}).setdefault(one["portfolio"], [])
            passed[one["model"]][one["portfolio"]].append(p_value >= LEVEL)
    for model, series in passed.items():
        each = np.array(list(series.values()))
        shares = "".join(
            f"{share:>7.1%}" for share in (*each.mean(axis=0), each.all(axis=1).mean())
        )
        print(f"{model:>11}{shares}")


def print_tail_accuracy(shares: list[dict[str, Any]]) -> None:
    """Share of cells whose coverage and ES are not rejected, and what a perfect model scores."""
    print("\nTail accuracy: passed, cells, share, perfect model")
    for one in shares:
        if one["model"] in ("hs_250", "gjr_fhs", "combined"):
            share = one["passed"] / one["cells"]
            print(
                f"{one['model']:>11} {one['scope']:>7} {one['passed']:>6} {one['cells']:>6}"
                f" {share:>7.1%} {one['ceiling']:>7.1%}"
            )


if __name__ == "__main__":
    main()
