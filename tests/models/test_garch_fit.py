from dataclasses import astuple

import numpy as np
import pytest
from arch.univariate import GARCH, ConstantMean, StudentsT
from threadpoolctl import threadpool_limits

from features.splits import refit_windows
from models import garch_fit
from models.garch import Params
from models.garch_fit import fit_keys, fit_windows


def simulate(generator, n):
    """GJR returns of an equity index, by arch's own simulator."""
    model = ConstantMean(
        None, volatility=GARCH(p=1, o=1, q=1), distribution=StudentsT(seed=generator)
    )
    return 0.01 * model.simulate([0.04, 0.03, 0.03, 0.12, 0.87, 6.0], n)["data"].to_numpy()


@pytest.fixture
def returns(generator):
    return simulate(generator, 800)


WINDOWS = refit_windows(800, first=500, every=100)


@pytest.mark.parametrize("family", ["garch", "gjr"])
def test_each_fit_reaches_the_likelihood_that_plain_arch_reaches_cold(returns, family):
    params = fit_windows(returns, WINDOWS, family=family)
    assert len(params) == len(WINDOWS)
    for window, fitted in zip(WINDOWS, params, strict=True):
        model = ConstantMean(
            100 * returns[: window.fit_end],
            volatility=GARCH(p=1, o=int(family == "gjr"), q=1),
            distribution=StudentsT(),
            rescale=False,
        )
        gamma = [fitted.gamma] if family == "gjr" else []
        ours = model.fix(
            [100 * fitted.mu, 1e4 * fitted.omega, fitted.alpha, *gamma, fitted.beta, fitted.nu]
        )
        theirs = model.fit(disp="off")
        assert ours.loglikelihood >= theirs.loglikelihood - 0.01
        assert fitted.carried == 0.0


def test_the_fit_finds_the_parameters_of_a_long_simulation(generator):
    returns = simulate(generator, 12_000)
    (fitted,) = fit_windows(returns, refit_windows(12_000, first=12_000), family="gjr")
    assert fitted.gamma == pytest.approx(0.12, abs=0.03)
    assert fitted.beta == pytest.approx(0.87, abs=0.02)
    assert fitted.nu == pytest.approx(6.0, abs=0.7)
    assert fitted.omega == pytest.approx(3e-6, rel=0.4)


@pytest.mark.parametrize("size", [1e-4, 4.0])
def test_a_bill_fund_and_a_coin_are_fitted_alike(returns, size):
    """In percent, the optimiser reports success far from the maximum of a very quiet series."""
    plain = fit_windows(returns, WINDOWS[:2], family="gjr")
    sized = fit_windows(size * returns, WINDOWS[:2], family="gjr")
    for one, other in zip(plain, sized, strict=True):
        expected = [size * one.mu, size**2 * one.omega, one.alpha, one.gamma, one.beta, one.nu]
        found = [other.mu, other.omega, other.alpha, other.gamma, other.beta, other.nu]
        assert found == pytest.approx(expected, rel=1e-3)


def test_an_interrupted_chain_ends_as_an_undisturbed_one(returns):
    whole = fit_windows(returns, WINDOWS, family="gjr")
    for done in (0, 1, 3):
        new: list[int] = []
        resumed = fit_windows(
            returns,
            WINDOWS,
            family="gjr",
            known=whole[:done],
            on_fit=lambda position, _, new=new: new.append(position),
        )
        assert resumed == whole
        assert new == list(range(done, len(WINDOWS)))


def test_later_days_change_no_earlier_fit_and_no_earlier_key(returns):
    short = refit_windows(690, first=500, every=100)
    assert fit_windows(returns[:690], short, family="gjr") == fit_windows(
        returns, WINDOWS[: len(short)], family="gjr"
    )
    keys = fit_keys(returns, WINDOWS, family="gjr")
    assert fit_keys(returns[:690], short, family="gjr") == keys[: len(short)]


def test_the_number_of_threads_changes_no_bit(returns):
    with threadpool_limits(1):
        one = fit_windows(returns, WINDOWS[:2], family="gjr")
    with threadpool_limits(2):
        two = fit_windows(returns, WINDOWS[:2], family="gjr")
    assert one == two


def test_a_key_knows_all_that_its_parameters_depend_on(returns, monkeypatch):
    keys = fit_keys(returns, WINDOWS, family="gjr")
    assert len(set(keys)) == len(WINDOWS)
    assert not set(keys) & set(fit_keys(returns, WINDOWS, family="garch"))
    assert not set(keys) & set(fit_keys(returns, WINDOWS[1:], family="gjr"))  # another chain
    every = refit_windows(800, first=500, every=50)
    assert not set(keys[1:]) & set(fit_keys(returns, every, family="gjr"))
    touched = returns.copy()
    touched[550] += 1e-12
    assert [
        a == b for a, b in zip(keys, fit_keys(touched, WINDOWS, family="gjr"), strict=True)
    ] == [
        True,
        False,
        False,
        False,
    ]
    monkeypatch.setattr(garch_fit, "version", lambda name: "another")
    assert not set(keys) & set(fit_keys(returns, WINDOWS, family="gjr"))


def test_a_refit_that_finds_no_maximum_keeps_the_parameters_before_it_and_is_counted(
    returns, monkeypatch
):
    real = garch_fit._maximise
    asked: list[tuple[int, bool]] = []

    def failing(past, *, family, start):
        asked.append((past.size, start is None))
        return None if past.size in (600, 700) else real(past, family=family, start=start)

    monkeypatch.setattr(garch_fit, "_maximise", failing)
    first, second, third, fourth = fit_windows(returns, WINDOWS, family="gjr")
    assert asked == [
        (500, True),
        (600, False),
        (600, True),
        (700, False),
        (700, True),
        (800, False),
    ]
    assert (second.carried, third.carried, fourth.carried) == (1.0, 2.0, 0.0)
    assert Params(*astuple(third)[:-1]) == first


def test_a_warm_start_that_fails_is_tried_again_cold(returns, monkeypatch):
    real = garch_fit._maximise
    monkeypatch.setattr(
        garch_fit,
        "_maximise",
        lambda past, *, family, start: None if start else real(past, family=family, start=None),
    )
    params = fit_windows(returns, WINDOWS, family="gjr")
    assert [fitted.carried for fitted in params] == [0.0] * 4


def test_a_series_without_a_first_fit_is_refused(returns, monkeypatch):
    monkeypatch.setattr(garch_fit, "_maximise", lambda past, *, family, start: None)
    with pytest.raises(
        ValueError, match=r"^returns: the gjr likelihood of the first 500 has no max"
    ):
        fit_windows(returns, WINDOWS, family="gjr")


@pytest.mark.parametrize("value", [0.0, np.nan, np.inf])
def test_a_series_that_is_flat_or_not_finite_is_refused(value):
    returns = np.zeros(800)
    returns[17] = value
    with pytest.raises(ValueError, match=r"^returns must be finite and vary, got a range of"):
        fit_windows(returns, WINDOWS, family="garch")
