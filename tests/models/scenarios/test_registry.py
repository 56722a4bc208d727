from dataclasses import replace

import numpy as np
import pytest

from models.base import ScenarioModel
from models.scenarios.registry import GENERATORS, fit_generator


def test_every_promised_generator_is_there():
    assert GENERATORS == ("fhs", "gaussian", "copula", "flow", "diffusion", "vae")


@pytest.mark.parametrize("name", ["fhs", "copula"])
def test_tomorrow_changes_no_scenario(toy_market, name):
    as_of = toy_market.close.index[1300]
    names = ["STOCK", "FUND", "YIELD"]
    close = toy_market.close.copy()
    close.loc[close.index > as_of] *= 1.3
    one, other = (
        fit_generator(name, market, names, as_of=as_of, seed=0, correlation="ewma")
        for market in (toy_market, replace(toy_market, close=close))
    )
    assert isinstance(one, ScenarioModel)
    np.testing.assert_array_equal(
        one.chunk(0, paths=100, horizon=5, seed=1).paths,
        other.chunk(0, paths=100, horizon=5, seed=1).paths,
    )
    assert [asset.last_close for asset in one.assets] == list(toy_market.close.loc[as_of, names])


def test_an_unknown_generator_is_refused(toy_market):
    with pytest.raises(ValueError, match=r"^name must be one of fhs, gaussian, copula, flow, diff"):
        fit_generator("gan", toy_market, ["STOCK"], as_of=toy_market.as_of, seed=0)
