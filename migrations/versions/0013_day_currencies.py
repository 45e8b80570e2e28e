"""In which currency days were reported that are not in their ad account's present one.

Revision ID: 0013
Revises: 0012
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

APP = "pixecom_app"
SELLER = "(SELECT nullif(current_setting('app.seller_id', true), '')::uuid)"


def upgrade() -> None:
    op.create_table(
        "day_currencies",
        sa.Column("seller_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("stat_date", sa.Date(), nullable=False),
        sa.Column("fetched_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint(
            "seller_id", "account_id", "level", "stat_date", "fetched_before", name=op.f("pk_day_currencies")
        ),
    )
    op.execute("ALTER TABLE day_currencies ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY tenant_isolation ON day_currencies USING (seller_id = {SELLER})")
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON day_currencies TO {APP}")


def downgrade() -> None:
    op.drop_table("day_currencies")
