"""The command as a validator meets it: what is printed, what is written, and what is refused."""

import json
from pathlib import Path

import numpy as np
import pytest
import typer

from flows.options import guarded
from flows.score import score
from infra.bench.score import forecast_table

KNOWLEDGE = {"gjr_fhs": 1.0, "hs_250": 0.0}


@pytest.fixture(scope="module")
def table():
    return forecast_table(
        portfolios=2, dates=300, knowledge=KNOWLEDGE, alphas=(0.975, 0.99), start="2020-01-01"
    )


@pytest.fixture
def file(table, tmp_path):
    path = tmp_path / "forecasts.parquet"
    table.to_parquet(path, index=False)
    return path


def exit_code(*args, **options):
    @guarded
    def command() -> None:
        score(*args, draws=100, **options)

    with pytest.raises(typer.Exit) as ended:
        command()
    return ended.value.exit_code


def test_one_screen_says_what_matters(file, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    assert exit_code(file) == 0
    shown = capsys.readouterr().out
    assert "hs_250 is worse than gjr_fhs at 99%" in shown
    assert "2 portfolios, targets 2020-01-02 to 2021-02-24" in shown
    assert "covid_2020" in shown
    assert "not covered" in shown
    assert "Tail accuracy" in shown
    assert len(shown.splitlines()) < 45
    assert all(len(line) <= 100 for line in shown.splitlines())


def test_the_json_is_the_evidence_whole_and_strict(file, capsys, tmp_path):
    assert exit_code(file, json=tmp_path / "deep" / "evidence.json") == 0
    written = json.loads((tmp_path / "deep" / "evidence.json").read_text())
    assert written["schema"] == "foreshock.evidence/1"
    assert len(written["groups"]) == 2 * 2 * 2 * 4
    assert "evidence.json" in capsys.readouterr().out


def test_a_dash_puts_json_and_nothing_else_on_standard_output(file, capsys):
    assert exit_code(file, json=Path("-"), simulated=False) == 0
    assert json.loads(capsys.readouterr().out)["baseline"] == "gjr_fhs"


def test_another_baseline_may_be_named(file, capsys):
    assert exit_code(file, baseline="hs_250", simulated=False) == 0
    assert "gjr_fhs beats hs_250" in capsys.readouterr().out


def test_a_baseline_that_is_not_there_is_refused_with_those_that_are(file, capsys):
    assert exit_code(file, baseline="garch_t") == 2
    assert capsys.readouterr().err == (
        "baseline 'garch_t' is not a model of forecasts.parquet. It has gjr_fhs, hs_250: "
        "name one of them.\n"
    )


def test_a_table_without_the_usual_baseline_is_judged_all_the_same(table, tmp_path, capsys):
    path = tmp_path / "theirs.csv"
    table[table["model"] == "hs_250"].to_csv(path, index=False)
    assert exit_code(path, simulated=False) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "hs_250 could not be compared: gjr_fhs is not in the table" in shown


def test_forecasts_of_tomorrow_alone_are_no_verdict(table, tmp_path, capsys):
    path = tmp_path / "ahead.parquet"
    table.assign(pnl=np.nan).to_parquet(path)
    assert exit_code(path) == 0
    assert "Nothing to judge" in capsys.readouterr().out


def test_a_bad_file_costs_exit_code_2_one_line_and_nothing_written(table, tmp_path, capsys):
    path, evidence = tmp_path / "bad.csv", tmp_path / "evidence.json"
    evidence.write_text("earlier")
    table.assign(alpha=99.0).to_csv(path, index=False)
    assert exit_code(path, json=evidence) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("bad.csv row 1: alpha 99.0, but alpha is the confidence level")
    assert "99 means 0.99" in said.err
    assert "Traceback" not in said.err
    assert evidence.read_text() == "earlier"


def test_names_cannot_write_on_the_terminal(table, tmp_path, capsys):
    path = tmp_path / "hostile.parquet"
    renamed = table["model"].replace("hs_250", "[red]x\x1b[2J")
    table.assign(model=renamed).to_parquet(path)
    assert exit_code(path, simulated=False) == 0
    shown = capsys.readouterr().out
    assert "\x1b[2J" not in shown
    assert "[red]x\\x1b[2J" in shown
