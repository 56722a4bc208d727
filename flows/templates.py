"""Pages are made from templates that escape every text and refuse a name that is not there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Template


def template(
    name: str,
    *,
    filters: Mapping[str, Callable[..., Any]] | None = None,
    tests: Mapping[str, Callable[..., bool]] | None = None,
) -> Template:
    """A template of this room, ready to be rendered.

    Parameters
    ----------
    name : str
        File below ``flows``, e.g. ``report.html.j2``.
    filters, tests : mapping of name to function, optional
        What the template calls beside Jinja's own.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(filters or {})
    environment.tests.update(tests or {})
    return environment.get_template(name)
