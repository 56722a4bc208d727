"""The Great Expectations Data Docs of the gate: plain pages that load nothing and run nothing."""

from __future__ import annotations

import html
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from validation.feed_rules.expectations import ephemeral_context, validate
from validation.feed_rules.rules import Rule

_SITE = "feeds"
_DROPPED = re.compile(
    r"<(script|style|footer)\b.*?</\1>|<(?:link|img|source|a)\b[^>]*https?://[^>]*>",
    re.DOTALL,
)
_STYLE = """<style>
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem; max-width: 70rem; }
table { border-collapse: collapse; margin: .5rem 0; }
td, th { border-bottom: 1px solid #ccc; padding: .25rem .75rem; text-align: left; }
i.fas { font-style: normal; }
.fa-times::before { content: "broken"; color: #b00020; }
.fa-check-circle::before { content: "holds"; color: #2e7d32; }
.breadcrumb, .modal, .card, [data-toggle=collapse] { display: none; }
</style>"""


def write_data_docs(
    summaries: Mapping[str, pd.DataFrame], rules: Mapping[str, Sequence[Rule]], directory: Path
) -> Path:
    """Write what each table's suite found, feed by feed, as a site of static pages.

    Great Expectations' own pages fetch styles and scripts from several hosts; those are taken
    out, so that looking at a verdict tells nobody. Its front page is a script, and is replaced.
    It prints values as they come, so that names are escaped before it sees them.

    Parameters
    ----------
    summaries : mapping of table to DataFrame
        Counts by series and rule.
    rules : mapping of table to sequence of Rule
    directory : Path
        New or empty.

    Returns
    -------
    Path
        The first page.
    """
    context = ephemeral_context()
    context.add_data_docs_site(
        _SITE,
        {
            "class_name": "SiteBuilder",
            "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
            "store_backend": {
                "class_name": "TupleFilesystemStoreBackend",
                "base_directory": str(directory),
            },
        },
    )
    lines: list[str] = []
    for table, frame in summaries.items():
        safe = frame.assign(series=[html.escape(name) for name in frame["series"]])
        found = validate(context, table, safe, rules[table]).statistics
        broken = f"{found['unsuccessful_expectations']} of {found['evaluated_expectations']}"
        lines.append(f"{len(frame)} series, {broken} expectations broken")
    context.build_data_docs(site_names=[_SITE])
    shutil.rmtree(directory / "static")  # fonts and pictures of the pages' own style
    for page in directory.rglob("*.html"):
        text = _DROPPED.sub("", page.read_text(encoding="utf-8"))
        page.write_text(text.replace("</head>", f"{_STYLE}</head>"), encoding="utf-8")
    pages = [next((directory / "validations" / table).rglob("*.html")) for table in summaries]
    items = "".join(
        f'<li><a href="{html.escape(str(page.relative_to(directory)))}">{table}</a>: {line}</li>'
        for table, page, line in zip(summaries, pages, lines, strict=True)
    )
    first = directory / "index.html"
    first.write_text(
        f"<!doctype html><html lang='en'><head><meta charset='utf-8'><title>Feeds</title>{_STYLE}"
        f"</head><body><h1>What each feed was held to</h1><ul>{items}</ul></body></html>",
        encoding="utf-8",
    )
    return first
