"""Models that the ledger vouches for: every file hashed before it is opened, then served.

The weights of a version are among the files of its run, so that serving needs no MLflow, and what
somebody deletes there does not reach the desk.
"""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from flows.alerts import Signal
from flows.held_files import fault_of, held_path
from flows.ledger.chain import fault_at, faults_of
from flows.ledger.champions import champion_of, former_champions
from flows.refusal import RefusedError
from flows.simulated import objection

if TYPE_CHECKING:
    from flows.ledger.ledger import Transaction
    from models.tail.served import Served

Row = dict[str, Any]

WEIGHTS = "weights"
"""Directory of a run's files that holds the served model."""
CHAMPION_DAMAGED = "champion_damaged"
"""Kind of the alert that the desk does not see the champion's numbers."""


@dataclass(frozen=True, slots=True)
class Best:
    """The best model that can be served now.

    Attributes
    ----------
    version : dict or None
        Its ledger row; None where the fallback has to answer, or nobody was ever promoted.
    served : Served or None
        The model itself.
    problems : tuple of str
        Why it is not the champion: one entry for each version that was tried, naming the file and
        what to do. Empty where it is the champion, or where there is none.
    """

    version: Row | None = None
    served: Served | None = None
    problems: tuple[str, ...] = ()

    def signals(self, model: str) -> list[Signal]:
        """The alert that a session raises; empty where nothing is wrong."""
        if not self.problems:
            return []
        number = None if self.version is None else self.version["number"]
        told = "the fallback" if number is None else f"version {number}, champion before,"
        why = " ".join(self.problems[0].split())
        return [
            Signal(
                CHAMPION_DAMAGED,
                model,
                "critical",
                f"{model}: {told} is served in place of the champion. {why}",
                {"served": number, "problems": list(self.problems)},
            )
        ]


def held_model(tx: Transaction, root: Path, version: Row) -> Served:
    """Served model of a version, from the files that the ledger vouches for.

    Parameters
    ----------
    tx : Transaction
    root : Path
        State root.
    version : dict
        Ledger row of the version.

    Raises
    ------
    RefusedError
        As `held_weights` does; then no file was opened.
    """
    directory = held_weights(tx, root, version)
    from models.tail.served import load

    try:
        return load(directory)
    except ValueError as error:  # whole, but written for another version of this code
        raise RefusedError(f"{version['model']} v{version['number']}: {error}") from error


def held_weights(tx: Transaction, root: Path, version: Row) -> Path:
    """Directory of a version's weights, every file of which is what the ledger recorded.

    Raises
    ------
    RefusedError
        If a row is not what was recorded, or a file is gone or is another, naming each file, what
        was recorded, what was found and what to do.
    """
    name = f"{version['model']} v{version['number']}"
    rows = _weights_of(tx, version)
    if not rows:
        raise RefusedError(
            f"{name}: the ledger holds no weights of it. Train again with `foreshock retrain`."
        )
    tx.vouched(version["seq"], *(row["seq"] for row in rows))
    digests = {PurePosixPath(row["name"]).name: str(row["sha256"]) for row in rows}
    if weights_digest(digests) != version["weights_sha256"]:
        raise RefusedError(
            f"{name}: its files have SHA-256 {weights_digest(digests)[:12]} as a whole, its "
            f"manifest names {version['weights_sha256'][:12]}. Run `foreshock history --verify`."
        )
    faults = [fault for row in rows if (fault := fault_of(root, row)) is not None]
    if faults:
        raise RefusedError("\n".join(f"{name}: {fault}" for fault in faults))
    return held_path(root, rows[0]).parent


def best_model(tx: Transaction, root: Path, model: str) -> Best:
    """The champion, or where its files are damaged the last former champion that is whole.

    A champion whose entry was altered is not replaced by another: then nobody knows who was
    promoted, and the fallback answers. So it does where a replay put it in office elsewhere.

    Parameters
    ----------
    tx : Transaction
    root : Path
        State root.
    model : str
        Registered name.
    """
    try:
        champion = champion_of(tx, model)
    except RefusedError as refusal:
        return Best(problems=(str(refusal),))
    if champion.version is None:
        return Best()
    if (simulated := objection(root, str(champion.by))) is not None:
        return Best(problems=(simulated,))
    problems: list[str] = []
    for version in _in_line(tx, model, champion.version, problems):
        try:
            return Best(version, held_model(tx, root, version), tuple(problems))
        except RefusedError as refusal:
            problems.append(str(refusal))
    return Best(problems=tuple(problems))


def weights_digest(digests: Mapping[str, str]) -> str:
    """SHA-256 over the names and digests of a model's files: what a manifest names.

    Parameters
    ----------
    digests : mapping of file name to SHA-256
    """
    lines = (f"{name} {digests[name]}\n" for name in sorted(digests))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _weights_of(tx: Transaction, version: Row) -> list[Row]:
    rows = tx.rows("evidence", version=version["seq"])
    return [row for row in rows if PurePosixPath(row["name"]).parent == PurePosixPath(WEIGHTS)]


def _in_line(
    tx: Transaction, model: str, champion: int, problems: list[str]
) -> Generator[Row, None, None]:
    """The champion's row, then those of its predecessors if the rows that say so are whole."""
    row = tx.last("version", seq=champion)
    if row is None:
        problems.append(str(fault_at(tx.connection, champion)))
    else:
        yield row
    altered = [str(fault) for fault in faults_of(tx.connection, "champion", "veto", "unveto")]
    problems += altered
    if not altered:
        yield from former_champions(tx, model)
