"""How often the guardrail lights up: share of sessions in calm and in each crisis, per model.

    python infra/bench/guardrail.py [FORECASTS.parquet] [--model NAME ...]

Reads a forecast table of `foreshock backtest`; without one it makes a small one of the books of
the richer market by the legacy, GJR-EVT and GJR-FHS. The last part plants faults in the numbers
of a model and counts the sessions until the guardrail says so.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from richer_market import REMEDY, richer_market

from flows.desk_numbers import MEASURES, UNCONDITIONAL
from validation.crises import ALL, CATALOGUE
from validation.guardrail import ALERT, HOLD, NOT_COMPUTABLE, judge_history

FALLBACK = "gjr_fhs"
PLANTED = 60
"""Sessions between two planted faults; each lasts ten."""
LASTS = 10


@dataclass(frozen=True, slots=True)
class Series:
    """VaR and ES of one portfolio by one model, and those of GJR-FHS; (session, level, measure)."""

    portfolio: str
    targets: pd.DatetimeIndex
    numbers: NDArray[np.float64]
    fallback: NDArray[np.float64]


def main() -> None:
    """Print the shares of each model, then what became of planted faults."""
    parser = argparse.ArgumentParser(description="Share of sessions with ALERT and HOLD.")
    parser.add_argument("table", nargs="?", type=Path)
    parser.add_argument("--model", nargs="*")
    asked = parser.parse_args()
    table = small_table() if asked.table is None else pd.read_parquet(asked.table)
    names = asked.model or [name for name in table["model"].unique() if name != FALLBACK]
    print(
        f"{len(table):,} forecasts of {table['portfolio'].nunique()} portfolios; "
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    )
    for name in [*names, FALLBACK]:
        start = time.perf_counter()
        shares = pd.concat(lights(one, name) for one in series(table, name))
        print_shares(name, shares)
        print(f"  {len(shares):,} portfolio-sessions judged in {time.perf_counter() - start:.1f} s")
    for name in names:
        if name not in UNCONDITIONAL:
            print_planted(name, list(series(table, name)))


def small_table() -> pd.DataFrame:
    """Books only, by the statistical models, 2015 to 2024."""
    from flows.backtest import forecast_table
    from flows.ingest import ingest
    from flows.settings import Settings, state_root
    from flows.units import UnitStore

    directory = richer_market()
    if directory is None:
        sys.exit(REMEDY)
    market = ingest(directory).market
    settings = Settings(
        data=directory,
        start=date(2015, 1, 1),
        end=date(2024, 12, 31),
        alphas=(0.975, 0.99),
        models=("hs_250", FALLBACK, "gjr_evt"),
        portfolios=tuple(market.portfolios),
    )
    root = state_root()
    root.mkdir(parents=True, exist_ok=True)
    with UnitStore(root / "units.db") as units:
        return forecast_table(market, settings=settings, units=units)


def series(table: pd.DataFrame, model: str) -> Iterator[Series]:
    """Numbers of one model and the fallback by portfolio, on the targets both have."""
    both = table[table["model"].isin([model, FALLBACK])]
    for portfolio, rows in both.groupby("portfolio", observed=True):
        wide = rows.pivot_table(
            index="target", columns=["model", "alpha"], values=list(MEASURES), observed=True
        )
        parts = [
            np.stack([wide[measure][name].to_numpy() for measure in MEASURES], axis=-1)
            for name in (model, FALLBACK)
        ]
        yield Series(str(portfolio), pd.DatetimeIndex(wide.index), *parts)


def lights(one: Series, model: str) -> pd.DataFrame:
    """Worst light of each session: any level and measure; the book is held as a whole."""
    judged = judge_history(one.numbers, one.fallback, conditional=model not in UNCONDITIONAL)
    held = (judged.light == HOLD).any(axis=(1, 2))
    told = (judged.light == ALERT).any(axis=(1, 2))
    blind = (judged.light == NOT_COMPUTABLE).any(axis=(1, 2))
    return pd.DataFrame(
        {"alert": told | held, "hold": held, "seen": ~blind, "portfolio": one.portfolio},
        index=one.targets,
    )


def print_shares(model: str, shares: pd.DataFrame) -> None:
    """Shares over the sessions that have a norm, in calm, in all and in each crisis."""
    seen = shares[shares["seen"]]
    days = pd.DatetimeIndex(seen.index).to_numpy().astype("datetime64[D]")
    inside = {
        crisis.name: (days >= np.datetime64(crisis.first)) & (days <= np.datetime64(crisis.last))
        for crisis in CATALOGUE
    }
    calm = ~np.logical_or.reduce(list(inside.values()))
    print(f"\n{model}: share of portfolio-sessions with any number at ALERT or HOLD, and at HOLD")
    for name, rows in {ALL: np.ones(len(seen), dtype=bool), "calm": calm, **inside}.items():
        if rows.any():
            part = seen[rows]
            print(
                f"{name:>13} {part['alert'].mean():>7.1%} {part['hold'].mean():>7.1%} "
                f"of {len(part):>7,}"
            )


def print_planted(model: str, found: list[Series]) -> None:
    """Faults of ten sessions every sixty: how many are told of, how many held, and when."""
    print(f"\n{model}: planted faults of {LASTS} sessions; told of, held, median sessions to it")
    for fault in ("x3", "x0.3", "frozen"):
        told: list[int] = []
        held, planted, lower = 0, 0, 0
        for one in found:
            for first in range(300, len(one.numbers) - LASTS, PLANTED):
                window = slice(first - 250, first + LASTS)
                numbers = one.numbers[window].copy()
                if fault == "frozen":
                    numbers[250:] = numbers[249]
                else:
                    numbers[250:] *= float(fault.removeprefix("x"))
                judged = judge_history(numbers, one.fallback[window])
                red = np.isin(judged.light[250:], [ALERT, HOLD]).any(axis=(1, 2))
                stopped = judged.light[250:] == HOLD
                planted += 1
                told += [int(np.argmax(red)) + 1] if red.any() else []
                held += bool(stopped.any())
                below = judged.published < np.fmax(numbers, one.fallback[window])
                lower += int((below[250:] & stopped).sum())
        print(
            f"{fault:>8} {len(told):>6,} of {planted:,} told, {held:,} held, "
            f"{np.median(told):.0f} (latest {max(told)}); held and yet published lower: {lower}"
        )


if __name__ == "__main__":
    main()
