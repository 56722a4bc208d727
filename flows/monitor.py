"""The drift step: whether the last quarter still looks like what the heads were trained on.

The gate is on effect size. With thousands of dates every quarter differs significantly from the
rest, so p-values would always be red; and a fixed distance is red in every calm year. A feature
has drifted where the last quarter lies farther from the training window than any quarter of the
ten years before it did.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from features.panel import Panel
from features.returns import History
from flows.market_state import MODALITY
from flows.outputs import write_whole

QUARTER = 63
"""Sessions that are compared with what came before."""
MEMORY = 40
"""Earlier quarters that say how far a quarter usually lies from the rest."""
SMALLEST_EFFECT = 0.1
"""Normed Wasserstein distance below which nothing drifts: a tenth of a standard deviation."""
ALERT_AT = 3
"""Drifted features that make an alert."""

METHOD = "Wasserstein distance (normed)"


def drift(
    panel: Panel, histories: Sequence[History], *, out: Path, quarter: int = QUARTER
) -> dict[str, Any]:
    """Compare the features of the last quarter with those of the training window (Evidently).

    Parameters
    ----------
    panel : Panel
    histories : sequence of History
        Series whose features are compared: by date, the median over them.
    out : Path
        Directory that receives ``drift.json``, and on an alert ``drift.html``.
    quarter : int
        Sessions in a quarter.

    Returns
    -------
    dict
        ``status``, ``alert``, ``reference`` and ``current`` (``first`` and ``last`` date, number
        of ``dates``), ``rows``: ``feature``, ``method``, ``value`` (distance in standard
        deviations of the training window), ``threshold`` (largest of the quarters before) and
        ``drifted``; ``not_measured``: features without two known values on either side.
    """
    table = typical_features(panel, histories)
    answer: dict[str, Any] = {"alert": False, "rows": [], "not_measured": []}
    if len(table) < 3 * quarter:
        return answer | {"status": f"not_computable: {len(table)} dates, {3 * quarter} are needed"}
    reference, current = table.iloc[:-quarter], table.iloc[-quarter:]
    # Two values a side are the least that have a spread; a constant feature cannot drift.
    measured = [
        name
        for name in table.columns
        if reference[name].nunique() > 1 and current[name].count() > 1
    ]
    usual = {name: _usual(reference[name].to_numpy(), quarter) for name in measured}
    report, effects = _evidently(reference[measured], current[measured], usual)
    rows = [
        {
            "feature": name,
            "method": METHOD,
            "value": effects[name],
            "threshold": usual[name],
            "drifted": effects[name] > usual[name],
        }
        for name in measured
    ]
    alert = sum(bool(row["drifted"]) for row in rows) >= ALERT_AT
    write_whole(out / "drift.json", report.json().encode())
    if alert:
        write_whole(out / "drift.html", report.get_html_str(as_iframe=False).encode())
    return answer | {
        "alert": alert,
        "reference": _span(reference),
        "current": _span(current),
        "rows": rows,
        "not_measured": [name for name in table.columns if name not in measured],
        "status": "ok",
    }


def typical_features(panel: Panel, histories: Sequence[History]) -> pd.DataFrame:
    """Every feature by date: the median over series of its deviation from the series' own mean.

    Series of different volatility become comparable, and one date is one observation: pooling
    series would count the same day many times. What models say of the market is left out: it is
    made from the same returns, and would tell their drift once more.
    """
    told = panel.modalities.get(MODALITY, ())
    every = [*panel.own, *panel.shared]
    kept = [at for at, name in enumerate(every) if name not in told]
    names = [every[at] for at in kept]
    parts: list[pd.DataFrame] = []
    for history in histories:
        values = panel.values[history.name]
        frame = pd.DataFrame(
            np.hstack([values.own, values.shared])[:, kept],
            index=history.dates,
            columns=pd.Index(names),
        ).replace([np.inf, -np.inf], np.nan)
        centred = frame - frame.mean()
        parts.append(centred / frame.std().replace(0.0, np.nan))
    return pd.concat(parts).groupby(level=0).median().sort_index()


def normed_wasserstein(reference: np.ndarray, current: np.ndarray) -> float:
    """Area between two distribution functions, in standard deviations of the first."""
    from scipy.stats import wasserstein_distance

    known, seen = reference[~np.isnan(reference)], current[~np.isnan(current)]
    if len(seen) == 0:
        return 0.0
    return float(wasserstein_distance(known, seen) / known.std())


def _usual(reference: np.ndarray, quarter: int) -> float:
    quarters = [
        reference[end - quarter : end] for end in range(len(reference), quarter - 1, -quarter)
    ][:MEMORY]
    return max(SMALLEST_EFFECT, *(normed_wasserstein(reference, part) for part in quarters))


def _evidently(
    reference: pd.DataFrame, current: pd.DataFrame, thresholds: Mapping[str, float]
) -> tuple[Any, dict[str, float]]:
    with warnings.catch_warnings():
        # Its own dependencies are deprecated in each other's eyes, and flat bins divide by zero.
        warnings.simplefilter("ignore")
        from evidently import DataDefinition, Dataset, Report
        from evidently.presets import DataDriftPreset

        columns = DataDefinition(numerical_columns=list(thresholds))
        preset = DataDriftPreset(method="wasserstein", per_column_threshold=dict(thresholds))
        report = Report([preset], include_tests=False).run(
            Dataset.from_pandas(current, data_definition=columns),
            Dataset.from_pandas(reference, data_definition=columns),
        )
        found = report.dict()["metrics"]
    effects = {
        metric["config"]["column"]: float(metric["value"])
        for metric in found
        if "column" in metric["config"]
    }
    return report, effects


def _span(table: pd.DataFrame) -> dict[str, Any]:
    return {
        "first": f"{table.index[0]:%Y-%m-%d}",
        "last": f"{table.index[-1]:%Y-%m-%d}",
        "dates": len(table),
    }
