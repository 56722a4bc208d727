import json

import numpy as np
import pytest

from models.scenarios.copula import copula
from models.scenarios.filtered import FilteredHistory
from models.scenarios.gaussian import gaussian
from models.scenarios.liquid import Liquid
from models.scenarios.liquidity import fit_liquidity
from models.scenarios.registry import fit_prepared
from models.scenarios.stored import INDEX, load_generator, save_generator


@pytest.fixture(scope="module")
def models(sample, prepared):
    filtered = sample.filtered
    squares = filtered.residual**2 * filtered.variance[:-1]
    spread = np.sqrt(filtered.variance[:-1])
    liquidity = fit_liquidity(squares, spread, 1.0 / spread)
    return {
        "fhs": Liquid(FilteredHistory.of(filtered), liquidity),
        "gaussian": gaussian(prepared),
        "copula": copula(prepared),
    }


@pytest.mark.parametrize("name", ["fhs", "gaussian", "copula"])
def test_what_is_read_back_draws_the_same_set(models, name, tmp_path):
    save_generator(models[name], tmp_path / name)
    back = load_generator(tmp_path / name, instruments=["STOCK", "FUND", "YIELD"])
    before = models[name].chunk(2, paths=100, horizon=4, seed=8)
    after = back.chunk(2, paths=100, horizon=4, seed=8)
    np.testing.assert_array_equal(after.paths, before.paths)
    if before.spread is not None:
        np.testing.assert_array_equal(after.spread, before.spread)
        np.testing.assert_array_equal(after.depth, before.depth)
    assert back.description == models[name].description
    assert back.assets == models[name].assets
    assert {file.suffix for file in (tmp_path / name).iterdir()} == {".json", ".safetensors"}


@pytest.mark.slow
def test_a_neural_generator_too(prepared, tmp_path):
    model = fit_prepared("vae", prepared, seed=0)
    save_generator(model, tmp_path / "vae")
    back = load_generator(tmp_path / "vae")
    np.testing.assert_array_equal(
        back.chunk(0, paths=200, horizon=3, seed=8).paths,
        model.chunk(0, paths=200, horizon=3, seed=8).paths,
    )
    assert back.description == model.description


def test_a_generator_of_other_assets_is_refused(models, tmp_path):
    save_generator(models["fhs"], tmp_path / "fhs")
    with pytest.raises(ValueError, match=r"trained on 3 other assets: they differ in OIL"):
        load_generator(tmp_path / "fhs", instruments=["STOCK", "FUND", "YIELD", "OIL"])
    with pytest.raises(ValueError, match=r"they differ in their order"):
        load_generator(tmp_path / "fhs", instruments=["FUND", "STOCK", "YIELD"])


def test_a_changed_file_is_refused(models, tmp_path):
    save_generator(models["fhs"], tmp_path / "fhs")
    file = tmp_path / "fhs" / "arrays.safetensors"
    file.write_bytes(file.read_bytes()[:-1] + b"?")
    with pytest.raises(ValueError, match=r"its SHA-256 is not the one in generator.json"):
        load_generator(tmp_path / "fhs")


def test_a_file_outside_the_directory_is_never_opened(models, tmp_path):
    save_generator(models["fhs"], tmp_path / "fhs")
    index = json.loads((tmp_path / "fhs" / INDEX).read_text())
    index["sha256"]["../secret"] = "0"
    (tmp_path / "fhs" / INDEX).write_text(json.dumps(index))
    with pytest.raises(ValueError, match=r"no file of a generator has this name"):
        load_generator(tmp_path / "fhs")
