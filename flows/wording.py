"""Names and numbers as a reader expects them: titles, a true minus, words where there is none."""

from __future__ import annotations

from datetime import date, datetime

import pandas as pd

MODELS = {
    "hs_250": "HS-250",
    "hs_500": "HS-500",
    "ewma": "EWMA normal",
    "ewma_fhs": "EWMA-FHS",
    "garch_t": "GARCH-t",
    "garch_fhs": "GARCH-FHS",
    "gjr_t": "GJR-t",
    "gjr_fhs": "GJR-FHS",
    "gjr_evt": "GJR-EVT",
    "parametric": "Static covariance",
    "gjr_fhs_sqrt": "GJR-FHS by root of time",
    "linear": "Linear head alone",
    "mlp": "MLP head alone",
    "transformer": "Transformer alone",
    "combined": "Combined",
}
"""Models of the forecast table, for people."""

KINDS = {
    "returns": "its own returns and volatilities",
    "bars": "its own highs, lows and volumes",
    "calendar": "days since its last session",
    "book": "what a book holds",
    "liquidity": "spreads, price impact and turnover",
    "orderflow": "quotes and trades of the session",
    "market": "volatility, stress and co-movement of all instruments",
    "macro": "VIX, MOVE, yields and credit spreads",
    "news": "news indices",
    "headlines": "sentiment of headlines",
    "regimes": "regime, anomaly and the chance of a fall",
    "sessions": "its last 64 sessions, one by one",
    "base": "the tail of GJR-FHS",
}
"""Kinds of data that a learned tail reads of a series, for people."""

ANSWERS = {"R": "rejected", "Q": "quarantined", "I": "imputed", "W": "warned", "A": "accepted"}
"""What the feed gate answers, worst first."""

TESTS = {
    "kupiec": "How many (Kupiec)",
    "christoffersen_ind": "In clusters (Christoffersen)",
    "christoffersen_cc": "How many and in clusters (Christoffersen)",
    "dq": "Foreseeable from the past (dynamic quantile)",
    "duration": "Time between (Weibull durations)",
    "z1": "ES: size (Acerbi-Székely Z1)",
    "z2": "ES: number and size (Acerbi-Székely Z2)",
    "z3": "ES: by ranks (Acerbi-Székely Z3)",
    "mcneil_frey": "ES: residuals (McNeil-Frey)",
    "nolde_ziegel": "VaR and ES jointly (Nolde-Ziegel)",
    "du_escanciano": "ES: cumulative violations (Du-Escanciano)",
    "berkowitz": "Whole distribution (Berkowitz)",
    "ks": "Whole distribution (Kolmogorov-Smirnov)",
}
"""Tests of the evidence: what each asks of the exceedances, and whose it is."""

NONE = "n/a"
_MINUS = "\N{MINUS SIGN}"


def model_title(model: str) -> str:
    """Title of a model; its own name where it is not one of ours."""
    return MODELS.get(model, model)


def kind_of_data(kind: str) -> str:
    """What is known of a series from a kind of data; its own name where it is not one of ours."""
    return KINDS.get(kind, kind)


def title_of_test(test: str) -> str:
    """What a test asks, and whose it is; its own name where it is not one of ours."""
    return TESTS.get(test, test)


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


def printable(text: str) -> str:
    """Text without anything that moves the cursor or hides; what does is spelled out."""
    return text if text.isprintable() else ascii(text)[1:-1]
