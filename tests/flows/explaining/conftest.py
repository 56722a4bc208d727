"""The tiny market ready to be explained, and a version with weights drawn at random."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from flows.explaining.ready import Ready, made_ready
from flows.ingest import ingest
from flows.ledger.ledger import Ledger
from flows.units import UnitStore
from models.tail.inputs import Layout
from models.tail.served import Served, save
from tests.flows import recorded_version
from tests.models.explanations.made import fusion_served


@pytest.fixture(scope="session")
def ready_for(
    tiny_market: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Ready]:
    """One series of the tiny market, ready to be explained at 97.5%."""
    market = ingest(tiny_market).market
    units = tmp_path_factory.mktemp("explaining") / "units.db"

    def made(name: str) -> Ready:
        with UnitStore(units) as store:
            return made_ready(market, name, alpha=0.975, seed=1, units=store)

    return made


@pytest.fixture(scope="session")
def book(ready_for: Callable[[str], Ready]) -> Ready:
    """The book of all six stocks."""
    return ready_for("all")


@pytest.fixture(scope="session")
def served(book: Ready) -> Served:
    """A transformer of two seeds that knows how to read the tiny market's panel."""
    panel = book.panel
    return fusion_served(own=panel.own, shared=panel.shared, layout=Layout.of(panel))


@pytest.fixture
def recorded(served: Served, state_root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """State root whose ledger holds two versions, both of that transformer."""

    def save_served(directory: Path) -> None:
        save(
            directory,
            model=served.model,
            heads={kind: head.to_bytes() for kind, head in served.heads.items()},
            weights=served.weights,
            own=served.own,
            shared=served.shared,
        )

    monkeypatch.setattr(recorded_version, "save_served", save_served)
    ledger = Ledger.open(state_root, clock=recorded_version.noon())
    for number in (1, 2):
        recorded_version.record_version(ledger, state_root, number=number, served=True)
    ledger.close()
    return state_root
