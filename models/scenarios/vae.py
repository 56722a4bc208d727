"""Variational autoencoder: a few latent numbers say where and how widely the factors scatter.

A decoder that returns its mean understates every variance. This one says a mean and a variance of
each factor and draws; since the variance depends on the latent numbers, all factors can be wild
together. Untrained, mean zero and variance one whatever the latent says, it is the Gaussian copula.

References
----------
Kingma and Welling (2014), *Auto-encoding variational Bayes*. Sohn, Lee and Yan (2015), *Learning
structured output representation using deep conditional generative models*.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from models.scenarios.nets import ResidualNet, from_payload, to_payload
from models.scenarios.neural import NeuralLaw, matched
from models.scenarios.standard import Standard
from models.training import Schedule, train

SPAN = 3.0
"""Log variances lie within plus and minus this."""


@dataclass(frozen=True, slots=True)
class VaeSettings:
    """What a VAE is and how it is trained; all of it enters its content key.

    Attributes
    ----------
    latent : int
        Latent numbers of a session.
    noises : int
        Latent draws that each session meets in a batch.
    """

    latent: int = 4
    width: int = 32
    depth: int = 1
    haze: float = 2.0
    noises: int = 4
    schedule: Schedule = field(
        default_factory=lambda: Schedule(epochs=40, batch=256, rate=2e-3, weight_decay=0.1)
    )


@dataclass(frozen=True, eq=False)
class VaeLaw(NeuralLaw):
    """A fitted decoder; the encoder has done its work."""

    settings: VaeSettings
    decoder: ResidualNet

    @property
    def name(self) -> str:
        """Name in manifests and tables."""
        return "vae"

    def vectors(self, known: Tensor, generator: torch.Generator) -> Tensor:
        """Latent numbers from their prior, then vectors from the decoder's Gaussian."""
        rows, device, factors = len(known), known.device, len(self.standard.shift)
        noise = torch.randn(
            (rows, self.settings.latent + factors), generator=generator, device=device
        )
        latent, own = noise.split((self.settings.latent, factors), dim=1)
        mean, log_variance = gaussian(self.decoder(latent, self.decoder.context(known)))
        return torch.addcmul(mean, own, (0.5 * log_variance).exp_())

    def to_bytes(self) -> bytes:
        """Weights as safetensors, settings as JSON in its header."""
        tensors = {f"decoder.{name}": x for name, x in self.decoder.state_dict().items()}
        return to_payload(asdict(self.settings), tensors | self.standard.tensors())

    @classmethod
    def from_bytes(cls, payload: bytes) -> VaeLaw:
        """Inverse of `to_bytes`; the caller has checked the payload's hash."""
        stored, tensors = from_payload(payload)
        stored["schedule"] = Schedule(**stored["schedule"])
        decoder = ResidualNet.stored(tensors, "decoder.")
        return cls(Standard.from_tensors(tensors), VaeSettings(**stored), decoder)


def gaussian(answer: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and log variance from a net's answer."""
    mean, raw = answer.chunk(2, dim=-1)
    return mean, SPAN * torch.tanh(raw / SPAN)


def fit_vae(
    factors: Float[np.ndarray, "time factor"],
    condition: Float[np.ndarray, "row condition"],
    *,
    settings: VaeSettings | None = None,
    seed: int,
) -> VaeLaw:
    """Learn the law of a session's factors from those of past sessions.

    Parameters
    ----------
    factors : array of shape (time, factor)
        Gaussianised, whitened factor moves.
    condition : array of shape (time, condition)
        Row t was known before the session of ``factors[t]``. What is missing may be NaN.
    settings : VaeSettings, optional
    seed : int
        Of the weights, shuffles and noise.

    Raises
    ------
    ValueError
        If factors are not finite, conditions are not theirs, or there are too few.
    """
    settings = settings or VaeSettings()
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    standard, known, vectors = Standard.of(factors, condition)
    count, latent = factors.shape[1], settings.latent
    encoder, decoder = (
        ResidualNet(
            inputs=inputs,
            outputs=outputs,
            condition=known.shape[1],
            width=settings.width,
            depth=settings.depth,
            haze=settings.haze,
        )
        for inputs, outputs in ((count, 2 * latent), (latent, 2 * count))
    )

    def bound(batch: Tensor) -> Tensor:
        rows = batch[0].cpu().repeat(settings.noises)
        noise = torch.randn(len(rows), latent, generator=generator)
        device = decoder.device
        point, state, noise = (x.to(device) for x in (vectors[rows], known[rows], noise))
        place, log_width = gaussian(encoder(point, encoder.context(state)))
        inner = place + (0.5 * log_width).exp() * noise
        mean, log_variance = gaussian(decoder(inner, decoder.context(state)))
        surprise = (point - mean).square() * (-log_variance).exp() + log_variance
        distance = place.square() + log_width.exp() - log_width - 1.0
        return (surprise.sum(dim=1) + distance.sum(dim=1)).mean() / count

    train(
        nn.ModuleList([encoder, decoder]),
        bound,
        rows=len(vectors),
        seeds=1,
        schedule=settings.schedule,
        generator=generator,
    )
    return matched(VaeLaw(standard, settings, decoder.cpu().eval()), known, generator)
