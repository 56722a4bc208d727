"""News features by hand."""

import numpy as np
import pandas as pd

from features.asof import Observed
from features.news import news_readings


def observed(values: list[float]) -> Observed:
    dates = pd.bdate_range("2024-01-02", periods=len(values))
    return Observed(dates, np.array(values), (dates + pd.Timedelta(days=7)).tz_localize("UTC"))


def test_sentiment_is_read_as_it_is_and_war_talk_by_its_ratio_to_usual():
    roles = {
        "news_sentiment": observed([0.1] * 60 + [-0.3]),
        "geopolitical_risk": observed([100.0] * 60 + [300.0]),
    }
    seen: dict[str, float] = {}
    for timeline in news_readings(roles):
        seen |= dict(zip(timeline.names, timeline.values[-1], strict=True))
    assert list(seen) == ["news_sentiment", "news_sentiment_trend", "geopolitical_risk_trend"]
    np.testing.assert_allclose(list(seen.values()), [-0.3, -0.4, np.log(3.0)])


def test_news_of_last_week_is_seen_this_week():
    sentiment, _ = news_readings(
        {"news_sentiment": observed([0.1, 0.2]), "geopolitical_risk": observed([])}
    )
    origins = pd.DatetimeIndex(["2024-01-03 22:00", "2024-01-09 22:00"], tz="UTC")
    np.testing.assert_array_equal(sentiment.at(origins)[:, 0], [np.nan, 0.1])
