"""The first schema: every table, and the triggers that keep the recorded ones append-only.

It is the schema of `flows.ledger.schema` for as long as there is no second step; who adds one
writes this one out as it was, so that older ledgers are brought forward from what they are.
"""

from alembic import op

from flows.ledger.database import append_only
from flows.ledger.schema import metadata

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make everything."""
    metadata.create_all(op.get_bind())
    append_only(op.get_bind())
