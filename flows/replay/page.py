"""The page of a replay: one picture, then causes, delays and decisions; it prints on one sheet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flows.replay.picture import timeline_picture
from flows.simulated import MARK
from flows.templates import template


def render_page(content: Mapping[str, Any]) -> str:
    """One self-contained page, printable, without scripts or outside resources.

    Parameters
    ----------
    content : mapping
        As `flows.replay.timeline.timeline` returns it, with the request.
    """
    people = ("promotion", "veto", "rollback", "stop", "override")
    return template("replay/page.html.j2").render(
        replay=content,
        mark=MARK,
        picture=timeline_picture(content),
        decisions=[event for event in content["events"] if event["kind"] in people],
    )
