"""`evidence.json`: strict JSON with one record a line, quick to write and easy to compare."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

_compact = json.JSONEncoder(allow_nan=False, ensure_ascii=False).encode


def evidence_text(evidence: Mapping[str, Any]) -> str:
    """Evidence as JSON: each group, comparison or share on a line of its own.

    Parameters
    ----------
    evidence : mapping
        As `validation.evidence.examine` returns it.

    Raises
    ------
    ValueError
        If a number is not finite: that is a defect of the examiner.
    """
    fields = (f"{_compact(name)}: {_field(value)}" for name, value in evidence.items())
    return "{\n" + ",\n".join(fields) + "\n}\n"


def _field(value: Any) -> str:
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return "[\n" + ",\n".join(map(_compact, value)) + "\n]"
    return _compact(value)
