from __future__ import annotations

import re

from validation.supervision import TEXTS, regulation_table


def test_a_text_is_read_on_a_date_or_not_at_all():
    told = regulation_table()
    for entry in [*told["profiles"], *told["texts"]]:
        assert re.fullmatch(r"not read|\d{4}-\d{2}-\d{2}", entry["read"]), entry
        assert entry["title" if "title" in entry else "source"]


def test_every_text_has_a_key_of_its_own():
    assert len({text.key for text in TEXTS}) == len(TEXTS)


def test_the_rule_that_replaced_the_old_one_begins_where_that_one_ends():
    dated = {text.key: text.in_force for text in TEXTS}
    assert dated["us_sr_11_7"].endswith(dated["us_model_risk_2026"])
