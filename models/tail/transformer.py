r"""The fusion transformer: a series' own state asks its past and its context what they know.

There are three kinds of tokens. The *query* is made of the series' own features. *History* tokens
are patches of its last 64 sessions. *Context* tokens are one per modality: market, macro, news,
bars and whatever else there is. The query attends to all of them, and what it gathers bends the
statistical base. The output layer starts at zero, so an untrained net is the base.

Inputs common to all series have only as many independent observations as there are dates: each
modality is squeezed to a few units and now and then hidden as a whole while training, which also
teaches the token that stands for a modality that is missing. A feed may so be absent at any time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.tail.heads import ByteDropout, SeededLinear
from models.tail.past import CHANNELS, WINDOW
from models.tail.transport import OUTPUTS

STATE = ("returns", "calendar")
"""Modalities of the query: what every series has."""


@dataclass(frozen=True, slots=True)
class Fusion:
    """Shape and regularisation of the transformer.

    Attributes
    ----------
    width : int
        Units of a token.
    heads : int
        Of attention; they share the width.
    patch : int
        Sessions of a history token; divides `past.WINDOW`.
    layers : int
        Times that the query looks at all tokens.
    bottleneck : int
        Units that a modality is squeezed to.
    absent : float
        Share of modalities hidden while training.
    """

    width: int = 32
    heads: int = 4
    patch: int = 8
    layers: int = 1
    bottleneck: int = 4
    absent: float = 0.2


class Normal(nn.Module):
    """Layer normalisation without weights: those of the layer that follows do their work."""

    def forward(self, x: Tensor) -> Tensor:
        """Centre and scale the last axis."""
        return functional.layer_norm(x, x.shape[-1:])


class Attention(nn.Module):
    """Multi-head attention of one query a row to its tokens, seeds side by side.

    Keys and values are never made: with one query it is cheaper to take the query to the tokens
    and their weighted mean to the values. Neither has a bias. The softmax would drop that of the
    keys, and that of ``out`` stands for that of the values.

    Parameters
    ----------
    seeds, width, heads : int
    """

    def __init__(self, seeds: int, width: int, heads: int) -> None:
        super().__init__()
        if width % heads:
            raise ValueError(
                f"width must be a multiple of heads, got {width} and {heads}. Widen or share less."
            )
        self.heads = heads
        self.query = SeededLinear(seeds, width, width)
        bound = width**-0.5
        self.key = nn.Parameter(torch.empty(seeds, width, width).uniform_(-bound, bound))
        self.value = nn.Parameter(torch.empty(seeds, width, width).uniform_(-bound, bound))
        self.out = SeededLinear(seeds, width, width)

    def forward(self, query: Tensor, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """Attend.

        Parameters
        ----------
        query : Tensor of shape (seed, row, width)
        tokens : Tensor of shape (seed, row, token, width)

        Returns
        -------
        Tensor of shape (seed, row, width)
        Tensor of shape (seed, row, token, head)
            Weights; they sum to one over tokens.
        """
        asked = self._apart(self.query(query))
        asked = asked * asked.shape[-1] ** -0.5
        sought = torch.einsum("srhk,swhk->srwh", asked, self._apart(self.key))
        weights = torch.softmax(tokens @ sought, dim=2)
        seen = weights.transpose(2, 3) @ tokens
        gathered = torch.einsum("srhw,swhk->srhk", seen, self._apart(self.value))
        return self.out(gathered.flatten(-2)), weights

    def _apart(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (self.heads, -1))


class Modality(nn.Module):
    """One kind of data as a token; a token of its own where all of it is missing.

    Parameters
    ----------
    seeds, inputs : int
    bottleneck, width : int
        Units it is squeezed to, and of the token.
    dropout : float
        Share of inputs dropped in training.
    """

    def __init__(
        self, seeds: int, inputs: int, *, bottleneck: int, width: int, dropout: float
    ) -> None:
        super().__init__()
        self.dropout = ByteDropout(dropout)
        self.squeeze = SeededLinear(seeds, 2 * inputs, bottleneck)
        self.widen = SeededLinear(seeds, bottleneck, width)
        self.missing = nn.Parameter(0.1 * torch.randn(seeds, 1, width))

    def forward(self, x: Tensor, hidden: Tensor) -> Tensor:
        """Token of shape (seed, row, width).

        Parameters
        ----------
        x : Tensor of shape (seed, row, input)
            NaN where not known.
        hidden : bool Tensor of shape (seed, row, 1)
            Rows from which the modality is kept.
        """
        told = with_mask(x)
        nothing = hidden | (told[..., x.shape[-1] :].amax(dim=-1, keepdim=True) == 0)
        squeezed = torch.tanh(self.squeeze(self.dropout(told)))
        return torch.where(nothing, self.missing, self.widen(squeezed))


def with_mask(x: Tensor) -> Tensor:
    """Values, zero where not known, and then 1 where known, else 0."""
    known = torch.isfinite(x)
    return torch.cat([torch.where(known, x, 0.0), known.to(x.dtype)], dim=-1)


class Patches(nn.Module):
    """Windows of a series' past as tokens, in order of time."""

    def __init__(self, seeds: int, fusion: Fusion) -> None:
        super().__init__()
        if WINDOW % fusion.patch:
            raise ValueError(
                f"patch must divide the window of {WINDOW} sessions, got {fusion.patch}."
            )
        self.patch = fusion.patch
        inputs = 2 * len(CHANNELS) * fusion.patch
        self.embed = nn.Sequential(
            SeededLinear(seeds, inputs, 2 * fusion.width),
            nn.SiLU(),
            SeededLinear(seeds, 2 * fusion.width, fusion.width),
        )
        count = WINDOW // fusion.patch
        self.place = nn.Parameter(0.1 * torch.randn(seeds, 1, count, fusion.width))

    def forward(self, windows: Tensor) -> Tensor:
        """Map (seed, row, 2 * channel, window) to (seed, row, patch, width)."""
        patches = windows.unflatten(-1, (-1, self.patch)).transpose(-3, -2).flatten(-2)
        told = self.embed(patches.flatten(1, 2)).unflatten(1, patches.shape[1:3])
        return told + self.place


