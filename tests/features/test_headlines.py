"""Headlines: what the words were followed by, and nothing that could not be read in time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from features.asof import Timeline
from features.crosssection import CrossSection
from features.headlines import FEWEST, GAP, REFIT, fit, hashed, headline_sentiment

SESSIONS, A_DAY = 400, 4
NOISE = ("quarterly results of a company", "the minister spoke", "weather in the north")


@pytest.fixture(scope="module")
def section() -> CrossSection:
    """A market of coin flips of 1%."""
    generator = np.random.default_rng(11)
    instants = pd.date_range("2018-01-01T21:00Z", periods=SESSIONS, freq="D")
    returns = generator.choice([-0.01, 0.01], (SESSIONS, 1))
    return CrossSection(instants, ("equity",), returns, returns, returns)


@pytest.fixture(scope="module")
def headlines(section: CrossSection) -> pd.DataFrame:
    """Four a session: one foretells the next session in four cases of five."""
    generator = np.random.default_rng(12)
    rows: list[tuple[pd.Timestamp, str]] = []
    for row, instant in enumerate(section.instants):
        tomorrow = section.returns[min(row + 1, SESSIONS - 1), 0]
        right = generator.random() < 0.8
        word = "rally of hope" if (tomorrow > 0) == right else "collapse and fear"
        rows.append((instant - pd.Timedelta("5h"), word))
        rows += [(instant - pd.Timedelta("2h"), str(generator.choice(NOISE))) for _ in range(3)]
    return pd.DataFrame(rows, columns=["available_at", "text"])


@pytest.fixture(scope="module")
def sentiment(headlines: pd.DataFrame, section: CrossSection) -> Timeline:
    return headline_sentiment(headlines, section)


def test_words_are_weighed_by_what_followed_them(
    headlines: pd.DataFrame, section: CrossSection, sentiment: Timeline
):
    values = pd.Series(sentiment.values[:, 0], sentiment.known_at)[-100:]  # it has learned by then
    hopeful = headlines[headlines["text"].str.startswith("rally")]["available_at"]
    good = values.index.isin(hopeful + pd.Timedelta("5h"))
    assert values[good].min() > values[~good].max()


def test_nothing_is_said_before_there_was_enough_to_learn_from(sentiment: Timeline):
    known = np.flatnonzero(np.isfinite(sentiment.values[:, 0]))
    # Four a session: the fit after 63 sessions saw fewer than 250, the one after 126 enough.
    assert A_DAY * (REFIT - GAP) < FEWEST <= A_DAY * (2 * REFIT - GAP)
    assert (known[0], known[-1]) == (2 * REFIT, SESSIONS - 1)


def test_the_future_is_not_read(
    headlines: pd.DataFrame, section: CrossSection, sentiment: Timeline
):
    for size in (REFIT + 1, 200, 253, 399):
        last = section.instants[size - 1]
        cut = replace(section, instants=section.instants[:size], returns=section.returns[:size])
        shown = headline_sentiment(headlines[headlines["available_at"] <= last], cut)
        np.testing.assert_array_equal(shown.values, sentiment.values[:size])
        assert shown.known_at.equals(sentiment.known_at[:size])


def test_headlines_after_the_origin_change_nothing(
    headlines: pd.DataFrame, section: CrossSection, sentiment: Timeline
):
    origin = section.instants[300]
    later = headlines["available_at"] > origin
    other = headlines.assign(text=headlines["text"].mask(later, "<b>collapse</b> =1+1"))
    moved = headline_sentiment(other, section)
    np.testing.assert_array_equal(moved.values[:301], sentiment.values[:301])
    assert (moved.values[301:] != sentiment.values[301:]).any()


def test_a_headline_after_the_close_counts_for_the_next_origin(section: CrossSection):
    instant = section.instants[10]
    for delay, row in ((pd.Timedelta(0), 10), (pd.Timedelta("1ns"), 11)):
        told = pd.DataFrame({"available_at": [instant + delay], "text": ["news"]})
        assert headline_sentiment(told, section).known_at[0] == section.instants[row]
    never = pd.DataFrame({"available_at": [section.instants[-1] + pd.Timedelta("1h")]})
    assert len(headline_sentiment(never.assign(text="news"), section).known_at) == 0


def test_labels_outweigh_the_market(headlines: pd.DataFrame, section: CrossSection):
    """Labels that say the opposite of what followed turn the sign."""
    bad = headlines["text"].str.startswith("rally")
    good = headlines["text"].str.startswith("collapse")
    label = np.where(bad, -1.0, np.where(good, 1.0, 0.0))
    shown = headline_sentiment(headlines.assign(label=label), section)
    values = pd.Series(shown.values[:, 0], shown.known_at).dropna()
    rallied = values.index.isin(headlines["available_at"][bad] + pd.Timedelta("5h"))
    assert values[rallied].max() < values[~rallied].min()


def test_no_headlines_are_no_opinion(section: CrossSection):
    nothing = headline_sentiment(pd.DataFrame(), section)
    assert np.isnan(nothing.at(section.instants)).all()


def test_the_ridge_is_the_closed_form():
    """Two texts of one word each, without a word in common: their means, shrunk."""
    words = hashed(["up"] * 30 + ["down"] * 10)
    target = np.array([1.0] * 30 + [-1.0] * 10)
    model = fit(words, target)
    dense = words.toarray()[:, np.flatnonzero(words.toarray().any(axis=0))]
    centred = dense - dense.mean(axis=0)
    weights = np.linalg.solve(
        centred.T @ centred + 10.0 * np.eye(2), centred.T @ (target - target.mean())
    )
    by_hand = dense @ weights + target.mean() - dense.mean(axis=0) @ weights
    np.testing.assert_allclose(model.score(words), by_hand, rtol=1e-6)
