"""Every factor of a book is moved by its series, by a stated stand-in, or refused."""

import numpy as np
import pytest

from models.instruments.proxies import Proxy, Source, factor_scenarios, held
from models.instruments.risk_factors import Factor, FactorScenarios

SPOT = Factor("ACME", "equity", "log", 100.0, "ACME")
SHORT = Factor("curve:USD:1", "rate", "diff", 0.04, "USD", 1.0)
LONG = Factor("curve:USD:10", "rate", "diff", 0.05, "USD", 10.0)
SPREAD = Factor("credit:X:5", "credit", "log", 0.02, "X", 5.0)
VOL = Factor("vol:ACME:2025-01-17:100", "volatility", "log", 0.2, "ACME", 0.5, 100.0)
OTHER_VOL = Factor("vol:ACME:2025-01-17:110", "volatility", "log", 0.2, "ACME", 0.5, 110.0)
MOVES = np.array([[[0.01], [0.02]], [[-0.03], [0.01]]])  # two paths of two sessions


def test_a_series_of_the_same_name_moves_a_factor_by_the_sum_of_its_steps():
    made = factor_scenarios([SPOT], [Source("ACME", "log")], MOVES)
    np.testing.assert_allclose(made.moves[:, 0], [0.03, -0.02])
    np.testing.assert_allclose(made.levels()[:, 0], 100.0 * np.exp([0.03, -0.02]))
    assert made.notes == ()


def test_a_rate_in_percentage_points_moves_a_zero_rate_in_decimals():
    made = factor_scenarios(
        [LONG], [Source("US10Y", "diff", 4.0)], MOVES, proxies={"curve:USD": Proxy("US10Y", 0.01)}
    )
    np.testing.assert_allclose(made.levels()[:, 0], [0.0503, 0.0498])
    assert made.notes == ("curve:USD:10 moves by 0.01 times US10Y",)


def test_a_spread_follows_the_ratio_of_an_index():
    """Half as much again: 4 to 6 percentage points, and 200 to 300 basis points."""
    moves = np.full((1, 1, 1), 2.0)
    made = factor_scenarios(
        [SPREAD], [Source("HY", "diff", 4.0)], moves, proxies={"credit": Proxy("HY")}
    )
    assert made.levels()[0, 0] == pytest.approx(0.03)


def test_the_closest_proxy_wins():
    sources = [Source("A", "log"), Source("B", "log")]
    moves = np.array([[[0.1, 0.2]]])
    proxies = {"vol": Proxy("A"), "vol:ACME": Proxy("B")}
    assert factor_scenarios([VOL], sources, moves, proxies=proxies).moves[0, 0] == 0.2


def test_a_node_without_a_series_moves_like_the_nearest_of_its_kind():
    sources = [Source(SPOT.name, "log"), Source(SHORT.name, "diff"), Source(VOL.name, "log")]
    moves = np.array([[[0.01, 0.002, 0.3]]])
    made = factor_scenarios([SPOT, SHORT, LONG, VOL, OTHER_VOL], sources, moves)
    np.testing.assert_array_equal(made.moves[0], [0.01, 0.002, 0.002, 0.3, 0.3])
    assert made.notes == (
        "curve:USD:10 moves like curve:USD:1",
        "vol:ACME:2025-01-17:110 moves like vol:ACME:2025-01-17:100",
    )


def test_what_nothing_stands_in_for_is_held_and_said_so():
    made = factor_scenarios([SPOT, SPREAD], [Source("ACME", "log")], MOVES)
    assert not made.moves[:, 1].any()
    assert made.notes == ("1 credit factors stay where they are (credit:X:5)",)


def test_a_price_is_never_held():
    with pytest.raises(ValueError, match=r"ACME is held by the book and moves in no scenario"):
        factor_scenarios([SPOT], [Source("B", "log")], MOVES)


def test_a_proxy_must_be_a_series():
    with pytest.raises(ValueError, match=r"proxies: ACME is to follow 'B', which is no series"):
        factor_scenarios([SPOT], [Source("A", "log")], MOVES, proxies={"ACME": Proxy("B")})


def test_a_level_that_turns_negative_has_no_logarithm():
    with pytest.raises(ValueError, match=r"credit:X:5 .* goes from 1 to -1 in a scenario"):
        factor_scenarios(
            [SPREAD],
            [Source("HY", "diff", 1.0)],
            np.full((1, 1, 1), -2.0),
            proxies={"credit": Proxy("HY")},
        )


def test_nothing_moves_in_scenarios_that_wait_for_a_shock():
    made = held([SPOT, LONG], 3)
    np.testing.assert_array_equal(made.levels(), [[100.0, 0.05]] * 3)


def test_chunks_are_the_same_scenarios():
    made = factor_scenarios([SPOT], [Source("ACME", "log")], np.arange(7.0).reshape(7, 1, 1))
    parts = [chunk.moves for chunk in made.chunks(3)]
    assert [len(part) for part in parts] == [3, 3, 1]
    np.testing.assert_array_equal(np.concatenate(parts), made.moves)
    assert all(isinstance(chunk, FactorScenarios) for chunk in made.chunks(3))


def test_a_proxy_said_for_the_very_name_wins_over_the_series_and_gives_its_reason():
    sources = [Source("ACME", "log"), Source("INDEX", "log")]
    moves = np.array([[[0.1, 0.2]]])
    made = factor_scenarios(
        [SPOT], sources, moves, proxies={"ACME": Proxy("INDEX", 1.5, "listed last month")}
    )
    assert made.moves[0, 0] == pytest.approx(0.3)
    assert made.notes == ("ACME moves by 1.5 times INDEX (listed last month)",)
