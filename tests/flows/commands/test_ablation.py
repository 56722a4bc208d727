"""The command refuses what makes no sense before anything is read, and prints the table."""

from __future__ import annotations

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from flows.commands.ablation import app

DONE: dict[str, Any] = {
    "baseline": "gjr_fhs",
    "claim": "combined",
    "not_ran": ["no row is calibrated by regime"],
    "ran": {"alphas": [0.99]},
    "page": "/there/ablation.html",
    "rows": [
        {
            "variant": name,
            "group": "modalities" if name.startswith("without") else "models",
            "against": against,
            "alpha": 0.99,
            "window": "all",
            "asset_class": None,
            "seeds": seeds,
            "relative": relative,
            "relative_lowest": relative - 0.01,
            "relative_highest": relative + 0.01,
            "t_worst": t,
            "t_best": t,
        }
        for name, against, seeds, relative, t in (
            ("combined", "gjr_fhs", 2, -0.04, -3.1),
            ("without news", "gjr_fhs", 1, -0.03, -2.9),
            ("without news", "combined", 1, 0.01, 1.2),
        )
    ],
}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("--models", "hs_250"), "hs_250 is not learned"),
        (("--seeds", "0"), "at least 1"),
        (("--every", "0"), "at least 1"),
    ],
)
def test_nonsense_is_refused_before_data_is_read(given: tuple[str, ...], said: str):
    done = CliRunner().invoke(app, given)
    assert done.exit_code == 2
    assert said in done.output


def test_the_table_is_printed_with_spread_and_t(monkeypatch: pytest.MonkeyPatch, state_root: Any):
    asked: dict[str, Any] = {}

    def instead(settings: Any, ask: Any, **more: Any) -> dict[str, Any]:
        asked.update(settings=settings, ask=ask, **more)
        return DONE

    monkeypatch.setattr("flows.ablating.ablate.ablate", instead)
    done = CliRunner().invoke(app, ["--models", "mlp,combined", "--seeds", "2", "--every", "3"])
    assert done.exit_code == 0, done.output
    lines = done.output.splitlines()
    assert lines == [
        "What each kind of data brings: FZ0 lost without it, at 99%",
        "  news  news indices   +1.00% (t  1.2)  no difference to be told",
        "99%: FZ0 against gjr_fhs, then against combined",
        "  combined      −4.00% [−5.00%, −3.00%] (t −3.1)",
        "  without news  −3.00% (t −2.9)   +1.00% (t 1.2)",
        "Not in it: no row is calibrated by regime.",
        "/there/ablation.html",
    ]
    assert (asked["ask"].models, asked["ask"].every) == (("mlp", "combined"), 3)


def test_as_json_nothing_else_is_printed(monkeypatch: pytest.MonkeyPatch, state_root: Any):
    monkeypatch.setattr("flows.ablating.ablate.ablate", lambda *_, **__: DONE)
    done = CliRunner().invoke(app, ["--json", "-"])
    assert json.loads(done.output) == DONE
