"""Row-level security and what each role is granted.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

APP = "pixecom_app"
SYSTEM = "pixecom_system"

SELLER = "(SELECT nullif(current_setting('app.seller_id', true), '')::uuid)"
USER = "(SELECT nullif(current_setting('app.user_id', true), '')::uuid)"
WORK = "(SELECT current_setting('app.scope', true)) = 'work'"
LOGIN = "(SELECT current_setting('app.login_email', true))"

TENANT_TABLES = (
    "ad_stats_daily",
    "ad_stats_raw",
    "ad_strategies",
    "ads",
    "adsets",
    "audit_events",
    "campaigns",
    "fb_connections",
    "idempotent_requests",
    "memberships",
    "mock_statuses",
    "page_stats_daily",
    "refresh_tokens",
    "sellpage_stats_daily",
    "sellpages",
    "stats_fetches",
)
WORK_TABLES = ("jobs", "sync_run_jobs", "sync_runs")

POLICIES = {
    **dict.fromkeys(TENANT_TABLES, ("tenant_isolation", f"seller_id = {SELLER}")),
    **dict.fromkeys(WORK_TABLES, ("work_isolation", f"seller_id = {SELLER} OR {WORK}")),
    "sellers": ("seller_isolation", f"id = {SELLER}"),
    "users": ("user_isolation", f"id = {USER}"),
    "login_emails": ("login_isolation", f"email = {LOGIN}"),
}

# Snapshots and audit events are never changed once written; the database itself refuses.
APPEND_ONLY = ("ad_stats_raw", "audit_events")
# Derived or spent rows; everything else is archived, never deleted.
DELETABLE = ("idempotent_requests", "jobs", "sellpage_stats_daily", "sync_run_jobs", "sync_runs", "ticks")

SYSTEM_READABLE = {
    "sellers": ("id", "slug", "name", "time_zone", "currency", "is_active", "created_at"),
    "memberships": ("seller_id", "user_id", "role", "created_at"),
    "fb_connections": (
        "seller_id",
        "id",
        "kind",
        "provider",
        "external_id",
        "time_zone",
        "is_active",
        "health",
        "backfill_requested_at",
        "structure_synced_at",
        "delivery_synced_at",
        "created_at",
    ),
}


def upgrade() -> None:
    for table, (name, condition) in POLICIES.items():
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY {name} ON {table} USING ({condition})")
    op.execute(f"GRANT USAGE ON SCHEMA public TO {APP}, {SYSTEM}")
    for table in (*POLICIES, "ticks"):
        verbs = "SELECT, INSERT" if table in APPEND_ONLY else "SELECT, INSERT, UPDATE"
        op.execute(f"GRANT {verbs} ON {table} TO {APP}")
    for table in DELETABLE:
        op.execute(f"GRANT DELETE ON {table} TO {APP}")
    for table, columns in SYSTEM_READABLE.items():
        op.execute(f"CREATE POLICY system_reads ON {table} FOR SELECT TO {SYSTEM} USING (true)")
        op.execute(f"GRANT SELECT ({', '.join(columns)}) ON {table} TO {SYSTEM}")


def downgrade() -> None:
    for table in SYSTEM_READABLE:
        op.execute(f"REVOKE ALL ON {table} FROM {SYSTEM}")
        op.execute(f"DROP POLICY system_reads ON {table}")
    for table in (*POLICIES, "ticks"):
        op.execute(f"REVOKE ALL ON {table} FROM {APP}")
    for table, (name, _) in POLICIES.items():
        op.execute(f"DROP POLICY {name} ON {table}")
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    op.execute(f"REVOKE USAGE ON SCHEMA public FROM {APP}, {SYSTEM}")
