"""Which version is explained: the one named, else the champion, else the challenger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.held_models import best_model, held_model
from flows.ledger.champions import challenger_of
from flows.refusal import RefusedError
from flows.version_rows import version_row

if TYPE_CHECKING:
    from flows.ledger.ledger import Transaction
    from models.tail.served import Served


@dataclass(frozen=True, slots=True)
class Explained:
    """A version, read back from the files that the ledger vouches for.

    Attributes
    ----------
    row : mapping
        Of the ledger.
    role : {"champion", "champion before", "challenger", "named"}
    served : Served
    """

    row: Mapping[str, Any]
    role: str
    served: Served

    def as_dict(self) -> dict[str, Any]:
        """Plain values, as they go into JSON."""
        return {
            "number": self.row["number"],
            "model": self.served.model,
            "role": self.role,
            "as_of": self.row["as_of"],
            "manifest_sha256": self.row["manifest_sha256"],
        }


def explained_version(
    tx: Transaction, root: Path, model: str, *, number: int | None = None
) -> Explained:
    """Read the version back.

    Parameters
    ----------
    tx : Transaction
    root : Path
        State root.
    model : str
        Registered name.
    number : int, optional
        Of the version; by default the champion, or the challenger where nobody was promoted.

    Raises
    ------
    RefusedError
        If there is no version, or its files are not what the ledger recorded.
    """
    if number is not None:
        row = version_row(tx, model, number)
        return Explained(row, "named", held_model(tx, root, row))
    best = best_model(tx, root, model)
    if best.version is not None and best.served is not None:
        role = "champion before" if best.problems else "champion"
        return Explained(best.version, role, best.served)
    if best.problems:
        raise RefusedError("\n".join(best.problems))
    challenger = challenger_of(tx, model)
    if challenger is None:
        raise RefusedError(
            f"--version: the ledger has no version of {model} that could speak. Make one with "
            f"`foreshock train --model combined` or `foreshock retrain`, or name one that was "
            f"stopped or vetoed."
        )
    return Explained(challenger, "challenger", held_model(tx, root, challenger))
