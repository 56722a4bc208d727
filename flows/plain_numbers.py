"""Numbers as a reader expects them: a true minus, fixed decimals, and words where there is none."""

from __future__ import annotations

from datetime import date, datetime

import pandas as pd

NONE = "n/a"
_MINUS = "\N{MINUS SIGN}"


def decimal(value: float | None, digits: int = 2) -> str:
    """The number with fixed decimals; ``n/a`` where there is none."""
    if value is None or value != value:
        return NONE
    shown = f"{abs(value):,.{digits}f}"
    # What rounds to zero has no sign.
    return _MINUS + shown if value < 0 and float(shown.replace(",", "")) else shown


def signed(value: float | None, digits: int = 1) -> str:
    """The number with its sign, plus included."""
    shown = decimal(value, digits)
    return f"+{shown}" if value is not None and value > 0 and shown.strip("0.,") else shown


def percent(fraction: float | None, digits: int = 1) -> str:
    """A fraction as a percentage: 0.024 is ``2.4%``."""
    return NONE if fraction is None else f"{decimal(100 * fraction, digits)}%"


def signed_percent(fraction: float | None, digits: int = 1) -> str:
    """A fraction as a percentage with its sign."""
    return NONE if fraction is None else f"{signed(100 * fraction, digits)}%"


def level(alpha: float) -> str:
    """A confidence level: 0.975 is ``97.5%``."""
    return f"{100 * alpha:.6g}%"


def p_value(value: float | None) -> str:
    """A p-value to three decimals, ``<0.001`` below them."""
    if value is None:
        return NONE
    return "<0.001" if value < 0.001 else f"{value:.3f}"


def day(value: date | datetime | pd.Timestamp | str | None) -> str:
    """An ISO date; text passes as it is."""
    if value is None or value is pd.NaT:
        return NONE
    return value if isinstance(value, str) else f"{value:%Y-%m-%d}"
