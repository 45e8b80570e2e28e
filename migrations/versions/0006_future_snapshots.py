"""Snapshots of the future: the one change of what is append-only, and only in one direction.

The api may read the schema's revision from here on, to compare it with its own.

Revision ID: 0006
Revises: 0005
"""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

APP = "pixecom_app"

# Runs as the owner, whom no policy holds back, so it names the tenant itself. Of an entity's day the newest becomes
# `latest` and each before it a microsecond less: they keep their order, and their key.
SET_BACK = """
CREATE FUNCTION set_back_future_snapshots(latest timestamptz) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
DECLARE
  seller uuid := nullif(current_setting('app.seller_id', true), '')::uuid;
  changed bigint;
BEGIN
  IF latest NOT BETWEEN clock_timestamp() - interval '1 minute' AND clock_timestamp() THEN
    RAISE EXCEPTION 'snapshots of the future are taken back to now, and to no other time';
  END IF;
  WITH future AS (
    SELECT level, entity_id, stat_date, fetched_at,
           row_number() OVER (PARTITION BY level, entity_id, stat_date ORDER BY fetched_at DESC) - 1 AS later
    FROM ad_stats_raw
    WHERE seller_id = seller
      AND fetched_at > latest
  )
  UPDATE ad_stats_raw AS raw
  SET fetched_at = latest - future.later * interval '1 microsecond'
  FROM future
  WHERE raw.seller_id = seller
    AND raw.level = future.level
    AND raw.entity_id = future.entity_id
    AND raw.stat_date = future.stat_date
    AND raw.fetched_at = future.fetched_at;
  GET DIAGNOSTICS changed = ROW_COUNT;
  RETURN changed;
END
$$
"""


def upgrade() -> None:
    op.execute(SET_BACK)
    op.execute("REVOKE ALL ON FUNCTION set_back_future_snapshots(timestamptz) FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION set_back_future_snapshots(timestamptz) TO {APP}")
    op.execute(f"GRANT SELECT ON alembic_version TO {APP}")


def downgrade() -> None:
    op.execute("REVOKE SELECT ON alembic_version FROM pixecom_app")
    op.execute("DROP FUNCTION set_back_future_snapshots(timestamptz)")
