"""The trail of logins.

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

APP = "pixecom_app"
SELLER = "(SELECT nullif(current_setting('app.seller_id', true), '')::uuid)"
LOGIN = "(SELECT current_setting('app.scope', true)) = 'login'"

# A failed login is of no seller: each seller of the user sees it. One that succeeded is of the seller chosen alone.
SEEN = f"""
seller_id = {SELLER}
OR seller_id IS NULL AND user_id IN (SELECT user_id FROM memberships WHERE memberships.seller_id = {SELLER})
"""  # noqa: S608 - only constants are put in

# The app role may delete nothing of the trail by itself; what is younger than 30 days stays, whoever asks.
FORGET = """
CREATE FUNCTION forget_login_events(kept_days integer, at_most integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
DECLARE
  gone integer;
BEGIN
  DELETE FROM login_events
  WHERE id IN (
    SELECT id
    FROM login_events
    WHERE created_at < now() - make_interval(days => greatest(kept_days, 30))
    ORDER BY created_at
    LIMIT at_most
  );
  GET DIAGNOSTICS gone = ROW_COUNT;
  RETURN gone;
END
$$
"""


def upgrade() -> None:
    op.create_table(
        "login_events",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("account_digest", sa.LargeBinary(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("seller_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "outcome IN ('SUCCEEDED', 'WRONG', 'INACTIVE', 'LIMITED')", name=op.f("ck_login_events_outcome")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_login_events_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_events")),
    )
    op.create_index(op.f("ix_login_events_created_at"), "login_events", ["created_at"])
    op.create_index(op.f("ix_login_events_seller_id_created_at"), "login_events", ["seller_id", "created_at"])
    op.create_index(op.f("ix_login_events_user_id_created_at"), "login_events", ["user_id", "created_at"])
    op.execute("ALTER TABLE login_events ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY login_trail_isolation ON login_events USING ({SEEN}) WITH CHECK ({LOGIN})")
    op.execute(f"GRANT SELECT, INSERT ON login_events TO {APP}")
    op.execute(FORGET)
    op.execute("REVOKE ALL ON FUNCTION forget_login_events(integer, integer) FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION forget_login_events(integer, integer) TO {APP}")


def downgrade() -> None:
    op.execute("DROP FUNCTION forget_login_events(integer, integer)")
    op.drop_table("login_events")
