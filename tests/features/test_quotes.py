"""Best quotes, spread, depth and order flow by hand, and of a real day."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.quotes import (
    BestQuotes,
    best_quotes,
    flow_imbalance,
    order_flow,
    quoted_depth,
    quoted_spread,
)

NAN = float("nan")


def quotes(rows: list[tuple[int, str, float, float, float, float]]) -> BestQuotes:
    """Rows of (second, exchange, bid, bid_size, ask, ask_size)."""
    time, exchange, bid, bid_size, ask, ask_size = zip(*rows, strict=True)
    return best_quotes(
        np.array(time),
        np.array(bid, dtype=float),
        np.array(ask, dtype=float),
        np.array(bid_size, dtype=float),
        np.array(ask_size, dtype=float),
        exchange=np.array(exchange),
    )


def test_the_best_of_two_exchanges():
    best = quotes(
        [
            (0, "N", 10.00, 300, 10.04, 100),
            (1, "Q", 10.01, 200, 10.04, 400),  # a better bid, and more of the same ask
            (2, "N", 10.02, 100, 10.03, 100),
            (3, "N", NAN, 0, 10.05, 100),  # N no longer bids: Q's bid and ask are best
        ]
    )
    assert best.bid.tolist() == [10.00, 10.01, 10.02, 10.01]
    assert best.bid_size.tolist() == [300, 200, 100, 200]
    assert best.ask.tolist() == [10.04, 10.04, 10.03, 10.04]
    assert best.ask_size.tolist() == [100, 500, 100, 400]


def test_crossed_and_locked_quotes_are_counted_and_cost_nothing():
    best = quotes(
        [
            (0, "N", 10.00, 100, 10.02, 100),
            (1, "Q", 10.02, 100, 10.04, 100),  # locked
            (2, "Q", 10.03, 100, 10.05, 100),  # crossed
            (3, "Q", 10.00, 100, 10.05, 100),
        ]
    )
    assert (best.crossed.sum(), best.sound.tolist()) == (1, [True, False, False, True])
    np.testing.assert_allclose(quoted_spread(best, until=4), 0.02 / 10.01)


def test_sides_told_by_turns_stand_until_they_are_told_anew():
    best = quotes(
        [
            (0, "N", 10.00, 300, NAN, 0),
            (0, "Q", NAN, 0, 10.02, 100),
            (1, "Z", 9.99, 100, NAN, 0),  # N was outbid by nobody: it is gone, and Z is best
        ]
    )
    assert best.bid.tolist() == [10.00, 10.00, 9.99]
    assert best.ask.tolist() == [np.inf, 10.02, 10.02]


def test_a_quote_counts_for_as_long_as_it_stood():
    best = quotes([(0, "N", 99.0, 10, 101.0, 30), (30, "N", 98.0, 10, 102.0, 10)])
    np.testing.assert_allclose(quoted_spread(best, until=120), (30 * 0.02 + 90 * 0.04) / 120)
    np.testing.assert_allclose(quoted_depth(best, until=120), (30 * 2000 + 90 * 1000) / 120)


def test_nothing_sound_is_no_spread_of_zero():
    assert np.isnan(quoted_spread(quotes([(0, "N", NAN, 0, 10.0, 1)]), until=9))
    assert np.isnan(flow_imbalance(quotes([(0, "N", 9.0, 1, 10.0, 1)])))
    empty = best_quotes(np.empty(0, dtype=np.int64), *(np.empty(0) for _ in range(4)))
    assert np.isnan(quoted_spread(empty, until=9))
    assert np.isnan(quoted_depth(empty, until=9))
    assert np.isnan(flow_imbalance(empty))


@pytest.mark.parametrize(
    ("after", "flow"),
    [
        ((10.00, 300, 10.02, 100), 0.0),  # told again
        ((10.00, 500, 10.02, 100), 200.0),  # the bid grows
        ((10.00, 100, 10.02, 100), -200.0),  # it shrinks
        ((10.01, 50, 10.02, 100), 50.0),  # a new best bid
        ((9.99, 700, 10.02, 100), -300.0),  # the best bid is gone
        ((10.00, 300, 10.02, 400), -300.0),  # the ask grows
        ((10.00, 300, 10.01, 20), -20.0),  # a new best ask
        ((10.00, 300, 10.03, 900), 100.0),  # the best ask is gone
        ((10.00, 300, NAN, 0), 100.0),  # nobody asks any more
    ],
)
def test_order_flow_by_the_paper_s_cases(after: tuple[float, ...], flow: float):
    before = (0, "N", 10.00, 300, 10.02, 100)
    told = quotes([before, (1, "N", after[0], after[1], after[2], after[3])])
    np.testing.assert_allclose(order_flow(told), [flow])


def test_all_demand_is_one_and_a_mirrored_book_turns_the_sign(generator: np.random.Generator):
    rising = quotes([(k, "N", 10.0 + k, 100, 12.0 + k, 100) for k in range(5)])
    assert flow_imbalance(rising) == 1.0
    size = generator.integers(1, 9, (50, 2)).astype(float)
    low = 100.0 - generator.integers(1, 4, (50, 2))
    one, two = low.T
    told = best_quotes(np.arange(50), one, 200.0 - two, size[:, 0], size[:, 1])
    turned = best_quotes(np.arange(50), two, 200.0 - one, size[:, 1], size[:, 0])
    np.testing.assert_allclose(flow_imbalance(turned), -flow_imbalance(told))


def test_a_real_day_of_two_stocks(rich_market: Path):
    """AIG and Bank of America on 2013-10-07: a cent apart nearly always, hardly ever crossed.

    Cents and counts were found by a forward fill of the columns in pandas.
    """
    file = rich_market.parent / "microstructure" / "quotes_ticks.parquet"
    if not file.is_file():
        pytest.skip("No microstructure samples beside the richer market.")
    rows = pd.read_parquet(file)
    hours = rows["time"].between("2013-10-07T13:30Z", "2013-10-07T20:00Z", inclusive="right")
    for name, crossed, cents in (("AIG", 199, 1.0545), ("BAC", 0, 1.0000)):
        mine = rows[hours & (rows["instrument"] == name)]
        columns = (mine[side].to_numpy(float) for side in ("bid", "ask", "bid_size", "ask_size"))
        time = mine["time"].dt.as_unit("ns").astype(np.int64).to_numpy()
        best = best_quotes(time, *columns, exchange=mine["exchange"].to_numpy(str))
        assert best.crossed.sum() == crossed
        until = pd.Timestamp("2013-10-07T20:00Z").value
        price = np.median(best.middle[best.sound])
        np.testing.assert_allclose(
            100.0 * price * quoted_spread(best, until=until), cents, rtol=2e-3
        )
