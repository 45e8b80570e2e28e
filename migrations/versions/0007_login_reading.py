"""The system role may read the trail of logins, for operators.

Revision ID: 0007
Revises: 0006
"""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

SYSTEM = "pixecom_system"
COLUMNS = "id, created_at, outcome, account_digest, address, user_id, seller_id"


def upgrade() -> None:
    op.execute(f"CREATE POLICY system_reads ON login_events FOR SELECT TO {SYSTEM} USING (true)")
    op.execute(f"GRANT SELECT ({COLUMNS}) ON login_events TO {SYSTEM}")


def downgrade() -> None:
    op.execute(f"REVOKE ALL ON login_events FROM {SYSTEM}")
    op.execute("DROP POLICY system_reads ON login_events")
