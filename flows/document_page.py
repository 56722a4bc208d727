"""A document as one HTML page that prints; every text in it is escaped."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Template

from flows.templates import template
from validation.documents.schema import Document, missing, pending


def render_document(document: Document, *, banner: str = "") -> str:
    """One self-contained page, printable, without scripts or outside resources.

    Parameters
    ----------
    document : Document
    banner : str
        What stands above it, e.g. that it is a replay's.
    """
    return _template().render(
        document=document, missing=missing(document), pending=pending(document), banner=banner
    )


def figure(value: Any) -> str:
    """A value of a table or a field as text: numbers to five digits with a true minus."""
    if value is None:
        return "n/a"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.5g}".replace("-", "\N{MINUS SIGN}")
    return str(value)


def numeric(value: Any) -> bool:
    """Whether a value is set to the right."""
    return isinstance(value, int | float) and not isinstance(value, bool)


@cache
def _template() -> Template:
    return template("document.html.j2", filters={"figure": figure}, tests={"numeric": numeric})
