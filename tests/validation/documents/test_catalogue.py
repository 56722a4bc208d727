from __future__ import annotations

import json

import pytest

from validation.documents.catalogue import KINDS, Kind, build
from validation.documents.inputs import Inputs
from validation.documents.schema import PENDING, fields_of, missing


def test_there_are_sixteen_in_order_and_no_two_share_a_name():
    assert [kind.number for kind in KINDS] == list(range(1, 17))
    assert len({kind.name for kind in KINDS}) == 16
    assert KINDS[1].stem == "02-model-card"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.stem)
def test_each_says_whose_it_is_and_is_strict_json(kind: Kind, inputs: Inputs):
    document = build(kind, inputs, previous_sha256="77" * 32)
    assert document["schema"] == "foreshock.document/1"
    assert (document["model"], document["version"]) == ("combined", 3)
    assert document["manifest_sha256"] == "5a" * 32
    assert document["previous_sha256"] == "77" * 32
    json.dumps(document, allow_nan=False)
    names = [field["name"] for field in fields_of(document)]
    assert len(set(names)) == len(names)


def test_a_judged_version_waits_only_for_the_two_who_must_sign(inputs: Inputs):
    absent = [name for kind in KINDS for name in missing(build(kind, inputs))]
    assert absent == ["inventory.intended_use", "validation-report.opinion"]


def test_a_version_nobody_judged_says_which_figures_it_lacks(unjudged: Inputs):
    absent = {name for kind in KINDS for name in missing(build(kind, unjudged))}
    assert {
        "model-card.pooled",
        "model-card.classes",
        "development.tests",
        "validation-report.gates",
        "backtest-report.exceedances",
    } <= absent


def test_where_only_a_person_can_speak_nothing_is_invented(inputs: Inputs):
    for kind in KINDS:
        for field in fields_of(build(kind, inputs)):
            if field["roles"] and not isinstance(field["value"], dict):
                assert field["value"] == PENDING


def test_what_people_said_is_carried_and_what_has_no_place_is_dropped(inputs: Inputs):
    said = {
        "opinion": {"value": "fit for use", "by": "vera", "at": "2026-11-24"},
        "gone": {"value": "x", "by": "vera", "at": "2026-11-24"},
    }
    document = build(KINDS[4], inputs, statements=said)
    assert missing(document) == []
    assert list(document["statements"]) == ["opinion"]
