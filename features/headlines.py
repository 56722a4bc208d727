"""Sentiment of headlines: words weighed by what followed them, or by the labels a user gives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float, Int
from numpy.typing import NDArray

from features.asof import Timeline, ticks
from features.crosssection import CrossSection, asset_mean

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

NAMES = ("headline_sentiment",)
"""The column of `headline_sentiment`."""
WORDS = 2**14
"""Words and pairs of words share so many weights, by a hash that no fit decides."""
SHRINKAGE = 10.0
"""Strength of the ridge: next to a thousand headlines a word that came twice weighs little."""
REFIT, GAP = 63, 5
"""Sessions from fit to fit, and between the last target that is learned from and the fit."""
FEWEST = 250
"""Headlines to learn from."""


@dataclass(frozen=True, slots=True)
class TextModel:
    """A linear model of hashed words; its weights are all there is to it.

    Attributes
    ----------
    weights : array of shape (word,)
    intercept : float
    """

    weights: Float[np.ndarray, " word"]
    intercept: float

    def score(self, words: csr_matrix) -> Float[np.ndarray, " headline"]:
        """Sentiment of each headline, about -1 (bad) to 1 (good).

        Parameters
        ----------
        words : sparse array of shape (headline, word)
            As `hashed` gives it.
        """
        return np.asarray(words @ self.weights).ravel() + self.intercept


def headline_sentiment(headlines: pd.DataFrame, section: CrossSection) -> Timeline:
    """Mean sentiment of the headlines of each session, known at the session's instant.

    A headline counts for the first instant at or after it could be read. It is scored by a model
    that was fitted on the past: on headlines with a label where there are enough, else on all of
    them, each with the sign of the market's return over the session that followed. The model is
    fitted anew every `REFIT` sessions on all that was known `GAP` sessions before.

    Parameters
    ----------
    headlines : DataFrame
        Columns available_at (UTC), text, and optionally label; empty: no headlines.
    section : CrossSection
        For its instants, and for the market's return: the mean of the equity block, or of all
        where there is no equity.

    Returns
    -------
    Timeline
        One row a session that has headlines, NaN before there was enough to learn from.
    """
    row, words, label = _read(headlines, section.instants)
    sessions, of = np.unique(row, return_inverse=True)
    values = np.full(len(sessions), np.nan)
    # A label may be given with the headline; what followed is known a session later.
    followed = np.append(np.sign(_market(section))[1:], np.nan)[row]
    for fitted_at, until in _fits(sessions):
        past = row + 1 <= fitted_at - GAP
        labelled = past & np.isfinite(label)
        taught = labelled if labelled.sum() >= FEWEST else past & np.isfinite(followed)
        if taught.sum() < FEWEST:
            continue
        model = fit(words[taught], np.where(labelled, label, followed)[taught])
        scored = np.flatnonzero((row >= fitted_at) & (row < until))
        # Added up in the order of the table: what comes later must not move a last bit.
        total = np.bincount(of[scored], model.score(words[scored]), len(sessions))
        count = np.bincount(of[scored], minlength=len(sessions))
        values[count > 0] = total[count > 0] / count[count > 0]
    return Timeline(NAMES, values[:, None], section.instants.take(sessions))


def hashed(texts: Sequence[str]) -> csr_matrix:
    """Counts of words and of pairs of neighbouring words, by hash, each row of length one."""
    from scipy.sparse import csr_matrix
    from sklearn.feature_extraction.text import HashingVectorizer

    if not len(texts):  # which the reader refuses
        return csr_matrix((0, WORDS))
    reader = HashingVectorizer(n_features=WORDS, ngram_range=(1, 2), alternate_sign=False)
    return reader.transform(texts)


def fit(words: csr_matrix, target: Float[np.ndarray, " headline"]) -> TextModel:
    """Ridge regression of targets from -1 to 1 on hashed words.

    Parameters
    ----------
    words : sparse array of shape (headline, word)
    target : array of shape (headline,)
        Finite.
    """
    from sklearn.linear_model import Ridge

    ridge = Ridge(alpha=SHRINKAGE, solver="sparse_cg", tol=1e-8).fit(words, target)
    return TextModel(np.asarray(ridge.coef_, dtype=np.float64), float(ridge.intercept_))


def _read(
    headlines: pd.DataFrame, instants: pd.DatetimeIndex
) -> tuple[Int[np.ndarray, " headline"], csr_matrix, Float[np.ndarray, " headline"]]:
    """Row of the instant by which each headline was known, its words and its label."""
    if not len(headlines):
        return np.empty(0, dtype=np.intp), hashed([]), np.empty(0)
    told = ticks(pd.DatetimeIndex(headlines["available_at"]))
    row = np.searchsorted(ticks(instants), told, side="left")
    known: Bool[np.ndarray, " headline"] = row < len(instants)
    texts = headlines["text"].astype(str)[known].tolist()
    label = np.full(len(headlines), np.nan)
    if "label" in headlines:
        label = headlines["label"].to_numpy(dtype=np.float64)
    return row[known], hashed(texts), label[known]


def _market(section: CrossSection) -> Float[np.ndarray, " time"]:
    equity = section.members("equity")
    return asset_mean(section.returns[:, equity] if equity.any() else section.returns)


def _fits(sessions: NDArray[np.intp]) -> Iterator[tuple[int, int]]:
    """Sessions at which the model is fitted, with the session of the next fit."""
    if len(sessions):
        for fitted_at in range(int(sessions[0]) + REFIT, int(sessions[-1]) + 1, REFIT):
            yield fitted_at, fitted_at + REFIT
