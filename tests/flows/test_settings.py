"""What a run may be asked, and how a request that breaks a rule is refused."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from flows.desk_settings import read_desk_settings
from flows.refusal import RefusedError
from flows.settings import (
    MODELS,
    Settings,
    checkout,
    quiet_libraries,
    read_settings,
    refuse_longer,
    state_root,
)


def test_state_lives_in_the_checkout_whatever_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("FORESHOCK_HOME")
    monkeypatch.chdir(tmp_path)
    assert state_root() == Path(__file__).resolve().parents[2] / "mlruns"
    assert (checkout() / "pyproject.toml").is_file()


def test_state_lives_where_the_environment_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("FORESHOCK_HOME", str(tmp_path / "elsewhere"))
    assert state_root() == tmp_path / "elsewhere"


def test_defaults_are_those_of_the_contract():
    settings = read_settings()
    assert settings.alphas == (0.95, 0.975, 0.99)
    assert (settings.horizon, settings.seed) == (1, 0)
    assert settings.chosen_models == tuple(name for name in MODELS if name != "gjr_fhs_sqrt")
    assert (settings.as_of, settings.start, settings.end, settings.portfolios) == (None,) * 4


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"alphas": (0.01,)}, r"alphas: alpha .* must lie in \(0.5, 1\), got 0.01"),
        ({"alphas": (0.99, 0.99)}, "alphas: 0.99, 0.99 names one of them twice"),
        ({"alphas": ()}, "alphas: .*at least 1 item"),
        ({"models": ("gjr_fsh",)}, "models: gjr_fsh is no model here. Choose from hs_250,"),
        ({"as_of": "2020-02-30"}, "as_of: .*valid date"),
        ({"start": "2021-01-01", "end": "2020-01-01"}, "start 2021-01-01 lies after end"),
        ({"start": "2021-01-01", "as_of": "2020-01-01"}, "start 2021-01-01 lies after as_of"),
        ({"horizon": 0}, "horizon: horizon is the number of sessions ahead, 1 to 10, got 0"),
        ({"horizon": 11}, "horizon: horizon is the number of sessions ahead, 1 to 10, got 11"),
        ({"models": ("gjr_fhs_sqrt",)}, "the horizon is 1. Ask for gjr_fhs, or"),
        ({"seed": -1}, "seed: .*greater than or equal to 0"),
        ({"sead": 1}, "sead: Extra inputs are not permitted"),
    ],
)
def test_a_setting_that_breaks_its_rule_is_refused_by_name(given: dict[str, Any], says: str):
    with pytest.raises(RefusedError, match=says):
        read_settings(**given)


def test_the_square_root_of_time_is_a_model_of_several_sessions_only():
    assert Settings(horizon=10).chosen_models == MODELS
    refuse_longer(Settings(), job="run")
    with pytest.raises(RefusedError, match="run makes a version that serves the next session"):
        refuse_longer(Settings(horizon=10), job="run")


def test_the_command_line_overrides_the_file(tmp_path: Path):
    path = tmp_path / "quick.yaml"
    path.write_text("start: 2019-01-01\nmodels: [hs_250, gjr_fhs]\nseed: 3\n")
    settings = read_settings(path, seed=4, end=None)
    assert (settings.start, settings.seed) == (date(2019, 1, 1), 4)
    assert settings.chosen_models == ("hs_250", "gjr_fhs")


@pytest.mark.parametrize(
    "text", ["- hs_250\n", "alphas: [0.99\n", "!!python/object/new:os._exit [0]"]
)
def test_a_file_that_holds_no_settings_is_refused(tmp_path: Path, text: str):
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    with pytest.raises(RefusedError, match=r"bad\.yaml"):
        read_settings(path)


def test_the_digest_depends_on_what_is_asked_and_not_on_where_the_data_lie(tmp_path: Path):
    asked = Settings(seed=1)
    assert asked.digest == Settings(seed=1, data=tmp_path).digest
    assert asked.digest != Settings(seed=2).digest
    assert Settings(alphas=(0.99, 0.95)).digest == Settings(alphas=(0.95, 0.99)).digest


def test_the_settings_files_that_come_with_the_project_are_valid():
    files = sorted((checkout() / "infra" / "settings").glob("*.yaml"))
    readers = {"desk.yaml": read_desk_settings}
    assert {path.name for path in files} > set(readers)
    for path in files:
        readers.get(path.name, read_settings)(path)


def test_telemetry_is_off_even_where_the_environment_turns_it_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    for name in list(os.environ):
        monkeypatch.setenv(name, os.environ[name])  # restored when the test ends
    monkeypatch.setenv("GX_ANALYTICS_ENABLED", "true")
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path / "somewhere"))
    quiet_libraries(tmp_path)
    assert os.environ["GX_ANALYTICS_ENABLED"] == "false"
    assert os.environ["PREFECT_HOME"] == str(tmp_path / "somewhere")
