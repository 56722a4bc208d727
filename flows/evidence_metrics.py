"""The figures of an evidence file that MLflow compares runs by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def metrics_of(evidence: Mapping[str, Any]) -> dict[str, float]:
    """Flat numbers by name: scores and counts of every model, over all targets and by crisis.

    Parameters
    ----------
    evidence : mapping
        As written to ``evidence.json``.

    Returns
    -------
    dict of str to float
        ``fz0/WINDOW/MODEL/ALPHA`` and ``exceedance_ratio/...`` pooled over series,
        ``versus_BASELINE/WINDOW/MODEL/ALPHA`` (relative FZ0, negative is better) with its
        ``.../t``, and ``tail_accuracy/SCOPE/MODEL`` (share of cells passed). What could not be
        computed is absent.
    """
    found: dict[str, float | None] = {}
    for entry in evidence["pooled"]:
        where = f"{entry['window']}/{entry['model']}/{entry['alpha']:g}"
        found[f"fz0/{where}"] = entry["fz0"]
        if entry["expected"]:
            found[f"exceedance_ratio/{where}"] = entry["exceedances"] / entry["expected"]
    for entry in evidence["comparisons"]:
        where = f"{entry['window']}/{entry['model']}/{entry['alpha']:g}"
        found[f"versus_{entry['baseline']}/{where}"] = entry["relative"]
        found[f"versus_{entry['baseline']}/{where}/t"] = entry["t_hac"]
    for entry in evidence["tail_accuracy"]:
        if entry["cells"]:
            share = entry["passed"] / entry["cells"]
            found[f"tail_accuracy/{entry['scope']}/{entry['model']}"] = share
    return {name: float(value) for name, value in found.items() if value is not None}
