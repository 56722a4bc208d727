"""An explanation in plain words: one paragraph, made from its figures and from nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flows.wording import decimal, level, model_title, percent, signed

NAMED = 3
"""Inputs that are named."""


def paragraph(told: Mapping[str, Any]) -> str:
    """What a risk officer reads.

    Parameters
    ----------
    told : mapping
        See `flows.explaining.figures.explanation`.
    """
    sentences = (
        _forecast(told),
        _shap(told["shap"]),
        _check(told["lime"], told["stability"]),
        _attention(told["attention"]),
        _holdings(told["contributions"]),
        _otherwise(told["counterfactuals"]),
    )
    return " ".join(sentence for sentence in sentences if sentence)


def _forecast(told: Mapping[str, Any]) -> str:
    said, base, version = told["forecast"]["version"], told["forecast"]["base"], told["version"]
    session = f" for the session of {told['target']}" if told["target"] else ""
    return (
        f"From {told['origin']}{session}, version {version['number']} "
        f"({model_title(version['model'])}) puts the {level(told['alpha'])} ES of "
        f"{told['portfolio']} at {percent(said['es'], 2)} and its VaR at "
        f"{percent(said['var'], 2)}; {model_title(base['model'])} says {percent(base['es'], 2)} "
        f"and {percent(base['var'], 2)}, so that ES is "
        f"{decimal(told['forecast']['es_factor'], 2)} times that of the base."
    )


def _shap(shap: Mapping[str, Any]) -> str:
    heavy = [one for one in shap["inputs"] if one["shap"]][:NAMED]
    start = (
        f"The log of that factor is {signed(shap['value'], 3)} here and "
        f"{signed(shap['background_mean'], 3)} on the background"
    )
    if not heavy:
        return f"{start}; no input explains a difference."
    kinds = [one for one in shap["modalities"] if one["shap"]][:NAMED]
    return (
        f"{start}; of the difference of {signed(shap['difference'], 3)} most comes from "
        f"{_listed(heavy, 'input')}, and by kind of data from {_listed(kinds, 'modality')}."
    )


def _check(lime: Mapping[str, Any], seeds: Mapping[str, Any]) -> str:
    sentences: list[str] = []
    if lime["status"] == "ok":
        sentences.append(
            f"A straight line nearby explains {percent(lime['r2'])} of the variance and has the "
            f"sign of {lime['same_sign']} of the {lime['inputs']} features that weigh most."
        )
    if seeds["status"] == "ok":
        verdict = "stable" if seeds["stable"] else f"not to be leaned on ({seeds['warning']})"
        sentences.append(
            f"Over {seeds['members']} seeds the order of the inputs correlates by at least "
            f"{decimal(seeds['least'], 2)}: it is {verdict}."
        )
    return " ".join(sentences)


def _attention(attention: Mapping[str, Any]) -> str:
    if attention["status"] != "ok":
        return ""
    most = max(attention["tokens"], key=lambda token: token["weight"])
    return (
        f"The transformer looked most at {most['token']} ({percent(most['weight'], 0)} of its "
        f"attention, {percent(most['usual'], 0)} on the background)."
    )


def _holdings(found: Mapping[str, Any]) -> str:
    if found["status"] != "ok" or found["holdings"][0]["es_share"] is None:
        return ""
    first, last = found["holdings"][0], found["holdings"][-1]
    told = (
        f"On {found['sessions']} filtered sessions, {first['holding']} brings "
        f"{percent(first['es_share'], 0)} of the ES of {percent(found['es'], 2)}"
    )
    if last["es"] < 0.0:
        told += f" and {last['holding']} takes off most ({percent(last['es_share'], 0)})"
    return f"{told}."


def _otherwise(found: list[Mapping[str, Any]]) -> str:
    known = [one for one in found if one["status"] == "ok"]
    if not known:
        return ""
    parts = [
        f"with {one['told']} {percent(one['es'], 2)}, {decimal(one['ratio'], 2)} times as much"
        if not one["told"].startswith("the last")
        else f"if {one['told']} {percent(one['es'], 2)}, {decimal(one['ratio'], 2)} times as much"
        for one in known
    ]
    return f"ES would be: {'; '.join(parts)}."


def _listed(rows: list[Mapping[str, Any]], name: str) -> str:
    told = [f"{row[name]} ({signed(row['shap'], 3)})" for row in rows]
    return told[0] if len(told) == 1 else f"{', '.join(told[:-1])} and {told[-1]}"
