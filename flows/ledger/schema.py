"""Tables of the ledger.

A recorded table has one row for each entry of its kind: its key ``seq`` is the entry's place in
the chain, and rules such as "a second person approves" are constraints, so that no code path goes
around them. What changes or is bulk stands in tables beside the chain.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

_Place = BigInteger().with_variant(Integer, "sqlite")
_Values = JSON(none_as_null=True)

ROLES = ("viewer", "developer", "validator", "approver", "admin")


def _one_of(column: str, *values: str, nullable: bool = False) -> CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    known = f'"{column}" IN ({listed})'
    return CheckConstraint(f'"{column}" IS NULL OR {known}' if nullable else known, name=column)


def _text(name: str, *, nullable: bool = False) -> Column[Any]:
    return Column(name, Text, nullable=nullable)


def _number(name: str, *, nullable: bool = False) -> Column[Any]:
    return Column(name, Double, nullable=nullable)


def _place(name: str, target: str | None = None, *, nullable: bool = False) -> Column[Any]:
    """A place in the chain, of an entry of the kind ``target`` where one is named."""
    reference = [ForeignKey(f"{target}.seq")] if target else []
    return Column(name, _Place, *reference, nullable=nullable)


def _recorded(kind: str, *columns: Column[Any] | CheckConstraint | Any) -> Table:
    seq = Column("seq", _Place, ForeignKey("entry.seq"), primary_key=True, autoincrement=False)
    return Table(kind, metadata, seq, *columns)


entry = Table(
    "entry",
    metadata,
    Column("seq", _Place, primary_key=True, autoincrement=False),
    _text("kind"),
    _text("actor"),
    _text("at"),
    _text("digest"),
    _text("previous"),
    _text("hash"),
    UniqueConstraint("hash"),
    UniqueConstraint("previous"),
    CheckConstraint("actor <> ''", name="actor"),
    Index(None, "kind", "seq"),
)

account = _recorded(
    "account",
    _text("user"),
    _text("role"),
    _text("salt"),
    _text("secret_hash"),
    Column("active", Boolean, nullable=False),
    _one_of("role", *ROLES),
    Index(None, "user"),
)

snapshot = _recorded(
    "snapshot",
    _text("sha256"),
    _text("as_of"),
    _text("data"),
    Column("tables", _Values, nullable=False),
    UniqueConstraint("sha256"),
)

version = _recorded(
    "version",
    _text("model"),
    Column("number", Integer, nullable=False),
    _text("run_id"),
    _text("name"),
    _text("as_of"),
    Column("snapshot_sha256", Text, ForeignKey("snapshot.sha256"), nullable=False),
    _text("weights_sha256"),
    Column("manifest", _Values, nullable=False),
    _text("manifest_sha256"),
    _text("cause"),
    Column("cause_evidence", _Values, nullable=False),
    UniqueConstraint("model", "number"),
)

evidence = _recorded(
    "evidence",
    _place("version", "version"),
    _text("name"),
    _text("sha256"),
    _text("path"),
    UniqueConstraint("version", "name"),
)

gate = _recorded(
    "gate",
    _place("version", "version"),
    _text("name"),
    _number("threshold"),
    _number("value", nullable=True),
    Column("passed", Boolean, nullable=False),
    Column("evidence", _Values, nullable=False),
    CheckConstraint("value IS NOT NULL OR NOT passed", name="no_evidence_no_pass"),
    Index(None, "version"),
)

request = _recorded(
    "request",
    _text("action"),
    _place("version", "version", nullable=True),
    _place("subject", nullable=True),
    _text("manifest_sha256"),
    Column("generation", Integer),
    _text("requester"),
    _text("reason"),
    _text("expires"),
    _one_of("action", "promote", "unveto", "release"),
    UniqueConstraint("seq", "requester"),
    Index(None, "version"),
)

approval = _recorded(
    "approval",
    _place("request"),
    _text("requester"),
    _text("approver"),
    _text("digest"),
    _text("reason", nullable=True),
    _text("expires"),
    ForeignKeyConstraint(["request", "requester"], ["request.seq", "request.requester"]),
    UniqueConstraint("request"),
    CheckConstraint("requester <> approver", name="second_person"),
)

champion = _recorded(
    "champion",
    _text("model"),
    Column("generation", Integer, nullable=False),
    _place("version", "version", nullable=True),
    _text("cause"),
    _place("approval", "approval", nullable=True),
    _text("reason"),
    UniqueConstraint("model", "generation"),  # the compare-and-set
    UniqueConstraint("approval"),
    _one_of("cause", "promotion", "rollback", "stop"),
    CheckConstraint("(cause = 'promotion') = (approval IS NOT NULL)", name="promotion_is_approved"),
    CheckConstraint("(cause = 'stop') = (version IS NULL)", name="stop_has_no_version"),
)

veto = _recorded("veto", _place("version", "version"), _text("reason"), Index(None, "version"))

unveto = _recorded(
    "unveto",
    _place("veto", "veto"),
    _place("approval", "approval"),
    UniqueConstraint("veto"),
    UniqueConstraint("approval"),
)

override = _recorded(
    "override",
    _text("portfolio"),
    _number("alpha"),
    Column("horizon", Integer, nullable=False),
    _number("var"),
    _number("es"),
    _text("reason"),
    _text("starts"),
    _text("expires"),
    CheckConstraint("0 < var AND var <= es AND es < 1", name="losses"),
    CheckConstraint("starts < expires", name="expires"),
)

override_verdict = _recorded(
    "override_verdict",
    _place("override", "override"),
    Column("right", Boolean, nullable=False),
    Column("figures", _Values, nullable=False),
    UniqueConstraint("override"),
)

hold = _recorded(
    "hold",
    _text("session"),
    _text("portfolio"),
    _number("alpha"),
    _text("measure"),
    _number("value", nullable=True),
    _number("norm", nullable=True),
    _number("fallback", nullable=True),
    _number("published", nullable=True),
    _text("deadline"),
    Index(None, "session"),
)

hold_end = _recorded(
    "hold_end",
    _place("hold", "hold"),
    _text("outcome"),
    _place("approval", "approval", nullable=True),
    UniqueConstraint("hold"),
    _one_of("outcome", "approved", "overridden", "expired"),
    CheckConstraint("(outcome = 'approved') = (approval IS NOT NULL)", name="approved"),
)

alert = _recorded(
    "alert",
    _text("key"),
    _text("kind"),
    _text("subject"),
    _text("severity"),
    _text("message"),
    Column("evidence", _Values, nullable=False),
    UniqueConstraint("key"),
    _one_of("severity", "info", "warning", "critical"),
    Index(None, "kind", "subject"),
)

flag = _recorded("flag", _text("portfolio"), _text("date"), _text("reason"))

flag_verdict = _recorded(
    "flag_verdict",
    _place("flag", "flag"),
    Column("right", Boolean, nullable=False),
    Column("figures", _Values, nullable=False),
    UniqueConstraint("flag"),
)

assignment = _recorded(
    "assignment",
    _text("block"),
    _text("arm"),
    UniqueConstraint("block"),
    _one_of("arm", "training", "challenge"),
)

finding = _recorded(
    "finding",
    _place("version", "version"),
    _text("severity"),
    _text("owner"),
    _text("due"),
    _text("text"),
    _one_of("severity", "low", "medium", "high"),
    Index(None, "version"),
)

finding_closed = _recorded(
    "finding_closed", _place("finding", "finding"), _text("text"), UniqueConstraint("finding")
)

document = _recorded(
    "document",
    _place("version", "version"),
    _text("name"),
    _text("sha256"),
    _text("path"),
    _text("previous_sha256", nullable=True),
    UniqueConstraint("version", "name", "sha256"),
)

run = _recorded(
    "run",
    _text("job"),
    _text("key"),
    _text("host"),
    Column("pid", Integer, nullable=False),
    Column("token", Integer, nullable=False),
    UniqueConstraint("job", "key", "token"),
)

run_end = _recorded(
    "run_end",
    _place("run", "run"),
    _text("status"),
    _text("error", nullable=True),
    UniqueConstraint("run"),
    _one_of("status", "done", "failed", "dead"),
)

effect = _recorded(
    "effect",
    _text("job"),
    _text("key"),
    _place("run", "run"),
    Column("token", Integer, nullable=False),
    _text("sha256"),
    Column("summary", _Values, nullable=False),
    UniqueConstraint("job", "key"),  # one effect, however often it is tried
)

session = _recorded(
    "session",
    _text("as_of"),
    _text("settings_sha256"),
    _text("snapshot_sha256", nullable=True),
    Column("rows", Integer),
    _text("forecasts_sha256", nullable=True),
    _text("outcomes_sha256", nullable=True),
    Column("summary", _Values),
    UniqueConstraint("as_of", "settings_sha256"),
)

alias_repair = _recorded(
    "alias_repair",
    _text("model"),
    _text("alias"),
    _text("expected", nullable=True),
    _text("found", nullable=True),
    _text("action"),
)

RECORDED: dict[str, Table] = {
    table.name: table for table in metadata.sorted_tables if table.name != "entry"
}
"""Tables whose rows are entries of the chain, by kind."""

lease = Table(
    "lease",
    metadata,
    Column("job", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("token", Integer, nullable=False),
    _place("run", "run"),
    _text("beat_at"),
    Column("beat_seconds", Double, nullable=False),
)

forecast = Table(
    "forecast",
    metadata,
    Column("session", _Place, ForeignKey("session.seq"), primary_key=True, autoincrement=False),
    Column("portfolio", Text, primary_key=True),
    Column("role", Text, primary_key=True),
    Column("model", Text, primary_key=True),
    Column("alpha", Double, primary_key=True),
    Column("horizon", Integer, primary_key=True, autoincrement=False),
    _place("version", "version", nullable=True),
    _text("origin"),
    _text("target"),
    _number("var"),
    _number("es"),
    _number("sigma", nullable=True),
    _number("pit", nullable=True),
    _one_of("role", "champion", "challenger", "legacy", "fallback"),
    Index(None, "model", "origin"),
    Index(None, "portfolio", "target"),
)

outcome = Table(
    "outcome",
    metadata,
    Column("session", _Place, ForeignKey("session.seq"), primary_key=True, autoincrement=False),
    Column("portfolio", Text, primary_key=True),
    Column("target", Text, primary_key=True),
    _number("pnl", nullable=True),
    Column("pits", _Values),
    Index(None, "portfolio", "target"),
)

episode = Table(
    "episode",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    _place("alert", "alert"),
    Column("repeats", Integer, nullable=False),
    _text("last_at"),
)

delivery = Table(
    "delivery",
    metadata,
    Column("alert", _Place, ForeignKey("alert.seq"), primary_key=True, autoincrement=False),
    Column("target", Text, primary_key=True),
    Column("attempts", Integer, nullable=False),
    _text("delivered_at", nullable=True),
    _text("error", nullable=True),
)
