"""What the heads learn from flags: capped weights on origins that look alike, and weeks left out.

A weight depends on what was known at the origin alone: every row whose features lie near those of
a flagged origin counts for more, whatever came of it. Weights chosen on outcomes would teach the
heads the losses that were picked, and no score would be proper any more.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np
from jaxtyping import Bool, Float, Shaped

from features.splits import PooledWindow
from models.tail.inputs import Rows
from models.tail.learned import Standard

_BLOCK = 1 << 15
"""Rows whose distances are held at a time."""


@dataclass(frozen=True, slots=True)
class Flagged:
    """One flagged call of a week that was drawn for training.

    Attributes
    ----------
    series : str
    target : str
        ISO date of the session that the call was for.
    known : str
        ISO date from which it is known that the flag teaches.
    """

    series: str
    target: str
    known: str


@dataclass(frozen=True, slots=True)
class HeldOut:
    """One week that was drawn for the challenge set.

    Attributes
    ----------
    first, last : str
        ISO dates of its days; no target of any series among them is learned from.
    known : str
        ISO date from which it is known.
    """

    first: str
    last: str
    known: str


@dataclass(frozen=True, slots=True)
class Feedback:
    """All flags that were drawn, and how much one teaches.

    Attributes
    ----------
    flagged : tuple of Flagged
    held_out : tuple of HeldOut
    cap : float
        Weight of a row whose features are those of a flagged origin, 1 or more.
    width : float
        Of the kernel, in standard deviations per feature.
    """

    flagged: tuple[Flagged, ...] = ()
    held_out: tuple[HeldOut, ...] = ()
    cap: float = 3.0
    width: float = 0.4

    @property
    def digest(self) -> str:
        """SHA-256 of all of it."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()

    def parameters(self) -> dict[str, str | int | float]:
        """What a version's manifest says of it; nothing where there is none."""
        if not (self.flagged or self.held_out):
            return {}
        return {
            "feedback.sha256": self.digest,
            "feedback.flags": len(self.flagged),
            "feedback.held_out_weeks": len(self.held_out),
            "feedback.cap": self.cap,
            "feedback.width": self.width,
        }

    def seen_by(self, window: PooledWindow) -> Feedback:
        """The part that a head may know.

        A head of the walk-forward stands for its own time: it knows a flag whose session and
        whose draw lie no later than its last target. The head that serves from the last session
        on is made now, and knows every draw about sessions up to its last target.
        """
        until = f"{window.train_until:%Y-%m-%d}"
        known = until if window.year is not None else "9999-12-31"
        return replace(
            self,
            flagged=tuple(f for f in self.flagged if f.target <= until and f.known <= known),
            held_out=tuple(h for h in self.held_out if h.first <= until and h.known <= known),
        )


@dataclass(frozen=True, slots=True)
class Lesson:
    """What one head is told: features of flagged origins, and weeks that are left out.

    Attributes
    ----------
    own, shared : array of shape (flag, input)
        As `models.tail.inputs.Rows` has them.
    weeks : datetime64 array of shape (week, 2)
        First and last day.
    cap, width : float
    """

    own: Float[np.ndarray, "flag own"]
    shared: Float[np.ndarray, "flag shared"]
    weeks: Shaped[np.ndarray, "week 2"]
    cap: float
    width: float

    def taught(self, target: Shaped[np.ndarray, " row"]) -> Bool[np.ndarray, " row"]:
        """Rows that may be learned from: those whose target lies in no week left out."""
        return ~held_out(target, self.weeks)

    def weights(self, rows: Rows) -> Float[np.ndarray, " row"] | None:
        """Weights of training rows, from 1 to the cap; None where no flag teaches."""
        if not len(self.own):
            return None
        flagged, every = [], []
        for mine, theirs in ((rows.own, self.own), (rows.shared, self.shared)):
            standard = Standard.of(mine)
            every.append(standard(mine))
            flagged.append(standard(theirs))
        return kernel_weights(np.hstack(every), np.hstack(flagged), cap=self.cap, width=self.width)

    @property
    def key(self) -> bytes:
        """What a head's content key holds of it."""
        arrays = (self.own, self.shared, self.weeks)
        shapes = json.dumps([[list(x.shape) for x in arrays], self.cap, self.width])
        return shapes.encode() + b"".join(np.ascontiguousarray(x).tobytes() for x in arrays)


