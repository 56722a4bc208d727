"""Joint defaults: Vasicek's limit, the bivariate t, and the tail that the Gaussian lacks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.stats import multivariate_normal, multivariate_t, norm

from models.default_copula import DefaultCopula, vasicek_quantile


def copula(**given: Any) -> DefaultCopula:
    told: dict[str, Any] = {
        "probability": np.array([0.01, 0.02, 0.05, 0.01]),
        "market": np.array([0.5, 0.4, 0.3, 0.5]),
        "sector_loading": np.array([0.4, 0.5, 0.4, 0.0]),
        "sector": np.array([0, 0, 1, 1]),
    }
    return DefaultCopula(**{**told, **given})


def test_vasicek_gives_the_published_figure():
    assert vasicek_quantile(0.01, 0.2, alpha=0.999) == pytest.approx(0.1455, abs=5e-5)


@pytest.mark.slow
def test_a_granular_gaussian_book_reaches_vasicek():
    issuers = 2000
    model = DefaultCopula(
        np.full(issuers, 0.01),
        np.full(issuers, np.sqrt(0.2)),
        np.zeros(issuers),
        np.zeros(issuers, dtype=int),
        freedom=np.inf,
    )
    rng = np.random.default_rng(0)
    rates = np.concatenate([model.simulate(1000, generator=rng).mean(axis=1) for _ in range(40)])
    truth = vasicek_quantile(0.01, 0.2, alpha=0.999)
    found = float(np.quantile(rates, 0.999))
    # The 99.9% quantile of 40,000 paths: about six standard errors of 0.5 points each side.
    assert found == pytest.approx(truth, abs=0.02)
    assert rates.mean() == pytest.approx(0.01, abs=5e-4)


@pytest.mark.parametrize("freedom", [3.0, 8.0, np.inf])
def test_what_follows_from_a_default_is_the_bivariate_law(freedom: float):
    model = copula(freedom=freedom)
    given = model.given_default(0)
    rho = model.correlation_with(0)
    for other in (1, 2, 3):
        shape = np.array([[1.0, rho[other]], [rho[other], 1.0]])
        at = model.threshold[[0, other]]
        law = multivariate_t(shape=shape, df=freedom) if np.isfinite(freedom) else None
        both = (
            multivariate_normal(cov=shape).cdf(at)
            if law is None
            else law.cdf(at, random_state=0, maxpts=200_000)
        )
        assert given[other] == pytest.approx(float(both) / 0.01, rel=2e-3)
    assert given[0] == 1.0


def test_simulation_agrees_with_the_integral():
    model = copula()
    defaults = model.simulate(400_000, generator=np.random.default_rng(1))
    np.testing.assert_allclose(defaults.mean(axis=0), model.probability, rtol=0.06)
    among = defaults[defaults[:, 0]]
    error = np.sqrt(0.25 / len(among))
    np.testing.assert_allclose(among.mean(axis=0), model.given_default(0), atol=4 * error)


def test_a_default_raises_others_more_the_closer_they_are_and_the_heavier_the_tail():
    heavy, light = copula(freedom=3.0), copula(freedom=np.inf)
    assert (heavy.given_default(0)[1:] > light.given_default(0)[1:]).all()
    assert (light.given_default(0)[1:] > light.probability[1:]).all()
    near = copula(sector=np.array([0, 0, 0, 1])).given_default(0)[2]
    assert near > copula().given_default(0)[2]


def test_strangers_in_a_gaussian_world_do_not_notice():
    model = copula(market=np.zeros(4), sector_loading=np.zeros(4), freedom=np.inf)
    np.testing.assert_allclose(model.given_default(0)[1:], model.probability[1:], rtol=1e-9)
    assert model.market_given_default(0) == 0.0


def test_the_market_falls_by_the_truncated_normal_mean():
    model = copula(freedom=np.inf)
    truth = -0.5 * norm.pdf(norm.ppf(0.01)) / 0.01
    assert model.market_given_default(0) == pytest.approx(truth, rel=1e-3)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"probability": np.array([0.0, 0.1, 0.1, 0.1])}, "probability must lie"),
        ({"probability": np.array([np.nan, 0.1, 0.1, 0.1])}, "probability must lie"),
        ({"market": np.array([1.0, 0.1, 0.1, 0.1])}, "loadings"),
        ({"freedom": 2.0}, "freedom"),
    ],
)
def test_what_cannot_be_is_refused(given: dict[str, Any], reason: str):
    with pytest.raises(ValueError, match=reason):
        copula(**given)
