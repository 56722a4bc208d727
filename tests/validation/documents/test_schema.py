from __future__ import annotations

import pytest

from validation.documents.schema import (
    PENDING,
    Document,
    Field,
    fact,
    missing,
    not_applicable,
    pending,
    section,
    speak,
    speakers,
    spoken,
    table,
)


def document(*fields: Field) -> Document:
    return {"name": "card", "sections": [section("one", "One", *fields)]}


def test_a_fact_without_a_value_blocks_by_name_and_an_empty_list_does_not():
    page = document(fact("seeds", "Seeds", None), fact("findings", "Findings", []))
    assert missing(page) == ["card.seeds"]


def test_what_only_a_person_can_say_is_pending_and_blocks_only_where_it_must():
    page = document(
        spoken("opinion", "Opinion", roles=["validator"], mandatory=True),
        spoken("remark", "Remark", roles=["validator"]),
    )
    assert [field["value"] for field in page["sections"][0]["fields"]] == [PENDING, PENDING]
    assert missing(page) == ["card.opinion"]
    assert pending(page) == ["card.opinion", "card.remark"]


def test_a_capability_that_is_not_there_says_so_and_blocks_nothing():
    page = document(not_applicable("pla", "Attribution", "no positions"))
    assert missing(page) == pending(page) == []
    assert page["sections"][0]["fields"][0]["value"].endswith("this version: no positions")


def test_a_statement_fills_its_field_with_name_and_date():
    page = document(spoken("opinion", "Opinion", roles=["validator"], mandatory=True))
    said = {"opinion": {"value": "fit for use", "by": "vera", "at": "2026-11-24"}}
    spoke = speak(page, said)
    field = spoke["sections"][0]["fields"][0]
    assert (field["value"], field["by"], field["at"]) == ("fit for use", "vera", "2026-11-24")
    assert missing(spoke) == []
    assert missing(page) == ["card.opinion"]


def test_a_fact_cannot_be_talked_over():
    page = document(fact("count", "Exceedances", 11))
    spoke = speak(page, {"count": {"value": "2", "by": "dan", "at": "2026-11-24"}})
    assert spoke["sections"][0]["fields"][0]["value"] == 11
    assert spoke["statements"] == {}


def test_a_statement_nobody_made_is_refused():
    page = document(spoken("opinion", "Opinion", roles=["validator"]))
    with pytest.raises(ValueError, match="opinion: a statement needs a value, who said it"):
        speak(page, {"opinion": {"value": "fine", "by": "", "at": "2026-11-24"}})


def test_each_row_of_a_table_has_an_address_of_its_own():
    value = table(("id", "cause"), [["a", PENDING], ["b", PENDING]], spoken_column="cause")
    page = document(fact("rows", "Rows", value) | {"roles": ["developer"]})
    assert speakers(page) == {"cause/a": ["developer"], "cause/b": ["developer"]}
    spoke = speak(page, {"cause/b": {"value": "a split", "by": "dan", "at": "2026-11-24"}})
    rows = spoke["sections"][0]["fields"][0]["value"]["rows"]
    assert rows == [["a", PENDING], ["b", "a split (dan, 2026-11-24)"]]
