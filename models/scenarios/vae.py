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

from dataclasses import asdict, dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from models.scenarios.lesson import LawSettings, Lesson
from models.scenarios.nets import ResidualNet, from_payload, to_payload
from models.scenarios.neural import NeuralLaw, matched
from models.scenarios.standard import Standard
from models.training import Schedule

SPAN = 3.0
"""Log variances lie within plus and minus this."""


@dataclass(frozen=True, slots=True)
class VaeSettings(LawSettings):
    """What a VAE is and how it is trained.

    Attributes
    ----------
    latent : int
        Latent numbers of a session.
    """

    latent: int = 4


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
    """Learn a decoder of past sessions' factors; arguments and errors as `Lesson.of`."""
    settings = settings or VaeSettings()
    lesson = Lesson.of(factors, condition, seed=seed)
    vectors, known, generator = lesson.vectors, lesson.known, lesson.generator
    count, latent = lesson.factors, settings.latent
    encoder, decoder = (
        lesson.net(settings, inputs=inputs, outputs=outputs)
        for inputs, outputs in ((count, 2 * latent), (latent, 2 * count))
    )

    def bound(rows: Tensor) -> Tensor:
        noise = torch.randn(len(rows), latent, generator=generator)
        device = decoder.device
        point, state, noise = (x.to(device) for x in (vectors[rows], known[rows], noise))
        place, log_width = gaussian(encoder(point, encoder.context(state)))
        inner = place + (0.5 * log_width).exp() * noise
        mean, log_variance = gaussian(decoder(inner, decoder.context(state)))
        surprise = (point - mean).square() * (-log_variance).exp() + log_variance
        distance = place.square() + log_width.exp() - log_width - 1.0
        return (surprise.sum(dim=1) + distance.sum(dim=1)).mean() / count

    lesson.teach(nn.ModuleList([encoder, decoder]), bound, settings)
    return matched(VaeLaw(lesson.standard, settings, decoder.cpu().eval()), known, generator)
