import json
import math

import pytest

from flows.evidence_file import evidence_text

EVIDENCE = {
    "schema": "foreshock.evidence/1",
    "snapshot": None,
    "groups": [{"portfolio": "Größe", "fz0": 0.1}, {"portfolio": 'a"b', "fz0": None}],
    "comparisons": [],
    "not_covered": ["yen_2024", "tariffs_2025"],
}


def test_what_is_written_comes_back_the_same():
    assert json.loads(evidence_text(EVIDENCE)) == EVIDENCE


def test_each_record_has_a_line_of_its_own():
    lines = evidence_text(EVIDENCE).splitlines()
    assert '{"portfolio": "Größe", "fz0": 0.1},' in lines
    assert '"comparisons": [],' in lines


@pytest.mark.parametrize("number", [math.nan, math.inf])
def test_a_number_that_json_cannot_say_is_a_defect(number):
    with pytest.raises(ValueError, match="JSON compliant"):
        evidence_text(EVIDENCE | {"groups": [{"fz0": number}]})
