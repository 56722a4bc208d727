"""The sessions before each origin: every series is kept once, and windows are gathered from it.

Windows that overlap by all but one session would hold every session sixty-four times. All series
lie end to end instead, each after a stretch of nothing known, and a row holds its place.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from numpy.typing import NDArray
from torch import Tensor

WINDOW = 64
"""Sessions that a row looks back on, its own the last."""

CHANNELS = ("return", "range", "volume")
"""Of each session: its simple return, the volatility that its range shows, and how far the log of
its volume lies above trend."""
MODALITIES = ("returns", "bars", "bars")
"""Which kind of data each channel comes from."""

FLOOR, LARGEST = 1e-2, 5.0
"""Least range in sigmas that is told from none, and the largest value that is told from more."""


@dataclass(frozen=True, slots=True)
class Past:
    """Tracks of one or many series, and where each row stands on them.

    Attributes
    ----------
    tracks : array of shape (session, channel)
        Series end to end, each after `WINDOW` - 1 sessions of NaN; single precision, NaN where
        not known.
    at : array of shape (row,)
        Session of each row's origin.
    sigma : array of shape (row,)
        Sigma that the base forecasts there: the unit of the row's window.
    """

    tracks: Float[np.ndarray, "session channel"]
    at: Int[np.ndarray, " row"]
    sigma: Float[np.ndarray, " row"]

    @classmethod
    def of(
        cls, track: Float[np.ndarray, "time channel"] | None, sigma: Float[np.ndarray, " time"]
    ) -> Past:
        """One series, a row per session; None where nothing of its past is known."""
        if track is None:
            track = np.full((len(sigma), len(CHANNELS)), np.nan)
        nothing = np.full((WINDOW - 1, len(CHANNELS)), np.nan)
        tracks = np.concatenate([nothing, track]).astype(np.float32)
        return cls(tracks, np.arange(len(track)) + WINDOW - 1, sigma.astype(np.float32))

    @classmethod
    def from_windows(
        cls, windows: Float[np.ndarray, "row window channel"], sigma: Float[np.ndarray, " row"]
    ) -> Past:
        """Rows that bring their windows, as a table of inputs does."""
        rows, window, channels = windows.shape
        tracks = windows.reshape(rows * window, channels).astype(np.float32)
        return cls(tracks, np.arange(1, rows + 1) * window - 1, sigma.astype(np.float32))

    def take(self, rows: NDArray[np.intp] | Bool[np.ndarray, " row"] | slice) -> Past:
        """Some of the rows, on the same tracks."""
        return Past(self.tracks, self.at[rows], self.sigma[rows])

    def lacking(self, modalities: Collection[str]) -> Past:
        """The same rows with nothing known of the channels of some modalities."""
        hidden = [kind in modalities for kind in MODALITIES]
        if not any(hidden):
            return self
        nothing = np.where(hidden, np.float32(np.nan), self.tracks)
        return Past(nothing, self.at, self.sigma)

    def windows(self) -> Float[np.ndarray, "row window channel"]:
        """The window of every row, copied out; for few rows, or a block of them."""
        offsets = np.arange(1 - WINDOW, 1)
        return self.tracks[self.at[:, None] + offsets]


def joined(parts: Sequence[Past]) -> Past:
    """Several series in one."""
    starts = np.cumsum([0, *(len(one.tracks) for one in parts[:-1])])
    return Past(
        np.concatenate([one.tracks for one in parts]),
        np.concatenate([one.at + start for one, start in zip(parts, starts, strict=True)]),
        np.concatenate([one.sigma for one in parts]),
    )


def sliding(tracks: Tensor) -> Tensor:
    """View of shape (start, channel, window): nothing is copied before rows are taken.

    The window that ends at session ``t`` of the tracks is row ``t - WINDOW + 1``.
    """
    return tracks.unfold(0, WINDOW, 1)


def in_sigmas(windows: Tensor, sigma: Tensor) -> Tensor:
    """Windows as a net reads them, with what was known beside them.

    Parameters
    ----------
    windows : Tensor of shape (..., channel, window)
        Of `CHANNELS`; NaN where not known.
    sigma : Tensor of shape (..., 1)
        Of the origin: a return is told in today's units, however long ago it was.

    Returns
    -------
    Tensor of shape (..., 2 * channel, window)
        Values, zero where not known, and then 1 where known, else 0.
    """
    known = torch.isfinite(windows)
    returns, ranges, volume = torch.where(known, windows, 0.0).unbind(dim=-2)
    values = torch.stack(
        [_asinh(returns / sigma), torch.log((ranges / sigma).clamp(min=FLOOR)), volume], dim=-2
    ).clamp(-LARGEST, LARGEST)
    mask = known.to(values.dtype)
    return torch.cat([values * mask, mask], dim=-2)


def _asinh(x: Tensor) -> Tensor:
    """Inverse hyperbolic sine; torch's own takes five times as long on a CPU."""
    size = x.abs()
    return torch.log1p(size + size * size / (1.0 + torch.sqrt(1.0 + size * size))).copysign(x)
