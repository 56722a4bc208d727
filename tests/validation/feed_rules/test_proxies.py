"""Stated proxies: every way to get one wrong, and what is right."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from validation.feed_rules.proxies import owners, proxies

MARKET = ("SPY", "HY_OAS", "VIX")
KNOWN = {"curve": {"USD"}, "credit": {"ACME"}, "vol": {"SPY"}}


def told(*rows: tuple[str, str, float]) -> dict[str, list[str]]:
    frame = pd.DataFrame(rows, columns=["factor", "proxy", "beta"]).assign(reason="because")
    found: dict[str, list[str]] = {}
    for one in proxies(frame, MARKET, KNOWN):
        found.setdefault(one.series, []).append(one.rule.name)
    return found


@pytest.mark.parametrize(
    "factor",
    ["credit", "credit:ACME", "credit:ACME:5", "vol:SPY:2025-12-19:100", "curve:USD:2", "VIX"],
)
def test_every_kind_of_factor_may_follow_an_instrument(factor: str):
    assert told((factor, "HY_OAS", 1.5)) == {}


@pytest.mark.parametrize(
    ("factor", "proxy", "beta", "rule"),
    [
        ("credit:OTHER", "HY_OAS", 1.0, "unknown_factor"),
        ("spread:ACME", "HY_OAS", 1.0, "unknown_factor"),
        ("credit:ACME", "IG_OAS", 1.0, "unknown_proxy"),
        ("SPY", "SPY", 1.0, "its_own_proxy"),
        ("credit:ACME", "HY_OAS", np.nan, "bad_beta"),
        ("credit:ACME", "HY_OAS", 0.0, "bad_beta"),
        ("credit:ACME", "HY_OAS", np.inf, "bad_beta"),
    ],
)
def test_what_is_wrong_is_named(factor: str, proxy: str, beta: float, rule: str):
    assert told((factor, proxy, beta)) == {factor: [rule]}


def test_a_factor_has_one_proxy_and_a_proxy_none():
    assert set(told(("credit", "HY_OAS", 1.0), ("credit", "VIX", 1.0))) == {"credit"}
    assert told(("credit", "HY_OAS", 1.0), ("HY_OAS", "VIX", 1.0)) == {"credit": ["chained_proxy"]}


def test_owners_are_those_of_the_tables():
    tables = {"credit": pd.DataFrame({"issuer": ["ACME", "ACME"]})}
    assert owners(tables) == {"curve": set(), "credit": {"ACME"}, "vol": set()}
