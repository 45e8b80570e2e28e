"""Which versions the platform answers in instead of the asked one, as syncs have noted it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from datetime import datetime

    from app.database.driver import Driver


class VersionUpgrade(NamedTuple):
    """`sentence` names both versions; `connections` are those that it was said to."""

    sentence: str
    connections: int
    since: datetime
    last_seen_at: datetime


_LIST = """
SELECT sentence,
       count(DISTINCT connection_id) AS connections,
       min(first_seen_at) AS since,
       max(last_seen_at) AS last_seen_at
FROM sync_warnings
WHERE starts_with(sentence, $1)
GROUP BY sentence
ORDER BY last_seen_at DESC, sentence
LIMIT 1
"""


async def find_version_upgrade(driver: Driver, *, begins: str) -> VersionUpgrade | None:
    """The newest of all sellers, of the warnings that begin so."""
    row = await driver.fetchrow(_LIST, begins)
    return None if row is None else VersionUpgrade(*row)
