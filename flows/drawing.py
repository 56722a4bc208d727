"""How pictures on our pages look, and how a drawing becomes part of a page."""

from __future__ import annotations

import base64
from collections.abc import Callable
from io import StringIO
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LOSS, GAIN, OURS, THEIRS, INK, SHADE = (
    "#5f6b76", "#c3cad1", "#1f4e79", "#b3541e", "#3a444e", "#f1f3f5",
)  # fmt: skip
WIDTH = 9.6
"""Inches across the page."""
_SHOWN_FONT = "'Helvetica Neue', 'Liberation Sans', Arial, sans-serif"
_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "foreshock",
    "font.family": "DejaVu Sans",  # comes with matplotlib, so that every machine measures alike
    "font.size": 9.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#8a949e",
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "grid.color": "#e6e9ec",
    "axes.axisbelow": True,
}


def drawn(draw: Callable[[Figure], None], *, height: float) -> str:
    """A drawing as an address that an ``img`` shows.

    Parameters
    ----------
    draw : callable
        Fills a figure of `WIDTH` by ``height`` inches.
    height : float

    Returns
    -------
    str
        SVG as a ``data:`` address, so that pictures on one page share no identifiers. The same
        drawing gives the same text.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(WIDTH, height))
        draw(figure)
        written = StringIO()
        figure.savefig(written, format="svg", metadata={"Date": None, "Creator": None})
    drawing = written.getvalue().replace("'DejaVu Sans'", _SHOWN_FONT)
    encoded = base64.b64encode(drawing.encode()).decode("ascii")
    return f"data:image/svg+xml;base64,{encoded}"
