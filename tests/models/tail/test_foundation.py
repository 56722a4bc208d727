"""A foundation model forecasts in order and from the past alone, from files and no network."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.tail.foundation import local_model, percentiles, zero_shot_forecast

pytest.importorskip("chronos", reason="the extra foundation is not installed")
ALPHAS = (0.95, 0.975, 0.99)
CONTEXT = 64


def returns(size: int = 700, seed: int = 0) -> np.ndarray:
    return 0.01 * np.random.default_rng(seed).standard_t(5, size)


def test_a_model_that_knows_the_scale_gives_historical_simulation_in_its_units():
    """With centre 0 and a width of twice a known volatility, VaR is that of scaled normal draws."""
    rng = np.random.default_rng(1)
    sigma = np.exp(rng.normal(-4.5, 0.4, 6001))
    drawn = sigma[:-1] * rng.standard_normal(6000)
    said = zero_shot_forecast(
        drawn, np.zeros(6001 - CONTEXT), 2.0 * sigma[CONTEXT:], alphas=(0.975,), first=5000
    )
    ratio = said.var[4999:, 0] / sigma[5000:]
    assert ratio.mean() == pytest.approx(1.96, rel=0.05)
    assert (said.es[4999:, 0] / sigma[5000:]).mean() == pytest.approx(2.34, rel=0.05)
    beyond = -drawn[5000:] > said.var[4999:-1, 0]
    assert beyond.mean() == pytest.approx(0.025, abs=0.015)


def test_a_width_twice_as_large_in_all_units_changes_nothing():
    drawn = returns()
    centre, width = np.zeros(701 - CONTEXT), np.full(701 - CONTEXT, 0.01)
    one, two = (
        zero_shot_forecast(drawn, centre, factor * width, alphas=ALPHAS, first=400)
        for factor in (1.0, 2.0)
    )
    np.testing.assert_allclose(one.var, two.var, rtol=1e-12)
    np.testing.assert_array_equal(one.pit, two.pit)


def test_too_short_a_past_is_refused():
    with pytest.raises(ValueError, match="first is 50"):
        zero_shot_forecast(
            returns(), np.zeros(701 - CONTEXT), np.ones(701 - CONTEXT), alphas=ALPHAS, first=50
        )


def test_weights_that_could_run_code_are_not_read(tmp_path: Path):
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "pytorch_model.bin").write_bytes(b"code")
    with pytest.raises(ValueError, match=r"model\.safetensors missing"):
        local_model(tmp_path)


def test_another_kind_of_model_is_refused(tmp_path: Path):
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "model.safetensors").write_bytes(b"")
    with pytest.raises(ValueError, match="no Chronos-Bolt quantiles"):
        local_model(tmp_path)


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Chronos-Bolt of a few hundred weights, drawn at random."""
    import torch
    from chronos.chronos_bolt import ChronosBoltModelForForecasting

    torch.manual_seed(0)
    told: dict[str, Any] = {
        "d_model": 8,
        "d_kv": 4,
        "d_ff": 16,
        "num_layers": 1,
        "num_heads": 2,
        "dropout_rate": 0.0,
        "feed_forward_proj": "relu",
        "decoder_start_token_id": 0,
        "pad_token_id": 0,
        "chronos_config": {
            "context_length": CONTEXT,
            "prediction_length": 4,
            "input_patch_size": 8,
            "input_patch_stride": 8,
            "quantiles": [0.1, 0.5, 0.9],
            "use_reg_token": True,
        },
    }
    config: Any = ChronosBoltModelForForecasting.config_class
    path = tmp_path_factory.mktemp("bolt")
    ChronosBoltModelForForecasting(config(**told)).save_pretrained(path, safe_serialization=True)
    return path


@pytest.mark.slow
def test_a_local_model_forecasts_in_order_and_knows_no_future(directory: Path):
    model, drawn = local_model(directory), returns()
    centre, width = percentiles(drawn, model, context=CONTEXT)
    assert len(centre) == len(width) == 701 - CONTEXT
    assert (width > 0.0).all()
    said = zero_shot_forecast(drawn, centre, width, alphas=ALPHAS, first=400)
    assert np.isnan(said.var[:399]).all()
    assert (np.diff(said.var[399:], axis=1) >= 0.0).all()
    assert (said.es[399:] >= said.var[399:]).all()
    short = drawn[:600]
    before = zero_shot_forecast(
        short, *percentiles(short, model, context=CONTEXT), alphas=ALPHAS, first=400
    )
    np.testing.assert_array_equal(before.var, said.var[:600])
    np.testing.assert_array_equal(before.es, said.es[:600])
