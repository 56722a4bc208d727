"""Ten sessions ahead on the richer market, 2015 to 2024: what it takes, and who forecasts better.

Every book and instrument, judged against GJR-FHS simulated over ten sessions and against its
one-session forecast times the root of ten: pooled FZ0, crises, and how many series keep their
exact coverage on each of the ten subsets that do not overlap. The required gain is 1% against
both, with a HAC t (lag 20) of -2 or below.
"""

from __future__ import annotations

import os
import sys
import time
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
from richer_market import REMEDY, richer_market

from flows.backtest import features_of, forecast_statistical, tabulate, train_heads
from flows.ingest import ingest
from flows.plan import make_plan
from flows.settings import Settings, state_root
from flows.units import UnitStore
from validation.evidence import examine

HORIZON = 10
MODELS = ("hs_250", "gjr_fhs", "gjr_fhs_sqrt", "linear", "mlp", "combined")
BARS = ("gjr_fhs", "gjr_fhs_sqrt")
LEVEL = 0.05


def main() -> None:
    """Forecast, judge and print."""
    directory = richer_market()
    if directory is None:
        sys.exit(REMEDY)
    table, classes = forecast(directory)
    for bar in BARS:
        evidence = examine(table, baseline=bar, asset_classes=classes, simulated=False)
        print_pooled(evidence, bar)
        if bar == BARS[0]:
            print_crises(evidence)
            print_coverage(evidence)


def forecast(directory: Path) -> tuple[pd.DataFrame, dict[str, str]]:
    """The forecast table, and the class of each series; prints what each part took."""
    market = ingest(directory).market
    settings = Settings(
        data=directory,
        start=date(2015, 1, 1),
        end=date(2024, 12, 31),
        alphas=(0.975, 0.99),
        models=MODELS,
        horizon=HORIZON,
    )
    root = state_root()
    root.mkdir(parents=True, exist_ok=True)
    plan = make_plan(market, settings)
    with UnitStore(root / "units.db") as units:
        known = len(units)
        clock = time.perf_counter()
        statistical = forecast_statistical(plan, settings, units=units)
        clock = told("baselines", clock, f"{len(plan.histories)} series, {known} units known")
        panel = features_of(market, plan, settings)
        clock = told("features", clock)
        heads = train_heads(plan, settings, statistical, panel, units=units)
        told("heads and their forecasts", clock)
    table = tabulate(plan, settings, statistical, heads)
    names = [str(name) for name in table["portfolio"].unique()]
    classes = {
        name: market.instruments[name].asset_class if name in market.instruments else "book"
        for name in names
    }
    print(f"{len(table):,} forecasts of {len(names)} series; market {market.snapshot[:12]}")
    return table, classes


def told(part: str, since: float, about: str = "") -> float:
    """Print what a part took and under which load, and the time it is now."""
    now = time.perf_counter()
    load = os.getloadavg()[0]
    print(
        f"{part}: {now - since:.0f} s, load {load:.1f}{'; ' + about if about else ''}", flush=True
    )
    return now


def print_pooled(evidence: dict[str, Any], bar: str) -> None:
    """One line per model and level over the whole period."""
    print(f"\nPooled FZ0 against {bar}, {HORIZON} sessions ahead (negative is better)")
    print(f"{'model':>12}  level  relative      t  better  balanced      t")
    for one in evidence["comparisons"]:
        if one["window"] == "all":
            balanced = one["difference_by_class"]["balanced"]
            print(
                f"{one['model']:>12} {one['alpha']:>6} {one['relative']:>9.2%} {one['t_hac']:>6.2f}"
                f" {one['share_better']:>7.0%} {balanced['difference']:>9.4f}"
                f" {balanced['t_hac']:>6.1f}"
            )


def print_crises(evidence: dict[str, Any]) -> None:
    """The default in each crisis: relative FZ0, and its dates."""
    print("\ncombined in crises: relative FZ0, dates, t")
    for one in evidence["comparisons"]:
        if one["model"] == "combined" and "_" in one["window"] and one["n_dates"]:
            t = "n/a" if one["t_hac"] is None else f"{one['t_hac']:.1f}"
            relative = f"{one['relative']:>8.1%}"
            print(f"{one['window']:>13} {one['alpha']:>6} {relative} {one['n_dates']:>5} {t:>6}")


def print_coverage(evidence: dict[str, Any]) -> None:
    """Share of series whose coverage no subset rejects, Bonferroni over the subsets."""
    print(
        f"\nSeries whose exact coverage is not rejected at {LEVEL:.0%} on any of {HORIZON} subsets"
    )
    for model in MODELS:
        for alpha in (0.975, 0.99):
            kept = [
                group["tests"]["kupiec"]["p_exact"] >= LEVEL
                for group in evidence["groups"]
                if (group["model"], group["alpha"], group["window"]) == (model, alpha, "all")
            ]
            print(f"{model:>12} {alpha:>6} {sum(kept) / len(kept):>7.0%} of {len(kept)}")


if __name__ == "__main__":
    main()
