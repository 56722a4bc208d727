"""The figures of an explanation, made up: what a page and a paragraph are made of."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

_TOLD: dict[str, Any] = {
    "schema": "foreshock.explanation/1",
    "portfolio": "book_60_40",
    "asset_class": "book",
    "as_of": "2024-12-31",
    "origin": "2024-12-31",
    "target": "2025-01-02",
    "alpha": 0.975,
    "snapshot": "01" * 32,
    "seed": 7,
    "version": {
        "number": 3,
        "model": "combined",
        "role": "champion",
        "as_of": "2024-12-31",
        "manifest_sha256": "02" * 32,
    },
    "forecast": {
        "sigma": 0.0085,
        "base": {"model": "gjr_fhs", "var": 0.0171, "es": 0.0214},
        "version": {"model": "combined", "var": 0.0188, "es": 0.0239},
        "walk_factor": 1.021,
        "var_factor": 1.0994,
        "es_factor": 1.1168,
        "es_change": 0.1168,
    },
    "shap": {
        "of": "log of ES over ES of gjr_fhs",
        "background": {"rows": 32, "series": ["book_60_40", "SPY"]},
        "permutations": 8,
        "background_mean": -0.0123,
        "usual_change": -0.0122,
        "value": 0.1105,
        "difference": 0.1228,
        "sum": 0.1228,
        "missing": 0.0,
        "inputs": [
            {"input": "vix_trend", "modality": "macro", "value": 1.24, "background_mean": 0.03,
             "shap": 0.0911, "change": 0.0954, "error": 0.0021, "low": 0.0602, "high": 0.1207},
            {"input": "volatility_10", "modality": "returns", "value": -0.31,
             "background_mean": -0.02, "shap": -0.0214, "change": -0.0212, "error": 0.0009,
             "low": -0.0301, "high": -0.0102},
            {"input": "sessions 8-1 ago", "modality": "sessions", "value": None,
             "background_mean": None, "shap": 0.0531, "change": 0.0545, "error": 0.0012,
             "low": 0.0417, "high": 0.0645},
        ],
        "modalities": [
            {"modality": "macro", "inputs": 9, "shap": 0.0911, "change": 0.0954,
             "low": 0.0602, "high": 0.1207},
            {"modality": "sessions", "inputs": 8, "shap": 0.0531, "change": 0.0545,
             "low": 0.0417, "high": 0.0645},
            {"modality": "returns", "inputs": 12, "shap": -0.0214, "change": -0.0212,
             "low": -0.0301, "high": -0.0102},
        ],
    },
    "lime": {
        "status": "ok", "inputs": 10, "same_sign": 9, "rank": 0.87, "r2": 0.934,
        "lines": [{"input": "vix_trend", "lime": 0.0873, "shap": 0.0911}],
    },
    "attention": {
        "status": "ok",
        "share": 0.4,
        "tokens": [
            {"token": "sessions 8-1 ago", "weight": 0.412, "low": 0.3, "high": 0.5, "usual": 0.27},
            {"token": "macro", "weight": 0.588, "low": 0.48, "high": 0.69, "usual": 0.734},
        ],
    },
    "stability": {
        "status": "ok", "members": 3, "inputs": 10, "rank": 0.811, "least": 0.742, "same_sign": 9,
        "stable": True, "warning": None,
    },
    "contributions": {
        "status": "ok",
        "sessions": 1000,
        "es": 0.0226,
        "var": 0.0183,
        "holdings": [
            {"holding": "SPY", "asset_class": "equity", "weight": 0.6, "es": 0.0248,
             "es_share": 1.0973, "var": 0.0195, "var_share": 1.0656},
            {"holding": "IEF", "asset_class": "rates", "weight": 0.4, "es": -0.0022,
             "es_share": -0.0973, "var": -0.0012, "var_share": -0.0656},
        ],
    },
    "counterfactuals": [
        {"name": "vix_median", "told": "VIX back at its median of the past year", "status": "ok",
         "var": 0.0174, "es": 0.0219, "ratio": 0.9163, "base_es": 0.0214,
         "changed": {"vix": [3.4, 2.8]}, "distance": 2.31, "unit": "training spreads"},
        {"name": "range_before", "told": "range volatility as five sessions before",
         "status": "not_computable: what it would change is not known of book_60_40",
         "var": None, "es": None, "ratio": None, "base_es": None, "changed": {},
         "distance": None, "unit": None},
        {"name": "last_five", "told": "the last five sessions had not happened", "status": "ok",
         "var": 0.0141, "es": 0.0177, "ratio": 0.7406, "base_es": 0.0163, "changed": {},
         "distance": 5.02, "unit": "training spreads"},
        {"name": "correlations", "told": "correlations inverted between rates and the rest",
         "status": "ok", "var": None, "es": 0.0311, "ratio": 1.3013, "base_es": None,
         "changed": {}, "distance": 0.0, "unit": "Frobenius"},
    ],
    "passes": {"shap": 51200, "lime": 6000},
    "notes": [],
    "paragraph": "In plain words.",
}  # fmt: skip


def made_explanation(**other: Any) -> dict[str, Any]:
    """An explanation in which everything is known, parts of it replaced."""
    return deepcopy(_TOLD) | other
