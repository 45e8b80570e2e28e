"""Everything that migrations make, as lines of text, so that two databases can be compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.database.driver import Driver

# `alembic_version` is alembic's own.
_OUTLINE = """
WITH ours AS (
    SELECT oid, relname, relkind, relacl, relrowsecurity, reloptions, relpartbound
    FROM pg_class
    WHERE relnamespace = 'public'::regnamespace
      AND relname NOT LIKE 'alembic_version%'
)
SELECT format('%s %s %s %s %s', relkind, relname, relrowsecurity, reloptions, pg_get_expr(relpartbound, oid))
FROM ours
UNION ALL
SELECT format('%s.%s %s %s', relname, attname, format_type(atttypid, atttypmod), attnotnull)
FROM ours
JOIN pg_attribute ON attrelid = ours.oid AND attnum > 0 AND NOT attisdropped
UNION ALL
SELECT format('%s %s', conname, pg_get_constraintdef(c.oid))
FROM ours
JOIN pg_constraint c ON conrelid = ours.oid
UNION ALL
SELECT indexdef
FROM pg_indexes
WHERE schemaname = 'public'
  AND tablename <> 'alembic_version'
UNION ALL
SELECT format('%s on %s for %s to %s using %s check %s', policyname, tablename, cmd, roles, qual, with_check)
FROM pg_policies
UNION ALL
SELECT format('grant %s on %s to %s', privilege_type, relname, grantee::regrole)
FROM ours
CROSS JOIN LATERAL aclexplode(relacl)
WHERE grantee::regrole::text <> 'pixecom_owner'
UNION ALL
SELECT format('grant %s on %s.%s to %s', privilege_type, relname, attname, grantee::regrole)
FROM ours
JOIN pg_attribute ON attrelid = ours.oid
CROSS JOIN LATERAL aclexplode(attacl)
UNION ALL
SELECT format('grant %s on schema public to %s', privilege_type, grantee::regrole)
FROM pg_namespace
CROSS JOIN LATERAL aclexplode(nspacl)
WHERE nspname = 'public'
  AND grantee::regrole::text LIKE 'pixecom%'
UNION ALL
SELECT format('%s %s', pg_get_functiondef(oid), proacl)
FROM pg_proc
WHERE pronamespace = 'public'::regnamespace
ORDER BY 1
"""


async def outline(driver: Driver) -> list[str]:
    return [row[0] for row in await driver.fetch(_OUTLINE)]
