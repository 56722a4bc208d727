"""MLflow mirrors the ledger: every difference between them is named, and what can be is repaired.

The ledger decides. An alias or a tag of MLflow that says something else is set right; a version
that one of the two does not have is named, and no code makes it up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.alerts import Signal
from flows.ledger.champions import challenger_of, champion_of
from flows.record import Registered
from flows.tracking import (
    CHALLENGER,
    CHAMPION,
    REGISTERED,
    UnreachableError,
    aliases,
    in_progress,
    point,
    registered,
    tag,
)

if TYPE_CHECKING:
    from flows.ledger.ledger import Ledger, Transaction

Row = dict[str, Any]

SCHEMA = "foreshock.reconcile/1"
REGISTRY_DIFFERS = "registry_differs"
"""Kind of the alert that MLflow does not say what the ledger says."""
MEND = "`foreshock reconcile --repair` mends it."


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that MLflow and the ledger do not agree on.

    Attributes
    ----------
    kind : {"alias", "status", "weights", "run", "lost", "unrecorded", "unreachable"}
        The first three can be repaired.
    subject : str
        The alias, or the version.
    expected, found : str or None
        What the ledger says, and what MLflow has.
    text : str
        One line: what, and what to do.
    repaired : bool
    """

    kind: str
    subject: str
    expected: str | None
    found: str | None
    text: str
    repaired: bool = False

    @property
    def repairable(self) -> bool:
        """Whether `reconcile` can set it right."""
        return self.kind in ("alias", "status", "weights")

    @property
    def signal(self) -> Signal:
        """The alert of a session: critical where it concerns the champion or all of MLflow."""
        grave = self.subject == CHAMPION or self.kind == "unreachable"
        severity = "critical" if grave else "warning"
        return Signal(REGISTRY_DIFFERS, self.subject, severity, self.text, self.as_dict())

    def as_dict(self) -> dict[str, Any]:
        """Plain values, as they go into JSON."""
        names = ("kind", "subject", "expected", "found", "text", "repaired")
        return {name: getattr(self, name) for name in names}


def reconcile(
    ledger: Ledger, root: Path, *, repair: bool = False, actor: str = "system"
) -> list[Difference]:
    """Compare MLflow with the ledger.

    Parameters
    ----------
    ledger : Ledger
    root : Path
        State root.
    repair : bool
        Whether to set right what can be; each repair is an entry of the ledger.
    actor : str

    Returns
    -------
    list of Difference
        Empty where nothing differs; those that were repaired are among them. MLflow that cannot be
        reached is one.
    """
    try:
        if not repair:
            with ledger.reading() as tx:
                return differences(tx, root)
        with ledger.transaction() as tx:  # nobody promotes while aliases move
            return [_repaired(tx, root, one, actor) for one in differences(tx, root)]
    except UnreachableError as error:
        return [Difference("unreachable", "MLflow", None, None, str(error))]


def differences(tx: Transaction, root: Path) -> list[Difference]:
    """Every difference, aliases first, then versions in the order of their numbers.

    Raises
    ------
    UnreachableError
        If MLflow does not answer.
    """
    rows = {int(row["number"]): row for row in tx.rows("version", model=REGISTERED)}
    if not (root / "mlflow.db").is_file():
        if rows:
            raise UnreachableError(
                f"{root / 'mlflow.db'}: is gone, and the ledger has versions. Restore it "
                "from a backup; the desk is served from the ledger's files."
            )
        return []
    theirs = {one.number: one for one in registered(root)}
    found = list(_aliases(tx, root, rows, theirs))
    for number in sorted(rows.keys() | theirs.keys()):
        found += _version(root, number, rows.get(number), theirs.get(number))
    return found


def mirror(ledger: Ledger, root: Path) -> str | None:
    """Let MLflow's aliases follow a decision that has just been recorded.

    Returns
    -------
    str or None
        One line where they are behind; the decision stands all the same.
    """
    if not (root / "mlflow.db").is_file():
        return None
    behind: list[str] = []
    try:
        with ledger.transaction() as tx:  # of two decisions the later is mirrored last
            rows = {int(row["number"]): row for row in tx.rows("version", model=REGISTERED)}
            theirs = {one.number: one for one in registered(root)}
            for one in _aliases(tx, root, rows, theirs):
                if one.expected is None or int(one.expected) in theirs:
                    _set(root, one)
                else:
                    behind.append(one.text)
    except UnreachableError as error:
        behind.append(f"{error} Then {MEND}")
    return f"MLflow is behind, the decision stands. {' '.join(behind)}" if behind else None


