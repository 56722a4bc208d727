"""An explanation in plain words: one paragraph, made from its figures and from nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flows.wording import decimal, level, model_title, percent, signed_percent

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
    session = f"For the session of {told['target']}, known" if told["target"] else "As known"
    return (
        f"{session} on {told['origin']}, version {version['number']} "
        f"({model_title(version['model'])}) puts the {level(told['alpha'])} ES of "
        f"{told['portfolio']} at {percent(said['es'], 2)} of its value and VaR at "
        f"{percent(said['var'], 2)}. {model_title(base['model'])}, which it starts from, says "
        f"{percent(base['es'], 2)} and {percent(base['var'], 2)}: the difference of ES is "
        f"{signed_percent(told['forecast']['es_change'])}.{_walk(told['forecast'])}"
    )


def _walk(forecast: Mapping[str, Any]) -> str:
    factor = forecast.get("walk_factor")
    if factor is None:
        return ""
    return (
        f" The desk is told {decimal(factor, 3)} times both, after how this series' own forecasts "
        f"came out."
    )


def _shap(shap: Mapping[str, Any]) -> str:
    heavy = [one for one in shap["inputs"] if one["shap"]][:NAMED]
    start = (
        f"On {shap['background']['rows']} earlier rows the difference is "
        f"{signed_percent(shap['usual_change'])} in the mean"
    )
    if not heavy:
        return f"{start}, and no input explains a difference."
    kinds = [one for one in shap["modalities"] if one["shap"]][:NAMED]
    return (
        f"{start}. What sets this one apart is, by kind of data, "
        f"{_listed(kinds, 'modality')}, and by single input {_listed(heavy, 'input')}."
    )


def _check(lime: Mapping[str, Any], seeds: Mapping[str, Any]) -> str:
    sentences: list[str] = []
    if lime["status"] == "ok":
        sentences.append(
            f"A second method, a straight line nearby, explains {percent(lime['r2'])} of the "
            f"variance and agrees on the direction of {lime['same_sign']} of the {lime['inputs']} "
            f"features that weigh most."
        )
    if seeds["status"] == "ok":
        verdict = "stable" if seeds["stable"] else f"not to be leaned on ({seeds['warning']})"
        sentences.append(
            f"Explained apart, {seeds['members']} seeds order the inputs with a correlation of "
            f"at least {decimal(seeds['least'], 2)}: the explanation is {verdict}."
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
        f"On {found['sessions']} filtered sessions, whose ES of {percent(found['es'], 2)} is not "
        f"the version's, {first['holding']} brings {percent(first['es_share'], 0)} of it"
    )
    if round(last["es_share"], 2) < 0.0:
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
    told = [f"{row[name]} ({signed_percent(row['change'])})" for row in rows]
    return told[0] if len(told) == 1 else f"{', '.join(told[:-1])} and {told[-1]}"
