"""What a document is: named fields, where each comes from, and which only a person can fill.

A field that is a fact without a value is ``missing``; one that only a person can speak to is
``pending`` until somebody has. Nothing here invents a value for either.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

SCHEMA = "foreshock.document/1"
PENDING = "PENDING HUMAN"
NOT_RECORDED = "not recorded"

STATED, MISSING, AWAITED = "stated", "missing", "pending"
NOT_COMPUTED, NOT_APPLICABLE = "not_computed", "not_applicable"

Field = dict[str, Any]
Section = dict[str, Any]
Document = dict[str, Any]


def fact(name: str, title: str, value: Any, *, source: str = "", mandatory: bool = True) -> Field:
    """A field that evidence fills.

    Parameters
    ----------
    name, title : str
        Address within the document, and what a reader sees.
    value : JSON value or None
        None, and only None, is no value: an empty list says that there is nothing to list.
    source : str
        SHA-256 or place of what it was read from.
    mandatory : bool
        Whether a version without it may not be promoted.
    """
    status = MISSING if value is None else STATED
    return _field(name, title, value, status, source=source, mandatory=mandatory)


def spoken(name: str, title: str, *, roles: Sequence[str], mandatory: bool = False) -> Field:
    """A field that only a person in one of these roles can fill."""
    return _field(name, title, PENDING, AWAITED, mandatory=mandatory, roles=list(roles))


def not_computed(name: str, title: str, reason: str) -> Field:
    """A field that applies and has no figure in this version, with the reason."""
    return _field(name, title, f"not computed: {reason}", NOT_COMPUTED)


def not_applicable(name: str, title: str, reason: str) -> Field:
    """A field of a capability that this version does not have, with the reason."""
    return _field(name, title, f"not applicable to this version: {reason}", NOT_APPLICABLE)


def known(
    name: str, title: str, value: Any, reason: str, *, source: str = "", mandatory: bool = False
) -> Field:
    """A fact where there is one, else not computed for the reason; mandatory ones are missing."""
    if value is None and not mandatory:
        return not_computed(name, title, reason)
    return fact(name, title, value, source=source, mandatory=mandatory)


def table(
    columns: Sequence[str], rows: Iterable[Sequence[Any]], *, spoken_column: str | None = None
) -> dict[str, Any]:
    """A table as a field's value.

    Parameters
    ----------
    columns : sequence of str
    rows : iterable of sequence
        Plain values. Where there is a spoken column, the first value identifies the row.
    spoken_column : str, optional
        A column that only people fill, by the address ``COLUMN/ID``.
    """
    value: dict[str, Any] = {"columns": list(columns), "rows": [list(row) for row in rows]}
    return value | ({"spoken_column": spoken_column} if spoken_column else {})


def section(name: str, title: str, *fields: Field) -> Section:
    """Fields that belong together."""
    return {"name": name, "title": title, "fields": list(fields)}


def fields_of(document: Document) -> Iterator[Field]:
    """Every field of a document, in its order."""
    for part in document["sections"]:
        yield from part["fields"]


def missing(document: Document) -> list[str]:
    """Mandatory fields without a value, as ``DOCUMENT.FIELD``; each of them blocks promotion."""
    return [
        f"{document['name']}.{field['name']}"
        for field in fields_of(document)
        if field["mandatory"] and field["status"] in (MISSING, AWAITED)
    ]


def pending(document: Document) -> list[str]:
    """Fields that wait for a person, as ``DOCUMENT.FIELD``, whether they block or not."""
    return [
        f"{document['name']}.{field['name']}"
        for field in fields_of(document)
        if field["status"] == AWAITED
    ]


def speakers(document: Document) -> dict[str, list[str]]:
    """Roles that may fill each address; facts have no entry."""
    found: dict[str, list[str]] = {}
    for field in fields_of(document):
        if not field["roles"]:
            continue
        value = field["value"]
        column = value.get("spoken_column") if isinstance(value, dict) else None
        if column is None:
            found[field["name"]] = field["roles"]
        else:
            found |= {f"{column}/{row[0]}": field["roles"] for row in value["rows"]}
    return found


def speak(document: Document, statements: Mapping[str, Mapping[str, str]]) -> Document:
    """The document with what people have said in it.

    Parameters
    ----------
    document : Document
    statements : mapping of address to mapping
        ``value``, ``by`` and ``at`` of each. Those whose address the document no longer has are
        dropped.

    Raises
    ------
    ValueError
        If a statement has no speaker or no date.
    """
    kept = {
        address: dict(statements[address])
        for address in statements
        if address in speakers(document)
    }
    for address, said in kept.items():
        if not (said.get("value") and said.get("by") and said.get("at")):
            raise ValueError(
                f"{address}: a statement needs a value, who said it and when, got {said!r}."
            )
    sections = [
        part | {"fields": [_with(field, kept) for field in part["fields"]]}
        for part in document["sections"]
    ]
    return document | {"sections": sections, "statements": kept}


def _with(field: Field, statements: Mapping[str, Mapping[str, str]]) -> Field:
    if not field["roles"]:
        return field
    value = field["value"]
    if isinstance(value, dict) and (column := value.get("spoken_column")):
        place = value["columns"].index(column)
        rows = [list(row) for row in value["rows"]]
        for row in rows:
            if said := statements.get(f"{column}/{row[0]}"):
                row[place] = f"{said['value']} ({said['by']}, {said['at']})"
        return field | {"value": value | {"rows": rows}}
    said = statements.get(field["name"])
    if said is None:
        return field
    return field | {
        "value": said["value"],
        "status": STATED,
        "by": said["by"],
        "at": said["at"],
    }


def _field(
    name: str,
    title: str,
    value: Any,
    status: str,
    *,
    source: str = "",
    mandatory: bool = False,
    roles: list[str] | None = None,
) -> Field:
    return {
        "name": name,
        "title": title,
        "value": value,
        "status": status,
        "mandatory": mandatory,
        "roles": roles or [],
        "source": source,
    }
