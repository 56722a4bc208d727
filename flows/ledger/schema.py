"""Tables of the ledger.

A recorded table has one row for each entry of its kind: its key ``seq`` is the entry's place in
the chain, and rules such as "a second person approves" are constraints, so that no code path goes
around them. What changes or is bulk stands in tables beside the chain.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
)

from flows.ledger.columns import Place, Values, metadata, number, one_of, place, recorded, text

ROLES = ("viewer", "developer", "validator", "approver", "admin")

entry = Table(
    "entry",
    metadata,
    Column("seq", Place, primary_key=True, autoincrement=False),
    text("kind"),
    text("actor"),
    text("at"),
    text("digest"),
    text("previous"),
    text("hash"),
    UniqueConstraint("hash"),
    UniqueConstraint("previous"),
    CheckConstraint("actor <> ''", name="actor"),
    Index(None, "kind", "seq"),
)

account = recorded(
    "account",
    text("user"),
    text("role"),
    text("salt"),
    text("secret_hash"),
    Column("active", Boolean, nullable=False),
    one_of("role", *ROLES),
    Index(None, "user"),
)

snapshot = recorded(
    "snapshot",
    text("sha256"),
    text("as_of"),
    text("data"),
    Column("tables", Values, nullable=False),
    UniqueConstraint("sha256"),
)

version = recorded(
    "version",
    text("model"),
    Column("number", Integer, nullable=False),
    text("run_id"),
    text("name"),
    text("as_of"),
    Column("snapshot_sha256", Text, ForeignKey("snapshot.sha256"), nullable=False),
    text("weights_sha256"),
    Column("manifest", Values, nullable=False),
    text("manifest_sha256"),
    text("cause"),
    Column("cause_evidence", Values, nullable=False),
    UniqueConstraint("model", "number"),
)

evidence = recorded(
    "evidence",
    place("version", "version"),
    text("name"),
    text("sha256"),
    text("path"),
    UniqueConstraint("version", "name"),
)

gate = recorded(
    "gate",
    place("version", "version"),
    text("name"),
    number("threshold"),
    number("value", nullable=True),
    Column("passed", Boolean, nullable=False),
    Column("evidence", Values, nullable=False),
    CheckConstraint("value IS NOT NULL OR NOT passed", name="no_evidence_no_pass"),
    Index(None, "version"),
)

request = recorded(
    "request",
    text("action"),
    place("version", "version", nullable=True),
    place("subject", nullable=True),
    text("manifest_sha256"),
    Column("generation", Integer),
    text("requester"),
    text("reason"),
    text("expires"),
    one_of("action", "promote", "unveto", "release"),
    UniqueConstraint("seq", "requester"),
    Index(None, "version"),
)

approval = recorded(
    "approval",
    place("request"),
    text("requester"),
    text("approver"),
    text("digest"),
    text("reason", nullable=True),
    text("expires"),
    ForeignKeyConstraint(["request", "requester"], ["request.seq", "request.requester"]),
    UniqueConstraint("request"),
    CheckConstraint("requester <> approver", name="second_person"),
)

champion = recorded(
    "champion",
    text("model"),
    Column("generation", Integer, nullable=False),
    place("version", "version", nullable=True),
    text("cause"),
    place("approval", "approval", nullable=True),
    text("reason"),
    UniqueConstraint("model", "generation"),  # the compare-and-set
    UniqueConstraint("approval"),
    one_of("cause", "promotion", "rollback", "stop"),
    CheckConstraint("(cause = 'promotion') = (approval IS NOT NULL)", name="promotion_is_approved"),
    CheckConstraint("(cause = 'stop') = (version IS NULL)", name="stop_has_no_version"),
)

veto = recorded("veto", place("version", "version"), text("reason"), Index(None, "version"))

unveto = recorded(
    "unveto",
    place("veto", "veto"),
    place("approval", "approval"),
    UniqueConstraint("veto"),
    UniqueConstraint("approval"),
)

override = recorded(
    "override",
    text("portfolio"),
    number("alpha"),
    Column("horizon", Integer, nullable=False),
    number("var"),
    number("es"),
    text("reason"),
    text("starts"),
    text("expires"),
    CheckConstraint("0 < var AND var <= es AND es < 1", name="losses"),
    CheckConstraint("starts < expires", name="expires"),
)

override_verdict = recorded(
    "override_verdict",
    place("override", "override"),
    Column("right", Boolean, nullable=False),
    Column("figures", Values, nullable=False),
    UniqueConstraint("override"),
)

hold = recorded(
    "hold",
    text("session"),
    text("portfolio"),
    number("alpha"),
    text("measure"),
    number("value", nullable=True),
    number("norm", nullable=True),
    number("fallback", nullable=True),
    number("published", nullable=True),
    text("deadline"),
    Index(None, "session"),
)

hold_end = recorded(
    "hold_end",
    place("hold", "hold"),
    text("outcome"),
    place("approval", "approval", nullable=True),
    UniqueConstraint("hold"),
    one_of("outcome", "approved", "overridden", "expired"),
    CheckConstraint("(outcome = 'approved') = (approval IS NOT NULL)", name="approved"),
)

alert = recorded(
    "alert",
    text("key"),
    text("kind"),
    text("subject"),
    text("severity"),
    text("message"),
    Column("evidence", Values, nullable=False),
    UniqueConstraint("key"),
    one_of("severity", "info", "warning", "critical"),
    Index(None, "kind", "subject"),
)

flag = recorded("flag", text("portfolio"), text("date"), text("reason"))

flag_verdict = recorded(
    "flag_verdict",
    place("flag", "flag"),
    Column("right", Boolean, nullable=False),
    Column("figures", Values, nullable=False),
    UniqueConstraint("flag"),
)

assignment = recorded(
    "assignment",
    text("block"),
    text("arm"),
    UniqueConstraint("block"),
    one_of("arm", "training", "challenge"),
)

finding = recorded(
    "finding",
    place("version", "version"),
    text("severity"),
    text("owner"),
    text("due"),
    text("text"),
    one_of("severity", "low", "medium", "high"),
    Index(None, "version"),
)

finding_closed = recorded(
    "finding_closed", place("finding", "finding"), text("text"), UniqueConstraint("finding")
)

document = recorded(
    "document",
    place("version", "version"),
    text("name"),
    text("sha256"),
    text("path"),
    text("previous_sha256", nullable=True),
    UniqueConstraint("version", "name", "sha256"),
)

run = recorded(
    "run",
    text("job"),
    text("key"),
    text("host"),
    Column("pid", Integer, nullable=False),
    Column("token", Integer, nullable=False),
    UniqueConstraint("job", "key", "token"),
)

run_end = recorded(
    "run_end",
    place("run", "run"),
    text("status"),
    text("error", nullable=True),
    UniqueConstraint("run"),
    one_of("status", "done", "failed", "dead"),
)

effect = recorded(
    "effect",
    text("job"),
    text("key"),
    place("run", "run"),
    Column("token", Integer, nullable=False),
    text("sha256"),
    Column("summary", Values, nullable=False),
    UniqueConstraint("job", "key"),  # one effect, however often it is tried
)

session = recorded(
    "session",
    text("as_of"),
    text("settings_sha256"),
    text("snapshot_sha256", nullable=True),
    Column("rows", Integer),
    text("forecasts_sha256", nullable=True),
    text("outcomes_sha256", nullable=True),
    Column("summary", Values),
    UniqueConstraint("as_of", "settings_sha256"),
)

alias_repair = recorded(
    "alias_repair",
    text("model"),
    text("alias"),
    text("expected", nullable=True),
    text("found", nullable=True),
    text("action"),
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
    place("run", "run"),
    text("beat_at"),
    Column("beat_seconds", Double, nullable=False),
)

forecast = Table(
    "forecast",
    metadata,
    Column("session", Place, ForeignKey("session.seq"), primary_key=True, autoincrement=False),
    Column("portfolio", Text, primary_key=True),
    Column("role", Text, primary_key=True),
    Column("model", Text, primary_key=True),
    Column("alpha", Double, primary_key=True),
    Column("horizon", Integer, primary_key=True, autoincrement=False),
    place("version", "version", nullable=True),
    text("origin"),
    text("target"),
    number("var"),
    number("es"),
    number("sigma", nullable=True),
    number("pit", nullable=True),
    one_of("role", "champion", "challenger", "legacy", "fallback"),
    Index(None, "model", "origin"),
    Index(None, "portfolio", "target"),
)

outcome = Table(
    "outcome",
    metadata,
    Column("session", Place, ForeignKey("session.seq"), primary_key=True, autoincrement=False),
    Column("portfolio", Text, primary_key=True),
    Column("target", Text, primary_key=True),
    number("pnl", nullable=True),
    Column("pits", Values),
    Index(None, "portfolio", "target"),
)

episode = Table(
    "episode",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    place("alert", "alert"),
    Column("repeats", Integer, nullable=False),
    text("last_at"),
)

delivery = Table(
    "delivery",
    metadata,
    Column("alert", Place, ForeignKey("alert.seq"), primary_key=True, autoincrement=False),
    Column("target", Text, primary_key=True),
    Column("attempts", Integer, nullable=False),
    text("delivered_at", nullable=True),
    text("error", nullable=True),
)
