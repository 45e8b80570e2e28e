"""Jobs whose turn came while another ran with their exclusive key: they are the next once it has ended.

Revision ID: 0011
Revises: 0010
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("jobs", sa.Column("had_turn", sa.Boolean()))
    op.create_index("ix_jobs_had_turn", "jobs", ["priority", "exclusive_key"], postgresql_where=sa.text("had_turn"))


def downgrade() -> None:
    op.drop_index("ix_jobs_had_turn", "jobs")
    op.drop_column("jobs", "had_turn")
