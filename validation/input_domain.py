"""How much of today's inputs a model was never trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float


@dataclass(frozen=True, slots=True)
class TrainingBox:
    """Where the training inputs lay, feature by feature.

    Attributes
    ----------
    features : tuple of str
    lower, upper : array of shape (feature,)
        Ends included; NaN for a feature that was never known, which then is outside nowhere.
    """

    features: tuple[str, ...]
    lower: Float[np.ndarray, " feature"]
    upper: Float[np.ndarray, " feature"]


@dataclass(frozen=True, slots=True)
class Outside:
    """Today's inputs against a `TrainingBox`.

    Attributes
    ----------
    share : float or None
        Of the known inputs, those outside; None where none is known.
    known : int
        Inputs that are known today.
    features : tuple of str
        Features with an input outside, in the order of the box.
    """

    share: float | None
    known: int
    features: tuple[str, ...]


def training_box(
    features: Sequence[str],
    values: Float[np.ndarray, "row feature"],
    *,
    cover: float = 1.0,
) -> TrainingBox:
    """The box that holds the training inputs, or their central part.

    Parameters
    ----------
    features : sequence of str
    values : array of shape (row, feature)
        Inputs the model was trained on, NaN where unknown. Not those it is judged on: a box that
        has seen today finds nothing outside.
    cover : float
        Share in (0, 1] of each feature's values inside, the same share cut off at either end;
        1 is from the least to the greatest.

    Raises
    ------
    ValueError
        If names and columns differ in number, or ``cover`` is outside (0, 1].
    """
    if values.shape[1] != len(features):
        raise ValueError(
            f"values must have a column a feature, got {values.shape[1]} for {len(features)} "
            "features. Pass both in the order of the panel."
        )
    if not 0 < cover <= 1:
        raise ValueError(f"cover is a share in (0, 1], got {cover}. Pass 0.999 to cut 0.1% off.")
    lower, upper = np.full(len(features), np.nan), np.full(len(features), np.nan)
    for place, column in enumerate(values.T):
        known = column[np.isfinite(column)]
        if known.size:
            lower[place], upper[place] = np.quantile(known, [(1 - cover) / 2, (1 + cover) / 2])
    return TrainingBox(tuple(features), lower, upper)


def outside(box: TrainingBox, today: Float[np.ndarray, "row feature"]) -> Outside:
    """The share of today's known inputs that lie outside the box.

    Parameters
    ----------
    box : TrainingBox
    today : array of shape (row, feature)
        A row for each book or instrument; NaN where unknown. An infinite input is outside.
    """
    known = ~np.isnan(today) & ~np.isnan(box.lower)
    beyond = known & ((today < box.lower) | (today > box.upper))
    count = int(known.sum())
    named = tuple(box.features[place] for place in np.flatnonzero(beyond.any(axis=0)))
    return Outside(float(beyond.sum() / count) if count else None, count, named)
