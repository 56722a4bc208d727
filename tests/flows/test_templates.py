"""A page escapes what it is given and is not made with a name that is not there."""

from __future__ import annotations

import pytest
from jinja2 import UndefinedError

from flows.document_page import figure, numeric
from flows.templates import template


def test_a_hostile_text_is_text():
    page = template("document.html.j2", filters={"figure": figure}, tests={"numeric": numeric})
    environment = page.environment
    assert environment.from_string("{{ name }}").render(name="<b>&") == "&lt;b&gt;&amp;"


def test_a_name_that_is_not_there_is_refused():
    with pytest.raises(UndefinedError):
        template("lineage.svg.j2").render(title="x")


def test_what_one_template_calls_is_no_others():
    with_figure = template(
        "document.html.j2", filters={"figure": figure}, tests={"numeric": numeric}
    )
    assert "figure" in with_figure.environment.filters
    assert "figure" not in template("lineage.svg.j2").environment.filters