def lesson_of(feedback: Feedback, rows: Mapping[str, Rows]) -> Lesson | None:
    """What feedback comes to among these series; None where it comes to nothing.

    Parameters
    ----------
    feedback : Feedback
        As a head sees it, see `Feedback.seen_by`.
    rows : mapping of series to Rows
        Of every series with features; a flag of another series, or of a session for which the
        base said nothing, has no features and teaches nothing.
    """
    own: list[Float[np.ndarray, " own"]] = []
    shared: list[Float[np.ndarray, " shared"]] = []
    for flag in sorted(set(feedback.flagged), key=lambda one: (one.series, one.target)):
        mine = rows.get(flag.series)
        if mine is None:
            continue
        at = np.flatnonzero(mine.target == np.datetime64(flag.target, "ns"))
        if len(at) and np.isfinite(mine.var[at[0], 0]):
            own.append(mine.own[at[0]])
            shared.append(mine.shared[at[0]])
    if not (own or feedback.held_out):
        return None
    one = next(iter(rows.values()))
    return Lesson(
        own=np.array(own).reshape(len(own), one.own.shape[1]),
        shared=np.array(shared).reshape(len(shared), one.shared.shape[1]),
        weeks=weeks_of(feedback.held_out),
        cap=feedback.cap,
        width=feedback.width,
    )


def weeks_of(held: Sequence[HeldOut]) -> Shaped[np.ndarray, "week 2"]:
    """First and last days of weeks, in order."""
    days = sorted({(one.first, one.last) for one in held})
    return np.array(days, dtype="datetime64[ns]").reshape(len(days), 2)


def held_out(
    target: Shaped[np.ndarray, " row"], weeks: Shaped[np.ndarray, "week 2"]
) -> Bool[np.ndarray, " row"]:
    """Rows whose target lies in one of the weeks."""
    inside = np.zeros(len(target), dtype=np.bool_)
    for first, last in weeks:
        inside |= (target >= first) & (target <= last)
    return inside


def kernel_weights(
    rows: Float[np.ndarray, "row input"],
    flagged: Float[np.ndarray, "flag input"],
    *,
    cap: float,
    width: float,
) -> Float[np.ndarray, " row"]:
    r"""Weights that fall from the cap to 1 with the distance to the nearest flagged origin.

    With :math:`d` the root mean square difference over features,
    :math:`1 + (c - 1)\max_j \exp(-d_j^2 / 2 w^2)`.

    Parameters
    ----------
    rows, flagged : array
        Standardised features, none missing.
    cap : float
        :math:`c`, 1 or more.
    width : float
        :math:`w`, above 0.

    Raises
    ------
    ValueError
        If the cap or the width breaks its rule.
    """
    if not (cap >= 1.0 and width > 0.0):
        raise ValueError(
            f"cap must be 1 or more and width above 0, got {cap} and {width}. A cap of 1 teaches "
            f"nothing."
        )
    weights = np.ones(len(rows))
    for start in range(0, len(rows), _BLOCK):
        block = rows[start : start + _BLOCK]
        nearest = np.full(len(block), np.inf)
        for one in flagged:  # no matrix product: its last bits would depend on the threads
            nearest = np.minimum(nearest, np.square(block - one).mean(axis=1))
        weights[start : start + _BLOCK] += (cap - 1.0) * np.exp(-nearest / (2.0 * width**2))
    return np.minimum(weights, cap)
