"""What the news said: its sentiment, and its talk of war, against their own trends."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from features.asof import Observed, Timeline
from features.macro import TREND, Reading, readings_of
from features.trend import above_trend, log_level

READINGS: Mapping[str, Mapping[str, Reading]] = MappingProxyType(
    {
        "news_sentiment": {
            "news_sentiment": lambda values: values,
            "news_sentiment_trend": lambda values: above_trend(values, window=TREND),
        },
        "geopolitical_risk": {
            "geopolitical_risk_trend": lambda values: above_trend(log_level(values), window=TREND)
        },
    }
)
"""Features read off one series each, by its role, in the units of their series."""


def news_readings(observed: Mapping[str, Observed]) -> list[Timeline]:
    """Features of the news series, by role.

    Sources of the series they are made for: Shapiro, Sudhof and Wilson (2022), *Measuring news
    sentiment*; Caldara and Iacoviello (2022), *Measuring geopolitical risk*.
    """
    return [readings_of(observed[role], features) for role, features in READINGS.items()]
