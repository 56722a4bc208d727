import numpy as np
import pytest

from validation.plausibility.paths import currency_pair, path_checks


def asset(name, kind="price", move="log", last=100.0):
    return {
        "instrument": name, "kind": kind, "move": move, "currency": "USD", "last_close": last,
    }  # fmt: skip


OIL = asset("WTI_SPOT", move="diff", last=18.27)  # close of 2020-04-17
RATE, SPREAD = asset("UST_10Y", "rate", "diff", 0.5), asset("HY_OAS", "spread", "diff", 3.5)


def broken(moves, *assets, **others):
    checks = path_checks(np.asarray(moves, dtype=np.float64), assets, **others)
    return {check.rule: check for check in checks if not check.passed}


def test_oil_below_zero_is_real():
    assert broken([[[-55.9]]], OIL) == {}  # settled at -37.63 on 2020-04-20


def test_a_rate_may_be_negative_and_a_spread_may_not():
    assert broken([[[-1.0]]], RATE) == {}
    found = broken([[[-2.0], [-2.0]]], SPREAD)["price_sign"]
    assert found.examples == ("path 0, step 1, asset HY_OAS",)


def test_a_logarithmic_price_of_zero_or_beyond_all_floats_is_impossible():
    moves = [[[-800.0, 0.01]], [[0.01, 800.0]], [[0.01, 0.01]]]
    found = broken(moves, asset("A"), asset("B"))["price_sign"]
    assert found.violations == 2
    assert found.paths is not None
    assert found.paths.tolist() == [True, True, False]


def test_what_is_not_finite_is_named_once():
    found = broken([[[np.nan], [0.1]], [[0.1], [np.inf]]], asset("A"))
    assert set(found) == {"finite"}
    assert found["finite"].violations == 2


@pytest.mark.parametrize("wrong", [asset("A", "rate", "log"), asset("EURUSD", "fx", "diff")])
def test_a_kind_that_moves_the_wrong_way_is_told(wrong):
    assert set(broken([[[0.001]]], wrong)) == {"kind_of_move"}


def test_percent_for_fractions_is_a_unit_and_a_crash_is_not(generator):
    moves, usual = 0.01 * generator.standard_t(3, size=(200, 5, 2)), np.full(2, 0.017)
    assets = asset("A"), asset("B")
    assert broken(moves, *assets, usual=usual) == {}
    assert broken(8 * moves, *assets, usual=usual) == {}  # March 2020 against a calm year
    found = broken(moves * [1.0, 100.0], *assets, usual=usual)
    assert found["unit"].examples == ("asset B",)


def test_going_round_a_triangle_gives_one():
    trio = [asset(name, "fx", last=last) for name, last in
            (("EURUSD", 1.10), ("USDJPY", 150.0), ("EURJPY", 165.0))]  # fmt: skip
    moves = np.array([[[0.01, 0.02, 0.03]], [[0.01, 0.02, -0.03]]])
    found = broken(moves, *trio)["fx_triangle"]
    assert found.examples == ("path 1, step 0, triangle EUR-JPY-USD",)
    assert broken(moves[:, :, :2], *trio[:2]) == {}  # two sides make no triangle


def test_only_names_of_two_currencies_are_pairs():
    assert currency_pair(asset("USDJPY", "fx")) == ("USD", "JPY")
    assert currency_pair(asset("USDJPY")) is None
    assert currency_pair(asset("BTC_USD", "fx")) is None


def test_an_undescribed_axis_is_refused():
    with pytest.raises(ValueError, match="each of 2 axes, got 1"):
        path_checks(np.zeros((1, 1, 2)), [asset("A")])
