"""A retrain has one effect for each as-of and settings, with its cause written on the version."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from flows import lifecycle, registration
from flows.ledger.ledger import Ledger
from flows.ledger.versions import CAUSES
from flows.outputs import file_digest
from flows.refusal import RefusedError
from flows.retrain import Retrained, retrain
from flows.settings import Settings, canonical_digest
from flows.steps import Steps
from flows.terminal import Terminal
from flows.tracking import CHALLENGER, CHAMPION, aliases

EVIDENCE = {"subject": "fx", "message": "fx: too many exceedances"}


class KilledError(BaseException):
    """Stands for a signal that no handler sees."""


def quietly() -> Steps:
    return Steps(Terminal(quiet=True))


def never() -> Steps:
    """Steps of which none may be taken."""

    def refuse(name: str, work: Any) -> Any:
        raise AssertionError(f"{name} was done again")

    return Steps(Terminal(quiet=True), refuse)


@pytest.fixture(scope="module")
def asked(learnable_market: Path) -> Settings:
    return Settings(
        data=learnable_market,
        start=date(2021, 10, 1),
        alphas=(0.99,),
        models=("hs_250", "gjr_fhs", "gjr_evt", "linear"),
        portfolios=("all",),
    )


@pytest.fixture(scope="module")
def root(
    asked: Settings, tmp_path_factory: pytest.TempPathFactory, empty_tracking_database: Path
) -> Path:
    """State root of a retrain that was killed when its version had just been recorded."""
    root = tmp_path_factory.mktemp("retrained")
    shutil.copy(empty_tracking_database, root / "mlflow.db")

    def kill(*_: object, **__: object) -> str | None:
        raise KilledError

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(registration, "finish", kill)
        with pytest.raises(KilledError):
            retrain(asked, root=root, steps=quietly(), cause="degradation", evidence=EVIDENCE)
    return root


@pytest.fixture(scope="module")
def documents_before(root: Path) -> int:
    return len(rows(root, "document"))


@pytest.fixture(scope="module")
def again(root: Path, asked: Settings, documents_before: int) -> Retrained:
    """What the next call is told: another cause, and the as-of by name."""
    named = asked.model_copy(update={"as_of": date(2021, 12, 31)})
    return retrain(named, root=root, steps=never(), cause="schedule")


def rows(root: Path, kind: str, /, **equal: Any) -> list[dict[str, Any]]:
    ledger = Ledger.open(root)
    try:
        assert ledger.verify() == []
        with ledger.reading() as tx:
            return tx.rows(kind, **equal)
    finally:
        ledger.close()


@pytest.mark.slow
def test_a_run_that_is_killed_after_its_version_was_recorded_is_finished_by_the_next_call(
    root: Path, again: Retrained, documents_before: int
) -> None:
    (version,) = rows(root, "version")
    assert documents_before == 0
    documents = [row["name"] for row in rows(root, "document", version=version["seq"])]
    assert len({Path(name).stem for name in documents}) == 16
    assert aliases(root) == {CHALLENGER: 1}
    assert CHAMPION not in aliases(root)
    assert not again.fresh


@pytest.mark.slow
def test_it_is_done_once_whatever_set_it_off(root: Path, again: Retrained) -> None:
    assert (again.version, again.as_of, again.cause) == (1, "2021-12-31", "degradation")
    assert len(rows(root, "run", job="retrain")) == 1
    assert len(rows(root, "version")) == 1


@pytest.mark.slow
def test_a_third_call_writes_nothing_at_all(root: Path, again: Retrained, asked: Settings) -> None:
    before = (root / "ledger.db").read_bytes(), len(rows(root, "document"))
    for cause in CAUSES:
        assert retrain(asked, root=root, steps=never(), cause=cause) == again
    assert ((root / "ledger.db").read_bytes(), len(rows(root, "document"))) == before


@pytest.mark.slow
def test_the_version_says_why_it_was_trained(root: Path, again: Retrained) -> None:
    (version,) = rows(root, "version", number=again.version)
    assert (version["cause"], version["cause_evidence"]) == ("degradation", EVIDENCE)


@pytest.mark.slow
def test_the_effect_is_the_hash_of_what_the_same_inputs_give_again(
    root: Path, again: Retrained
) -> None:
    (effect,) = rows(root, "effect", job="retrain")
    directory = Path(again.report).parent
    names = ("evidence.json", "forecasts.parquet", "weights/served.json")
    assert effect["sha256"] == canonical_digest(
        {name: file_digest(directory / name) for name in names}
    )
    assert again.as_dict() == {
        "schema": "foreshock.retrain/1",
        "version": 1,
        "as_of": "2021-12-31",
        "cause": "degradation",
        "report": str(directory / "report.html"),
        "fresh": False,
    }


@pytest.fixture
def _untrained(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that finds nothing to register."""
    monkeypatch.setattr(lifecycle, "run", lambda *_, **__: None)


def test_a_cause_that_nobody_knows_is_refused_before_anything_is_made(
    state_root: Path, tiny_market: Path
) -> None:
    with pytest.raises(RefusedError, match="'a whim' is none of hand, schedule, drift"):
        retrain(Settings(data=tiny_market), root=state_root, steps=never(), cause="a whim")
    assert not state_root.exists()


@pytest.mark.usefixtures("_untrained")
def test_without_a_version_there_is_no_effect_and_the_next_call_tries_again(
    tracked_root: Path, tiny_market: Path
) -> None:
    for _ in range(2):
        with pytest.raises(RefusedError, match="as_of 2021-12-31: no learned model could be"):
            retrain(Settings(data=tiny_market), root=tracked_root, steps=never())
    assert rows(tracked_root, "effect") == []
    assert [row["status"] for row in rows(tracked_root, "run_end")] == ["failed", "failed"]
