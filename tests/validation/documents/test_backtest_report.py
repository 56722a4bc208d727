from __future__ import annotations

from tests.validation.documents.conftest import made_inputs
from validation.documents.backtest_report import exceedance_id, sections
from validation.documents.schema import PENDING, speak, speakers


def test_every_exceedance_is_listed_with_a_cause_that_waits_for_a_person():
    (_, listed) = sections(made_inputs())
    (row,) = listed["fields"][0]["value"]["rows"]
    assert row[0] == "spx@0.99@2020-03-16" == exceedance_id("spx", 0.99, "2020-03-16")
    assert row[4:8] == [0.06, 0.08, -0.12, 2.0]
    assert row[8:] == ["covid_2020", PENDING]


def test_a_cause_is_given_to_one_exceedance_and_to_no_other():
    document = {"name": "backtest-report", "sections": sections(made_inputs())}
    assert list(speakers(document)) == ["cause/spx@0.99@2020-03-16"]
    said = {"value": "COVID", "by": "dan", "at": "2026-11-24"}
    spoke = speak(document, {"cause/spx@0.99@2020-03-16": said})
    assert spoke["sections"][1]["fields"][0]["value"]["rows"][0][-1] == "COVID (dan, 2026-11-24)"


def test_no_exceedance_is_a_figure_and_no_table_is_missing():
    assert sections(made_inputs(exceedances=()))[0]["fields"][0]["value"] == 0
    assert sections(made_inputs(exceedances=None))[0]["fields"][0]["status"] == "missing"
