"""A stress in the words of a desk: what each line means, and what is not guessed at."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from flows.refusal import RefusedError
from flows.scenario_sets.stress_file import Stress, read_stress, total_moves
from models.base import Asset

ASSETS = (
    Asset("UST10Y", "rate", "diff", "USD", 4.1),
    Asset("HY_OAS", "spread", "diff", "USD", 3.2),
    Asset("WTI", "price", "diff", "USD", 70.0),
    Asset("SPY", "price", "log", "USD", 400.0),
    Asset("VIX", "price", "log", "USD", 15.0),
)


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "stress.yaml"
    path.write_text(text)
    return path


def test_the_shocks_of_a_desk_are_understood(tmp_path: Path):
    path = written(
        tmp_path,
        "name: rates and oil\n"
        "shocks: {UST10Y: +150bp, HY_OAS: +300bp, WTI: -40%, SPY: -20%, VIX: to 60}\n",
    )
    moves = total_moves(read_stress(path), ASSETS)
    assert moves == pytest.approx(
        {"UST10Y": 1.5, "HY_OAS": 3.0, "WTI": -28.0, "SPY": np.log(0.8), "VIX": np.log(4.0)}
    )


def test_oil_may_end_below_zero_and_a_stock_may_not(tmp_path: Path):
    path = written(tmp_path, "name: april\nshocks: {WTI: to -36.98}\n")
    assert total_moves(read_stress(path), ASSETS)["WTI"] == pytest.approx(-106.98)
    path = written(tmp_path, "name: april\nshocks: {SPY: to 0}\n")
    with pytest.raises(RefusedError, match="above zero"):
        total_moves(read_stress(path), ASSETS)


@pytest.mark.parametrize(
    ("shock", "reason"),
    [
        ("UST10Y: +150", "is no shock"),
        ("UST10Y: 150bp", "is no shock"),
        ("UST10Y: -40%", "moves in basis points"),
        ("SPY: -40bp", "moves in percent"),
        ("SPY: '=1+1'", "is no shock"),
        ("GME: -40%", "GME is not among"),
    ],
)
def test_what_could_mean_two_things_is_not_guessed(tmp_path: Path, shock: str, reason: str):
    path = written(tmp_path, f"name: x\nshocks: {{{shock}}}\n")
    with pytest.raises(RefusedError, match=reason):
        total_moves(read_stress(path), ASSETS)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "must hold"),
        ("- 1\n", "must hold"),
        ("name: x\n", "give a replay"),
        ("shocks: {SPY: -20%}\n", "name"),
        ("name: x\nshocks: {SPY: -20%}\nwhen: now\n", "when"),
        ("name: x\nshocks: {SPY: -0.2}\n", "SPY: -0.2 is no shock"),
        ("name: x\ncorrelation: {raise_to: 1.0}\n", "raise_to"),
        ("name: x\ncorrelation: {raise_to: 0.9, broken: true}\n", "exactly one"),
        ("name: x\ncorrelation: {}\n", "exactly one"),
        ("name: x\nreplay: lehman_2008\n", "not in the catalogue. It has covid_2020"),
        ("name: x\nreplay: covid_2020\nshocks: {SPY: -20%}\n", "stands alone"),
        ("name: x\nseverity: 2\nshocks: {SPY: -20%}\n", "severity multiplies a replay"),
        ("name: x\nreplay: covid_2020\nseverity: 0\n", "severity"),
        ("name: x\nstate: {bonds: -2}\n", "bonds: no such block. They are equity"),
        ("name: x\nstate: {equity: -40}\n", "state.equity"),
        ("name: [\n", "not a readable YAML"),
        ("name: !!python/object/apply:os.system ['touch /tmp/x']\n", "not a readable YAML"),
    ],
)
def test_a_file_of_another_form_is_refused(tmp_path: Path, text: str, reason: str):
    with pytest.raises(RefusedError, match=reason):
        read_stress(written(tmp_path, text))


def test_a_missing_and_a_huge_file_are_refused(tmp_path: Path):
    with pytest.raises(RefusedError, match="not a readable"):
        read_stress(tmp_path / "absent.yaml")
    with pytest.raises(RefusedError, match="more than"):
        read_stress(written(tmp_path, "#" * 200_000))


def test_only_what_moves_paths_after_they_were_drawn_cannot_be_drawn_again():
    assert not Stress(name="x", state={"equity": -4.0}).moves_paths
    assert not Stress(name="x", shocks={"SPY": "-5%"}, meaning="weights").moves_paths
    assert Stress(name="x", shocks={"SPY": "-5%"}).moves_paths
    assert Stress(name="x", replay="covid_2020").moves_paths
