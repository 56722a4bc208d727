"""A scenario set from a market to its signed papers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from features.market import MarketData
from flows import provenance
from flows.refusal import RefusedError
from flows.scenario_sets import make
from flows.scenario_sets.files import read_set
from flows.scenario_sets.make import chosen, make_set, summary_lines
from flows.scenario_sets.redraw import redrawn
from flows.scenario_sets.request import scenario_request
from flows.scenario_sets.stress_file import Stress
from flows.scenario_sets.verify import usable, verify
from flows.steps import Steps
from flows.terminal import Terminal

QUIET = Steps(Terminal(quiet=True))


@pytest.fixture
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever this checkout looks like while it is tested."""
    told = replace(provenance.provenance(), dirty=False)
    monkeypatch.setattr(make, "provenance", lambda: told)


@pytest.mark.slow
@pytest.mark.usefixtures("clean")
def test_a_set_is_made_examined_signed_and_usable(
    tiny_market: Path, state_root: Path, tmp_path: Path
):
    request = scenario_request(data=tiny_market, paths=4096, horizon=5)
    made = make_set(request, root=state_root, steps=QUIET, out=tmp_path / "set")
    assert usable(tmp_path / "set", root=state_root).marks == ("LOCAL",)
    told = read_set(tmp_path / "set")
    assert told.moves.shape == (4096, 5, 6)
    assert np.isfinite(told.moves).all()
    assert made.certificate["usable_by_risk"]
    page = (tmp_path / "set" / "report.html").read_text()
    assert page.count("data:image/svg") == 4  # the tiny market has no bars, and so no spreads
    assert "STOCK5" in page
    assert summary_lines(made)[-1] == str(tmp_path / "set")

    assert redrawn(tmp_path / "set", made.manifest, chunks=3) == ()
    altered = {"predicate": {"sampling": {**made.manifest["predicate"]["sampling"], "seed": 1}}}
    assert "paths drawn again differ by" in redrawn(tmp_path / "set", altered, chunks=1)[0]

    again = make_set(request, root=state_root, steps=QUIET, out=tmp_path / "again")
    assert again.manifest["sha256"] == made.manifest["sha256"]

    with pytest.raises(RefusedError, match="is there already"):
        make_set(request, root=state_root, steps=QUIET, out=tmp_path / "set")


@pytest.mark.slow
def test_a_stressed_set_says_what_it_stands_under(
    tiny_market: Path, state_root: Path, tmp_path: Path
):
    stress = Stress(name="fall", shocks={"STOCK0": "-20%"})
    request = scenario_request(data=tiny_market, paths=2048, horizon=5, model="gaussian")
    made = make_set(request, root=state_root, steps=QUIET, out=tmp_path / "set", stress=stress)
    total = read_set(tmp_path / "set").moves[:, :, 0].sum(axis=1)
    np.testing.assert_allclose(total, np.log(0.8), atol=1e-5)
    sampling = made.manifest["predicate"]["sampling"]
    assert sampling["stress"]["name"] == "fall"
    assert sampling["shock_distance"] > 2.0
    assert any("Every path ends with STOCK0 -20%" in line for line in summary_lines(made))
    assert "Every path ends with STOCK0" in (tmp_path / "set" / "report.html").read_text()
    assert made.certificate["stressed"]
    assert verify(tmp_path / "set", root=state_root).faults == ()
    assert "under stress" in redrawn(tmp_path / "set", made.manifest, chunks=1)[0]


def test_a_refused_stress_leaves_nothing_behind(
    tiny_market: Path, state_root: Path, tmp_path: Path
):
    request = scenario_request(data=tiny_market, paths=2048, horizon=5)
    with pytest.raises(RefusedError, match="GME is not among"):
        make_set(
            request,
            root=state_root,
            steps=QUIET,
            out=tmp_path / "out" / "set",
            stress=Stress(name="x", shocks={"GME": "-20%"}),
        )
    assert not list((tmp_path / "out").iterdir())


def test_what_has_ended_or_is_young_is_not_chosen_unasked(tiny: MarketData):
    close = tiny.close.copy()
    close.iloc[-30:, 0] = np.nan
    close.iloc[:-500, 1] = np.nan
    market = replace(tiny, close=close)
    assert chosen(market, scenario_request()) == ("STOCK2", "STOCK3", "STOCK4", "STOCK5")
    assert chosen(market, scenario_request(instruments=("STOCK0",))) == ("STOCK0",)
    with pytest.raises(RefusedError, match="GME did not pass"):
        chosen(market, scenario_request(instruments=("STOCK0", "GME")))


@pytest.mark.parametrize(
    "given",
    [
        {"paths": 0},
        {"paths": 10**9},
        {"horizon": 61},
        {"model": "gan"},
        {"seed": -1},
        {"instruments": ("A", "A")},
    ],
)
def test_a_request_out_of_range_is_refused_with_its_name(given: dict[str, object]):
    with pytest.raises(RefusedError, match=next(iter(given))):
        scenario_request(**given)
