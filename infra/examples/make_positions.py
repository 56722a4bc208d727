"""Makes what a book of quantities needs in the example market: invented, always the same.

Run from the repository root, after ``make_market.py``: ``python infra/examples/make_positions.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).parent / "market"
DATE = "2024-06-28"
DAYS = {DATE: (0.0, 1.0, 1.0), "2024-06-27": (-0.0004, 0.98, 0.97)}
"""Of each day what rates are shifted by, and what spreads and volatilities are multiplied by."""
TENORS = (0.25, 0.5, 1, 2, 3, 5, 7, 10, 20, 30)
CURVES = {"USD": (0.053, -0.013), "EUR": (0.037, -0.010)}
ISSUERS = {
    "INDUSTRIAL": ("industrials", "US", "north", 0.009, 0.4),
    "BANK": ("banks", "DE", "north", 0.012, 0.4),
    "RETAILER": ("retail", "US", "south", 0.045, 0.25),
}
SPREAD_TENORS = (0.5, 1, 2, 3, 5, 7, 10)
EXPIRIES = ("2024-07-19", "2024-09-20", "2024-12-20", "2025-06-20", "2026-06-19")
MONEYNESS = (0.7, 0.85, 0.95, 1.0, 1.05, 1.15, 1.3)
LEVELS = {"INDEX_FUND": 0.16, "STOCK": 0.28, "EURUSD": 0.075}

BOOK = """instrument,quantity,type,currency,notional,issuer,coupon,frequency,day_count,maturity,\
fixed_rate,pay_receive,float_index,underlying,strike,expiry,call_put,style,multiplier,curve
STOCK,1500,equity,USD,,,,,,,,,,,,,,,,
INDEX_FUND,-200,equity,USD,,,,,,,,,,,,,,,,
EURUSD,50000,fx_spot,USD,,,,,,,,,,,,,,,,
EUR_FORWARD,-1,fx_forward,USD,100000,,,,,2024-12-20,,,,EURUSD,1.09,,,,,
FUND_FUTURE,-5,future,USD,,,,,,,,,,INDEX_FUND,,2024-09-20,,,50,USD
OIL_FUTURE,3,future,USD,,,,,,,,,,OIL,,2024-08-20,,,1000,
BOND_FUTURE,2,future,USD,,,0.06,2,ACT/ACT,2034-05-15,,,,TREASURY,,2024-09-19,,,1000,USD
TREASURY_2033,300,bond,USD,1000,,0.04,2,ACT/ACT,2033-11-15,,,,,,,,,,
INDUSTRIAL_2029,150,bond,USD,1000,INDUSTRIAL,0.055,2,30/360,2029-03-15,,,,,,,,,,
BANK_FLOATER,100,frn,EUR,1000,BANK,0.008,4,ACT/360,2027-09-20,,,,,,,,,,
PAYER_SWAP,1,irs,USD,1000000,,,2,ACT/360,2031-06-30,0.041,pay,,,,,,,,
RETAILER_CDS,1,cds,USD,500000,RETAILER,,,,2029-06-20,0.05,,,,,,,,,
FUND_PUT,10,option,USD,,,,,,,,,,INDEX_FUND,{put},2024-12-20,put,european,100,
STOCK_PUT,8,option,USD,,,,,,,,,,STOCK,{stock},2025-03-21,put,american,100,
EURO_CALL,200000,option,USD,,,,,,,,,,EURUSD,1.10,2024-09-20,call,european,,
"""


def main() -> None:
    """Write curves, credit, vols, dividends, issuers and the book ``desk``."""
    prices = pd.read_csv(HERE / "prices.csv")
    last = prices[prices["date"] == DATE].set_index("instrument")["close"]
    rows = [
        (day, name, tenor, round(level + shift + slope * (1.0 - np.exp(-tenor / 3.0)), 6))
        for day, (shift, _, _) in DAYS.items()
        for name, (level, slope) in CURVES.items()
        for tenor in TENORS
    ]
    write("curves", ["date", "curve", "tenor_years", "zero_rate"], rows)
    rows = [
        (day, name, "senior", tenor, round(times * spread * (0.6 + 0.08 * tenor), 6), recovery)
        for day, (_, times, _) in DAYS.items()
        for name, (*_, spread, recovery) in ISSUERS.items()
        for tenor in SPREAD_TENORS
    ]
    columns = ["date", "issuer", "seniority", "tenor_years", "spread", "recovery"]
    write("credit", columns, rows)
    rows = [
        (
            day,
            name,
            expiry,
            round(last[name] * share, 4),
            round(vol(level * times, share, expiry), 5),
        )
        for day, (_, _, times) in DAYS.items()
        for name, level in LEVELS.items()
        for expiry in EXPIRIES
        for share in MONEYNESS
    ]
    write("vols", ["date", "underlying", "expiry", "strike", "vol"], rows)
    dates = ("2024-09-13", "2024-12-13", "2025-03-14", "2025-06-13")
    write("dividends", ["underlying", "ex_date", "amount"], [("STOCK", day, 0.45) for day in dates])
    columns = ["issuer", "sector", "country", "counterparty_group"]
    write("issuers", columns, [(name, *words[:3]) for name, words in ISSUERS.items()])
    book = BOOK.format(put=round(0.95 * last["INDEX_FUND"]), stock=round(last["STOCK"]))
    (HERE / "portfolios" / "desk.csv").write_text(book, encoding="utf-8")


def vol(level: float, share: float, expiry: str) -> float:
    """A smile that flattens with the expiry."""
    years = (pd.to_datetime(expiry) - pd.to_datetime(DATE)).days / 365.0
    return level * (1.0 - 0.25 * float(np.log(share)) / (1.0 + years) ** 0.5)


def write(name: str, columns: list[str], rows: Sequence[tuple[object, ...]]) -> None:
    """One table as CSV."""
    pd.DataFrame(rows, columns=columns).to_csv(
        HERE / f"{name}.csv", index=False, lineterminator="\n"
    )


if __name__ == "__main__":
    main()
