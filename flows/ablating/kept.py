"""Where ablations are kept, and which of them is of the same request as a run."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from features.market import MarketData
from flows.ablating.figures import SCHEMA
from flows.backtest import learned_settings
from flows.plan import Plan
from flows.settings import Settings, canonical_digest

NUMBERS, PAGE = "ablation.json", "ablation.html"


def ablation_key(settings: Settings, market: MarketData, plan: Plan) -> str:
    """SHA-256 of what a run and an ablation have in common: data, dates, levels and the default.

    The models asked for do not count: an ablation has rows of its own.
    """
    asked = settings.model_dump(mode="json", include={"alphas", "portfolios", "horizon", "seed"})
    dates = [f"{day:%Y-%m-%d}" for day in (market.as_of, plan.start, plan.end)]
    return canonical_digest([asked, market.snapshot, dates, asdict(learned_settings(settings))])


def ablation_directory(root: Path, key: str) -> Path:
    """Where the latest ablation of a request is kept."""
    return root / "ablations" / key[:16]


def kept_ablation(
    root: Path, settings: Settings, market: MarketData, plan: Plan
) -> dict[str, Any] | None:
    """The latest ablation of the same request, or None."""
    key = ablation_key(settings, market, plan)
    path = ablation_directory(root, key) / NUMBERS
    if not path.is_file():
        return None
    told = json.loads(path.read_bytes())
    return told if told.get("schema") == SCHEMA and told.get("key") == key else None
