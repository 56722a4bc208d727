"""A decoder that answered with its mean would lose most of the variance; this one draws."""

import numpy as np
import torch

from models.scenarios.vae import VaeSettings, fit_vae, gaussian
from models.training import Schedule

SETTINGS = VaeSettings(schedule=Schedule(epochs=6, batch=256, rate=5e-3))


def test_the_decoder_mean_alone_understates_what_the_draws_keep() -> None:
    rng = np.random.default_rng(1)
    factors, condition = rng.normal(size=(3_000, 4)), rng.normal(size=(3_000, 2))
    law = fit_vae(factors, condition, settings=SETTINGS, seed=2)
    state = torch.as_tensor(condition, dtype=torch.float32).repeat(10, 1)
    generator = torch.Generator().manual_seed(3)
    drawn = law.draw(state, generator=generator)
    latent = torch.randn(len(state), SETTINGS.latent, generator=generator)
    with torch.no_grad():
        known = law.standard.moments.known(state)
        mean, _ = gaussian(law.decoder(latent, law.decoder.context(known)))
    assert mean.var() < 0.5
    np.testing.assert_allclose(drawn.var(dim=0), factors.var(axis=0), rtol=0.04)