class Transformer(nn.Module):
    """An ensemble of fusion transformers; outputs are the raw parameters of `transport.tail_map`.

    Parameters
    ----------
    state : sequence of int
        Columns of the query among all inputs, own and then shared.
    context : mapping of modality to sequence of int
        Columns of each context token.
    seeds : int
    fusion : Fusion
    dropout, context_dropout : float
        Share of hidden units, and of a modality's inputs, dropped in training.
    """

    def __init__(
        self,
        *,
        state: Sequence[int],
        context: Mapping[str, Sequence[int]],
        seeds: int,
        fusion: Fusion,
        dropout: float = 0.1,
        context_dropout: float = 0.3,
    ) -> None:
        super().__init__()
        width = fusion.width
        self.fusion, self.state = fusion, list(state)
        self.context = {name: list(columns) for name, columns in context.items()}
        self.own = SeededLinear(seeds, 2 * len(self.state), 2 * width)
        self.query = nn.Sequential(
            nn.SiLU(),
            ByteDropout(dropout),
            SeededLinear(seeds, 2 * width, width),
        )
        self.patches = Patches(seeds, fusion)
        self.modalities = nn.ModuleDict(
            {
                name: Modality(
                    seeds,
                    len(columns),
                    bottleneck=fusion.bottleneck,
                    width=width,
                    dropout=context_dropout,
                )
                for name, columns in self.context.items()
            }
        )
        self.look = nn.ModuleList(
            Attention(seeds, width, fusion.heads) for _ in range(fusion.layers)
        )
        self.think = nn.ModuleList(
            nn.Sequential(
                SeededLinear(seeds, width, 2 * width),
                nn.SiLU(),
                ByteDropout(dropout),
                SeededLinear(seeds, 2 * width, width),
            )
            for _ in range(fusion.layers)
        )
        self.normal = Normal()
        self.out = SeededLinear(seeds, width, OUTPUTS, zero=True)

    @property
    def tokens(self) -> tuple[str, ...]:
        """Names of what the query attends to, in the order of its weights."""
        patch = self.fusion.patch
        ages = range(WINDOW - patch, -1, -patch)
        return (*(f"sessions {age + patch}-{age + 1} ago" for age in ages), *self.context)

    def silence(self, constant: Sequence[int], unknown: Sequence[int]) -> None:
        """Let columns that never vary in training, or are known nowhere, say nothing.

        Nothing is learned of them: their weights have no gradient, and a zero stays one. A book
        that differs from all that trained is then not read by weights drawn at random.
        """
        readers = [(self.own, self.state)]
        readers += [(self._modality(name).squeeze, told) for name, told in self.context.items()]
        with torch.no_grad():
            for layer, told in readers:
                for at, column in enumerate(told):
                    if column in constant or column in unknown:
                        layer.weight[:, at] = 0.0
                    if column in unknown:
                        layer.weight[:, len(told) + at] = 0.0

    def forward(self, own: Tensor, shared: Tensor, windows: Tensor) -> Tensor:
        """Raw outputs of shape (seed, row, output).

        Parameters
        ----------
        own, shared : Tensor of shape (seed, row, input)
            Standardised; NaN where not known.
        windows : Tensor of shape (seed, row, 2 * channel, window)
            As `past.in_sigmas` gives them.
        """
        return self._attend(torch.cat([own, shared], dim=-1), windows)[0]

    def attention(self, own: Tensor, shared: Tensor, windows: Tensor) -> Tensor:
        """Weights of shape (seed, row, token): the mean over layers and heads; they sum to one."""
        return self._attend(torch.cat([own, shared], dim=-1), windows)[1]

    def _attend(self, inputs: Tensor, windows: Tensor) -> tuple[Tensor, Tensor]:
        x = self.query(self.own(with_mask(inputs[..., self.state])))
        hidden = self._hidden(inputs)
        context = [
            self._modality(name)(inputs[..., columns], hidden[..., at : at + 1])
            for at, (name, columns) in enumerate(self.context.items())
        ]
        past = self.patches(windows)
        tokens = torch.cat([past, *(token[:, :, None] for token in context)], dim=2)
        tokens = self.normal(tokens)
        seen: list[Tensor] = []
        for look, think in zip(self.look, self.think, strict=True):
            gathered, weights = look(self.normal(x), tokens)
            x = x + gathered
            x = x + think(self.normal(x))
            seen.append(weights.mean(dim=-1))
        return self.out(x), torch.stack(seen).mean(dim=0)

    def _modality(self, name: str) -> Modality:
        return cast("Modality", self.modalities[name])

    def _hidden(self, inputs: Tensor) -> Tensor:
        """Which modalities are kept from which rows: none of them once trained."""
        shape = (*inputs.shape[:2], len(self.context))
        if not self.training or self.fusion.absent == 0.0:
            return torch.zeros(shape, dtype=torch.bool, device=inputs.device)
        return torch.rand(shape, device=inputs.device) < self.fusion.absent
