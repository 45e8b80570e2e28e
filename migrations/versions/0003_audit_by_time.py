"""Audit events by time.

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

NAME = "ix_audit_events_seller_id_created_at"


def upgrade() -> None:
    op.create_index(op.f(NAME), "audit_events", ["seller_id", "created_at"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f(NAME), table_name="audit_events")
