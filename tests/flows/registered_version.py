"""A version that MLflow and the ledger both have, as a run leaves it; made in a second."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from flows.held_files import LISTING
from flows.held_models import WEIGHTS
from flows.ledger.versions import record_version
from flows.outputs import file_digest, publish, staging
from flows.provenance import Provenance
from flows.record import Record, Version
from flows.settings import checkout
from flows.tracking import complete, listing, register
from tests.flows.recorded_version import made_files
from tests.flows.served_model import save_served
from validation.gates import Gate

if TYPE_CHECKING:
    from flows.ledger.ledger import Ledger

TABLES = {"prices.csv": "date,instrument,close\n2024-12-31,SPX,5881.63\n"}
"""The market of these versions, by file."""


def write_tables(directory: Path) -> dict[str, tuple[str, int]]:
    """Write the market; name, digest and rows of each table."""
    directory.mkdir(exist_ok=True)
    for name, text in TABLES.items():
        (directory / name).write_text(text)
    return {name: (file_digest(directory / name), 1) for name in TABLES}


def register_version(ledger: Ledger, root: Path, *, recorded: bool = True) -> Version:
    """Register a version and publish its files; a kill comes before it is ``recorded``."""
    market = root / "market"
    tables = write_tables(market)
    with staging(root / "runs") as staged:
        files = staged / "files"
        made_files(files)
        save_served(files / WEIGHTS)
        record = Record(
            model="combined",
            as_of="2024-12-31",
            data=str(market),
            snapshot="01" * 32,
            tables=tables,
            settings={"alphas": [0.99], "seed": 7},
            settings_digest="33" * 32,
            provenance=Provenance(
                revision="abc123",
                dirty=False,
                lock=file_digest(checkout() / "infra" / "requirements.lock"),
                python="3.11",
                machine="x",
                packages={},
            ),
            weights=files / WEIGHTS,
            inputs=["sigma"],
            outputs=["var_0.99"],
        )
        with register(root, record) as version:
            complete(root, version, files)
        directory = root / "runs" / f"made-{version.number}"
        publish(files, directory)
    if recorded:
        with ledger.transaction() as tx:
            record_version(
                tx,
                record,
                version,
                root=root,
                files=directory,
                others={f"mlflow/{LISTING}": listing(root, version)},
                gates=(Gate("shortfall_z2", -0.25, 0.1, True, ()),),
            )
    return version