def _aliases(
    tx: Transaction, root: Path, rows: Mapping[int, Row], theirs: Mapping[int, Registered]
) -> Iterable[Difference]:
    """What the two aliases should say and do not."""
    newest = challenger_of(tx, REGISTERED)
    wanted = {
        CHAMPION: champion_of(tx, REGISTERED).number,
        CHALLENGER: None if newest is None else int(newest["number"]),
    }
    held = aliases(root)
    for alias, number in wanted.items():
        found = held.get(alias)
        if found == number:
            continue
        said = "no version" if number is None else f"version {number}"
        has = "nobody" if found is None else f"version {found}"
        stranger = "" if found is None or found in rows else ", which the ledger never recorded"
        lost = number is not None and number not in theirs
        remedy = "MLflow has lost it: restore mlflow.db from a backup." if lost else MEND
        yield Difference(
            "alias",
            alias,
            None if number is None else str(number),
            None if found is None else str(found),
            f"alias {alias}: the ledger says {said}, MLflow gives it to {has}{stranger}. {remedy}",
        )


def _version(
    root: Path, number: int, row: Row | None, theirs: Registered | None
) -> Iterable[Difference]:
    """What differs about one version, which at least one of the two has."""
    name = f"version {number}"
    if theirs is None:
        yield Difference(
            "lost",
            name,
            "registered",
            None,
            f"{name}: the ledger has it, MLflow has lost it. The desk is served from the ledger's "
            "files; restore mlflow.db from a backup to see it there.",
        )
    elif row is None:
        if theirs.status != "retired" and not in_progress(root, theirs.run_id):
            yield Difference(
                "status",
                name,
                "retired",
                theirs.status,
                f"{name}: MLflow has it ({theirs.status}), the ledger never recorded it: the run "
                f"{theirs.run_id[:8]} ended in between. It cannot be promoted; train again. "
                "Marked retired by `foreshock reconcile --repair`.",
            )
    elif row["run_id"] != theirs.run_id:
        yield Difference(
            "run",
            name,
            row["run_id"],
            theirs.run_id,
            f"{name}: the ledger recorded run {row['run_id'][:8]}, MLflow has run "
            f"{theirs.run_id[:8]} under its number. Restore mlflow.db from a backup.",
        )
    else:
        if row["weights_sha256"] != theirs.weights_sha256:
            yield Difference(
                "weights",
                name,
                row["weights_sha256"],
                theirs.weights_sha256,
                f"{name}: the ledger recorded weights {row['weights_sha256'][:12]}, MLflow's tag "
                f"weights_sha256 says {theirs.weights_sha256[:12] or 'nothing'}. {MEND}",
            )
        if theirs.status != "complete":
            yield Difference(
                "status",
                name,
                "complete",
                theirs.status,
                f"{name}: the ledger recorded it, MLflow's tag status says "
                f"{theirs.status or 'nothing'}. {MEND}",
            )


def _repaired(tx: Transaction, root: Path, one: Difference, actor: str) -> Difference:
    """The difference, set right and recorded where that can be done."""
    if not one.repairable:
        return one
    try:
        _set(root, one)
    except UnreachableError as error:  # e.g. the version an alias should name is lost
        return replace(one, text=f"{one.text} {error}")
    if one.kind == "alias":
        action = f"given to version {one.expected}" if one.expected else "taken away"
        alias = one.subject
    else:
        action = "tag set"
        alias = f"{one.subject}: {_TAGS[one.kind]}"
    tx.append(
        "alias_repair",
        actor=actor,
        model=REGISTERED,
        alias=alias,
        expected=one.expected,
        found=one.found,
        action=action,
    )
    return replace(one, repaired=True)


_TAGS = {"status": "status", "weights": "weights_sha256"}
"""Tag that tells a kind of difference."""


def _set(root: Path, one: Difference) -> None:
    if one.kind == "alias":
        point(root, one.subject, None if one.expected is None else int(one.expected))
    else:
        number = int(one.subject.removeprefix("version "))
        tag(root, number, _TAGS[one.kind], one.expected or "")
