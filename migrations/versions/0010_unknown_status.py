"""A status that the platform sets and that is not known here is UNKNOWN.

Revision ID: 0010
Revises: 0009
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TABLES = ("campaigns", "adsets", "ads", "mock_statuses")
KNOWN = "'ACTIVE', 'PAUSED', 'ARCHIVED', 'DELETED'"


def upgrade() -> None:
    for table in TABLES:
        _allow(table, f"{KNOWN}, 'UNKNOWN'")


def downgrade() -> None:
    """What is not known can't be written without this revision: the next structure sync names it again."""
    for table in TABLES:
        status = sa.column("status", sa.Text())
        op.execute(sa.update(sa.table(table, status)).where(status == "UNKNOWN").values(status="PAUSED"))
        _allow(table, KNOWN)


def _allow(table: str, values: str) -> None:
    name = op.f(f"ck_{table}_status")
    op.drop_constraint(name, table, type_="check")
    op.create_check_constraint(name, table, f"status IN ({values})")
