"""Stresses that have a name: all of the catalogue, and files that come with Foreshock."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.refusal import RefusedError
from flows.scenario_sets.named_stresses import listed, listed_lines, shipped, stress_of
from validation.crises import CATALOGUE


def test_every_crisis_of_the_catalogue_is_a_replay_by_its_name():
    for crisis in CATALOGUE:
        stress = stress_of(crisis.name)
        assert stress.replay == crisis.name
        assert str(crisis.first) in stress.name
        assert stress.moves_paths


def test_every_file_that_comes_with_foreshock_can_be_read():
    assert {"rates_credit_oil", "inflation_2022", "worse_than_2022"} <= shipped().keys()
    for name in shipped():
        assert stress_of(name).name


def test_a_file_of_ones_own_wins_over_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "covid_2020").write_text("name: mine\nreplay: gilts_2022\n")
    monkeypatch.chdir(tmp_path)
    assert stress_of("covid_2020").replay == "gilts_2022"
    assert stress_of(str(tmp_path / "covid_2020")).name == "mine"


def test_what_is_neither_is_refused_with_the_names_there_are():
    with pytest.raises(RefusedError, match=r"lehman is no file.*covid_2020.*inflation_2022"):
        stress_of("lehman")
    with pytest.raises(RefusedError, match="not a readable"):
        stress_of("absent.yaml")


def test_the_list_names_dates_and_sources():
    told = {one["name"]: one for one in listed()}
    assert told["covid_2020"]["first"] == "2020-02-20"
    assert told["covid_2020"]["source"]
    lines = listed_lines()
    assert len(lines) == len(told) + 1
    assert lines[0].startswith("covid_2020")
