"""What fails for good in each round, by ad account or page, and until when the schedule leaves it alone.

Revision ID: 0012
Revises: 0011
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

APP = "pixecom_app"
SELLER = "(SELECT nullif(current_setting('app.seller_id', true), '')::uuid)"
WORK = "(SELECT current_setting('app.scope', true)) = 'work'"


def upgrade() -> None:
    op.create_table(
        "failing_work",
        sa.Column("seller_id", sa.Uuid(), nullable=False),
        sa.Column("connection_id", sa.Uuid(), nullable=False),
        sa.Column("work", sa.Text(), nullable=False),
        sa.Column("error_class", sa.Text(), nullable=False),
        sa.Column("error_code", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("rounds", sa.Integer(), nullable=False),
        sa.Column("ask_again_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("first_failed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_failed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("seller_id", "connection_id", "work", name=op.f("pk_failing_work")),
    )
    op.execute("ALTER TABLE failing_work ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY work_isolation ON failing_work USING (seller_id = {SELLER} OR {WORK})")
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON failing_work TO {APP}")


def downgrade() -> None:
    op.drop_table("failing_work")
