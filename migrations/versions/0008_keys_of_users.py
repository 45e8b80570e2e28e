"""Idempotency keys are a user's: another user of the seller with the same key makes another request.

An api of the release before refuses requests with a key on this schema, before it does anything; those without one
it carries out.

Revision ID: 0008
Revises: 0007
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TABLE = "idempotent_requests"
PRIMARY_KEY = "pk_idempotent_requests"

# An answer names the audit events of its request, and they name the user.
NAME_USERS = """
UPDATE idempotent_requests
SET user_id = (
  SELECT actor_id
  FROM audit_events
  WHERE audit_events.seller_id = idempotent_requests.seller_id
    AND audit_events.batch_id = (idempotent_requests.answer ->> 'audit_id')::uuid
  LIMIT 1
)
"""
# The others changed nothing, so they may be carried out again.
FORGET_UNNAMED = """
DELETE FROM idempotent_requests
WHERE user_id IS NULL
"""
# Where several users have used a key, it becomes the first one's.
KEEP_FIRST = """
DELETE FROM idempotent_requests AS later
USING idempotent_requests AS earlier
WHERE later.seller_id = earlier.seller_id
  AND later.operation = earlier.operation
  AND later.key = earlier.key
  AND (later.created_at, later.user_id) > (earlier.created_at, earlier.user_id)
"""


def upgrade() -> None:
    op.add_column(TABLE, sa.Column("user_id", sa.Uuid(), nullable=True))
    op.execute(NAME_USERS)
    op.execute(FORGET_UNNAMED)
    op.alter_column(TABLE, "user_id", nullable=False)
    op.drop_constraint(op.f(PRIMARY_KEY), TABLE)
    op.create_primary_key(op.f(PRIMARY_KEY), TABLE, ["seller_id", "user_id", "operation", "key"])


def downgrade() -> None:
    op.execute(KEEP_FIRST)
    op.drop_constraint(op.f(PRIMARY_KEY), TABLE)
    op.create_primary_key(op.f(PRIMARY_KEY), TABLE, ["seller_id", "operation", "key"])
    op.drop_column(TABLE, "user_id")
