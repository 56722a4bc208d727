"""The command line: what each command accepts, refuses and answers, and what it pays for."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from typer.testing import CliRunner

from flows.cli import app
from flows.settings import checkout

HEAVY = ("prefect", "mlflow", "torch", "lightning", "pandas", "great_expectations", "evidently")


def python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
        env=os.environ | {"PYTHONPATH": str(checkout())},
    )


def test_help_imports_nothing_heavy():
    done = python(f"import sys, flows.cli; print([m for m in {HEAVY} if m in sys.modules])")
    assert done.stdout == "[]\n", done.stderr


def test_help_names_every_command_and_the_first_steps():
    result = CliRunner().invoke(app, ["--help"])
    assert result.exit_code == 0
    for command in ("run", "validate", "train", "backtest", "score", "ui"):
        assert f" {command} " in result.stdout
    assert "foreshock run" in result.stdout


@pytest.mark.parametrize("command", ["run", "validate", "train", "backtest", "score"])
def test_every_command_answers_in_json_and_shows_an_example(command: str):
    result = CliRunner().invoke(app, [command, "--help"])
    assert "--json" in result.stdout
    assert f"Example: foreshock {command}" in " ".join(result.stdout.split())


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["run", "--alphas", "0.01"], "alphas: alpha is the confidence level"),
        (["run", "--alphas", "one"], "'one' is no list of numbers"),
        (["run", "--as-of", "31.12.2024"], "'31.12.2024' is no ISO date"),
        (["backtest", "--models", "gjr_fsh"], "models: gjr_fsh is no model here"),
        (["backtest", "--horizon", "11"], "sessions ahead, 1 to 10, got 11"),
        (["backtest", "--models", "gjr_fhs_sqrt"], "Ask for gjr_fhs, or pass a longer --horizon"),
        (["backtest", "--start", "2021-01-01", "--end", "2020-01-01"], "Swap or drop one"),
        (["run", "--settings", "absent.yaml"], "absent.yaml: not a readable YAML file"),
        (["train"], "Missing option '--model'"),
        (["tune"], "No such command 'tune'"),
    ],
)
def test_wrong_usage_costs_2_and_says_what_to_change(
    arguments: list[str], says: str, state_root: Path
):
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 2
    assert says in " ".join(result.stderr.replace("│", " ").split())
    assert "Traceback" not in result.stderr
    assert not (state_root / "runs").exists()


@pytest.mark.parametrize("name", ["validate", "score"])
def test_commands_that_start_no_tracked_work_do_not_pay_for_prefect(
    name: str, tiny_market: Path, tmp_path: Path
):
    table = tmp_path / "empty.csv"
    table.write_text("origin,target\n")
    arguments = {"validate": ["--data", str(tiny_market)], "score": [str(table)]}[name]
    done = python(
        "import sys\nfrom flows.cli import app\n"
        f"code = app([{name!r}, *{arguments!r}], standalone_mode=False)\n"
        "print(code, [m for m in ('prefect', 'mlflow', 'torch') if m in sys.modules])"
    )
    assert done.stdout.splitlines()[-1] == f"{ {'validate': 0, 'score': 2}[name] } []", done.stderr


def test_a_rejected_feed_costs_2_and_standard_output_is_the_json(
    tiny_closes: pd.DataFrame, tiny_market: Path, tmp_path: Path
):
    market = tmp_path / "market"
    market.mkdir()
    for name in ("instruments.csv", "prices.csv"):
        (market / name).write_bytes((tiny_market / name).read_bytes())
    prices = pd.read_csv(market / "prices.csv")
    gone = (prices["instrument"] == "STOCK2") & (prices.groupby("instrument").cumcount() % 10 == 5)
    prices[~gone].to_csv(market / "prices.csv", index=False)
    result = CliRunner().invoke(app, ["validate", "--data", str(market), "--json", "-"])
    assert result.exit_code == 2
    told = json.loads(result.stdout)
    rejected = [feed["series"] for feed in told["feeds"] if feed["answer"] == "R"]
    assert rejected == ["STOCK2"]


def test_a_missing_directory_is_refused_by_name(tmp_path: Path):
    result = CliRunner().invoke(app, ["validate", "--data", str(tmp_path / "nowhere")])
    assert result.exit_code == 2
    assert "nowhere" in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("typed", "years"), [([], 4), (["--refit-years", "1"], 1), (["--settings", "asked.yaml"], 1)]
)
def test_a_plain_run_trains_heads_every_fourth_year_and_whoever_decides_decides(
    typed: list[str], years: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    asked: list[dict[str, Any]] = []

    def run_flow(request: dict[str, Any], **_: Any) -> dict[str, Any]:
        asked.append(request)
        return {}

    monkeypatch.setattr("flows.tracked.ready", lambda **_: None)
    monkeypatch.setattr("flows.orchestration.run_flow", run_flow)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "asked.yaml").write_text("seed: 1\n")
    told = CliRunner().invoke(app, ["run", *typed, "--json", "-"])
    assert told.exit_code == 0, told.output
    assert asked[0]["refit_years"] == years
