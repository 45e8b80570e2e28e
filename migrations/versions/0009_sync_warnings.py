"""What was odd in platforms' answers and could be done without, by ad account or page.

Revision ID: 0009
Revises: 0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

APP = "pixecom_app"
SELLER = "(SELECT nullif(current_setting('app.seller_id', true), '')::uuid)"
WORK = "(SELECT current_setting('app.scope', true)) = 'work'"
SUBJECTS = (
    "subject IN ('ACCOUNT', 'CAMPAIGN', 'ADSET', 'AD', 'INSIGHTS_ROW', 'LISTING', 'REPORT', 'PAGE', 'PAGE_METRIC', "
    "'POST', 'TOKEN')"
)


def upgrade() -> None:
    op.create_table(
        "sync_warnings",
        sa.Column("seller_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("connection_id", sa.Uuid(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("stat_date", sa.Date(), nullable=True),
        sa.Column("things", sa.Integer(), nullable=False),
        sa.Column("examples", postgresql.JSONB(), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "source IN ('STRUCTURE', 'DELIVERY', 'INSIGHTS', 'PAGE')", name=op.f("ck_sync_warnings_source")
        ),
        sa.CheckConstraint(SUBJECTS, name=op.f("ck_sync_warnings_subject")),
        sa.PrimaryKeyConstraint("seller_id", "id", name=op.f("pk_sync_warnings")),
    )
    op.create_index(op.f("ix_sync_warnings_seller_id_connection_id"), "sync_warnings", ["seller_id", "connection_id"])
    op.execute("ALTER TABLE sync_warnings ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY work_isolation ON sync_warnings USING (seller_id = {SELLER} OR {WORK})")
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON sync_warnings TO {APP}")


def downgrade() -> None:
    op.drop_table("sync_warnings")
