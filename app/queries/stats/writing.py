"""Statistics on their way in: fetch log, raw snapshots, daily rows and the sellpage roll-up, in bulk statements.

One call writes whole days of one account and level. A fetch that is older than what the fetch log knows of a day
changes nothing; a snapshot equal to the newest one stores no row; an entity that the platform no longer names for a
day has nothing there any more, and that too is a snapshot.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import orjson

from app.metrics import expressions
from app.metrics.counters import Counters
from app.queries.days.day_currencies import is_other, of_daily_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date, datetime
    from uuid import UUID

    from app.database.driver import Driver
    from app.metrics.levels import Level
    from app.queries.connections.connections import Connection

_NAMES = ", ".join(Counters._fields)
_OLD = ", ".join(f"old.{name}" for name in Counters._fields)
_EXCLUDED = ", ".join(f"excluded.{name}" for name in Counters._fields)
# A counter that the fetch does not know stays as it is; what the platform no longer names has nothing there.
_NEW_VALUES = ", ".join(
    f"CASE WHEN new.entity_id IS NULL THEN 0 ELSE coalesce(new.{name}, old.{name}, 0) END" for name in Counters._fields
)
_NEW = ",\n         ".join(
    f"CASE WHEN new.entity_id IS NULL THEN 0 ELSE coalesce(new.{name}, old.{name}, 0) END AS {name}"
    for name in Counters._fields
)
_ASSIGN_CHANGED = ",\n    ".join(f"{name} = changed.{name}" for name in Counters._fields)
_ASSIGN = ",\n    ".join(f"{name} = excluded.{name}" for name in Counters._fields)


def _array_of(place: int, kind: str) -> str:
    """A column that travels as an array's text, which is much cheaper to make than what asyncpg makes of a list.

    Under a SELECT of its own it is read once; otherwise the planner reads it too, to count its items.
    """
    return f"(SELECT ${place}::text)::{kind}[]"


_FIRST_COUNTER = 11
_FIRST_KEPT = _FIRST_COUNTER + len(Counters._fields)
_ARRAYS = ", ".join(_array_of(place, "bigint") for place in range(_FIRST_COUNTER, _FIRST_KEPT))
_KEPT = f"${_FIRST_KEPT}::uuid[], ${_FIRST_KEPT + 1}::date[]"


class Snapshots(NamedTuple):
    """Entities' days as a fetch saw them, column by column: each of as many values."""

    entity_ids: Sequence[UUID]
    stat_dates: Sequence[date]
    counters: Sequence[Sequence[int | None]]
    """In the order of Counters; None: not known, what is stored stays."""
    reported_ratios: Sequence[str | None]
    """JSON of an object; None of a row without any."""
    attribution_settings: Sequence[str | None]
    kept: Sequence[tuple[UUID | None, date]] = ()
    """Entities and days that may be missing though the platform has them: what is stored stays. None: any entity."""


# Days whose content is what the last write of them left. The hash of one says nothing of its currency, which is known
# to be the account's where none is marked and the fetch tells none.
_LOG_UNCHANGED = f"""
UPDATE stats_fetches AS old
SET fetched_at = $6
FROM (
  SELECT log.stat_date
  FROM unnest($4::date[], $5::bytea[]) AS new (stat_date, content_hash)
  JOIN stats_fetches AS log ON log.seller_id = $1
                           AND log.account_id = $2
                           AND log.level = $3
                           AND log.stat_date = new.stat_date
                           AND log.content_hash = new.content_hash
                           AND log.fetched_at < $6
  WHERE NOT {is_other("log.account_id", "log.level", "log.stat_date")}
  ORDER BY log.stat_date
  FOR NO KEY UPDATE OF log
) AS unchanged
WHERE old.seller_id = $1
  AND old.account_id = $2
  AND old.level = $3
  AND old.stat_date = unchanged.stat_date
RETURNING old.stat_date
"""

_LOG_FETCH = """
INSERT INTO stats_fetches AS old (seller_id, account_id, level, stat_date, first_fetched_at, fetched_at)
SELECT $1, $2, $3, stat_date, $5, $5
FROM unnest($4::date[]) AS stat_date
ORDER BY stat_date
ON CONFLICT (seller_id, account_id, level, stat_date) DO UPDATE
SET fetched_at = excluded.fetched_at
WHERE old.fetched_at < excluded.fetched_at
RETURNING stat_date
"""

# Where the currency of a day is another one than before, what was fetched earlier stays marked with that one.
_NOTE_CONTENT = """
WITH new AS (
  SELECT days.stat_date, days.currency,
         CASE WHEN days.currency = accounts.currency THEN days.content_hash END AS content_hash,
         accounts.currency AS usual,
         coalesce(other.currency, accounts.currency) AS known
  FROM unnest($4::date[], $5::bytea[], $6::text[]) AS days (stat_date, content_hash, currency)
  JOIN fb_connections AS accounts ON accounts.seller_id = $1
                                 AND accounts.id = $2
  LEFT JOIN day_currencies AS other ON other.seller_id = $1
                                   AND other.account_id = $2
                                   AND other.level = $3
                                   AND other.stat_date = days.stat_date
                                   AND other.fetched_before = 'infinity'
),
moved AS (
  SELECT stat_date, currency, usual, known
  FROM new
  WHERE currency <> known
),
past AS (
  INSERT INTO day_currencies (seller_id, account_id, level, stat_date, fetched_before, currency)
  SELECT $1, $2, $3, moved.stat_date, $7::timestamptz, moved.known
  FROM moved
  JOIN stats_fetches AS log ON log.seller_id = $1
                           AND log.account_id = $2
                           AND log.level = $3
                           AND log.stat_date = moved.stat_date
                           AND log.first_fetched_at < $7
  ON CONFLICT (seller_id, account_id, level, stat_date, fetched_before) DO NOTHING
),
unmarked AS (
  DELETE FROM day_currencies AS other
  USING moved
  WHERE other.seller_id = $1
    AND other.account_id = $2
    AND other.level = $3
    AND other.stat_date = moved.stat_date
    AND other.fetched_before = 'infinity'
    AND moved.currency = moved.usual
),
marked AS (
  INSERT INTO day_currencies (seller_id, account_id, level, stat_date, fetched_before, currency)
  SELECT $1, $2, $3, stat_date, 'infinity', currency
  FROM moved
  WHERE currency <> usual
  ON CONFLICT (seller_id, account_id, level, stat_date, fetched_before) DO UPDATE
  SET currency = excluded.currency
),
logged AS (
  UPDATE stats_fetches AS log
  SET content_hash = new.content_hash
  FROM new
  WHERE log.seller_id = $1
    AND log.account_id = $2
    AND log.level = $3
    AND log.stat_date = new.stat_date
    AND log.content_hash IS DISTINCT FROM new.content_hash
)
SELECT stat_date
FROM moved
"""

# $4 days, $5 fetched_at, $6 oldest day whose snapshots are kept. What is there already is read once, and by its days:
# joined with the rows alone, it would be the seller's whole history.
_WRITE = f"""
WITH changed AS (
  SELECT coalesce(new.entity_id, old.entity_id) AS entity_id,
         coalesce(new.stat_date, old.stat_date) AS stat_date,
         old.entity_id IS NULL AS is_first,
         new.reported_ratios,
         new.attribution_setting,
         {_NEW}
  FROM unnest({_array_of(7, "uuid")}, {_array_of(8, "date")}, {_array_of(9, "text")}, {_array_of(10, "text")},
              {_ARRAYS}) AS new (entity_id, stat_date, reported_ratios, attribution_setting, {_NAMES})
  FULL JOIN (
    SELECT entity_id, stat_date, {_NAMES}
    FROM ad_stats_daily
    WHERE seller_id = $1
      AND level = $3
      AND stat_date = ANY($4::date[])
      AND account_id = $2
  ) AS old ON old.stat_date = new.stat_date
          AND old.entity_id = new.entity_id
  WHERE (old.entity_id IS NULL OR ({_OLD}) IS DISTINCT FROM ({_NEW_VALUES}))
    AND (new.entity_id IS NOT NULL OR NOT EXISTS (
      SELECT FROM unnest({_KEPT}) AS kept (entity_id, stat_date)
      WHERE kept.stat_date = old.stat_date
        AND (kept.entity_id IS NULL OR kept.entity_id = old.entity_id)
    ))
),
raw AS (
  INSERT INTO ad_stats_raw (seller_id, level, entity_id, stat_date, fetched_at, account_id, {_NAMES},
                            reported_ratios, attribution_setting)
  SELECT $1, $3, entity_id, stat_date, $5, $2, {_NAMES}, reported_ratios::jsonb, attribution_setting
  FROM changed
  WHERE stat_date >= $6
),
inserted AS (
  INSERT INTO ad_stats_daily (seller_id, level, stat_date, entity_id, account_id, {_NAMES}, fetched_at)
  SELECT $1, $3, stat_date, entity_id, $2, {_NAMES}, $5
  FROM changed
  WHERE is_first
  ORDER BY stat_date, entity_id
),
updated AS (
  UPDATE ad_stats_daily AS daily
  SET {_ASSIGN_CHANGED},
    fetched_at = $5
  FROM changed
  WHERE NOT changed.is_first
    AND daily.seller_id = $1
    AND daily.level = $3
    AND daily.stat_date = ANY($4::date[])
    AND daily.stat_date = changed.stat_date
    AND daily.entity_id = changed.entity_id
)
SELECT stat_date, count(*) AS changed
FROM changed
GROUP BY stat_date
"""


async def log_unchanged(
    driver: Driver,
    connection: Connection,
    level: Level,
    contents: Mapping[date, bytes | None],
    *,
    fetched_at: datetime,
) -> list[date]:
    """Note that days were fetched whose content hash is the stored one; answers those, of which all is done.

    Not among them: days with another content, or of which not all is known (None), days never written, and days of
    which a newer fetch is known.
    """
    rows = await driver.fetch(
        _LOG_UNCHANGED,
        connection.seller_id,
        connection.id,
        level,
        list(contents),
        list(contents.values()),
        fetched_at,
    )
    return sorted(row["stat_date"] for row in rows)


class DayContent(NamedTuple):
    """What a fetch has told of a day: a hash (None: not all of it could be written), and the currency of its money."""

    content_hash: bytes | None
    currency: str


async def note_contents(
    driver: Driver,
    connection: Connection,
    level: Level,
    contents: Mapping[date, DayContent],
    *,
    fetched_at: datetime,
) -> list[date]:
    """Store what is known of days that this transaction has written; answers those that are in another currency now."""
    rows = await driver.fetch(
        _NOTE_CONTENT,
        connection.seller_id,
        connection.id,
        level,
        list(contents),
        [content.content_hash for content in contents.values()],
        [content.currency for content in contents.values()],
        fetched_at,
    )
    return sorted(row["stat_date"] for row in rows)


async def log_fetch(
    driver: Driver,
    connection: Connection,
    level: Level,
    days: Sequence[date],
    *,
    fetched_at: datetime,
) -> list[date]:
    """Note that these days were fetched; answers those for which no newer fetch is known already.

    Until we commit, those days are ours: other fetches of them, and repairs, wait.
    """
    rows = await driver.fetch(_LOG_FETCH, connection.seller_id, connection.id, level, list(days), fetched_at)
    return sorted(row["stat_date"] for row in rows)


async def write_snapshots(
    driver: Driver,
    connection: Connection,
    level: Level,
    days: Sequence[date],
    snapshots: Snapshots,
    *,
    fetched_at: datetime,
    keep_raw_from: date,
) -> Mapping[date, int]:
    """Write whole days, raw and daily; answers how many daily rows changed, by day.

    All snapshots lie in `days`, an entity's at most once a day.
    """
    rows = await driver.fetch(
        _WRITE,
        connection.seller_id,
        connection.id,
        level,
        list(days),
        fetched_at,
        keep_raw_from,
        _array(map(str, snapshots.entity_ids)),
        _json_array(snapshots.stat_dates),
        _json_array(snapshots.reported_ratios),
        _text_array(snapshots.attribution_settings),
        *map(_json_array, snapshots.counters),
        [entity_id for entity_id, _ in snapshots.kept],
        [stat_date for _, stat_date in snapshots.kept],
    )
    return {row["stat_date"]: row["changed"] for row in rows}


def _array(items: Iterable[str]) -> str:
    """PostgreSQL's text of an array whose items need no quotes, or have them."""
    return f"{{{','.join(items)}}}"


def _json_array(values: Sequence[int | None] | Sequence[date] | Sequence[str | None]) -> str:
    """The same of numbers, days or texts of JSON: JSON's own array but for its brackets, and made much faster.

    Of any other text it is another one: in PostgreSQL's arrays a backslash stands for nothing but what follows it.
    """
    return f"{{{orjson.dumps(values)[1:-1].decode()}}}"


def _text_array(values: Sequence[str | None]) -> str:
    quoted = {value: "NULL" if value is None else _quoted(value) for value in set(values)}
    return _array(map(quoted.__getitem__, values))


def _quoted(text: str) -> str:
    """As PostgreSQL's manual says (8.15.6)."""
    escaped = text.replace("\\", r"\\").replace('"', r"\"")
    return f'"{escaped}"'


# One at a time may recompute a sellpage: otherwise two accounts' sums could each miss the other's rows.
_LOCK_SELLPAGES = """
SELECT id
FROM sellpages
WHERE seller_id = $1
  AND id = ANY($2::uuid[])
ORDER BY id
FOR NO KEY UPDATE
"""

_SELLPAGES_OF_ACCOUNT = """
SELECT DISTINCT sellpage_id
FROM campaigns
WHERE seller_id = $1
  AND account_id = $2
  AND sellpage_id IS NOT NULL
"""

_SUMS = expressions.stored_totals("stats")

_ROLL_UP = f"""
WITH fresh AS (
  SELECT stats.stat_date,
         campaigns.sellpage_id,
         coalesce(other.currency, fb_connections.currency) AS currency,
         {_SUMS}
  FROM campaigns
  JOIN fb_connections ON fb_connections.seller_id = $1
                     AND fb_connections.id = campaigns.account_id
  JOIN ad_stats_daily AS stats ON stats.seller_id = $1
                              AND stats.level = 1
                              AND stats.entity_id = campaigns.id
                              AND ($3::date[] IS NULL OR stats.stat_date = ANY($3))
  {of_daily_rows("stats")}
  WHERE campaigns.seller_id = $1
    AND campaigns.sellpage_id = ANY($2::uuid[])
  GROUP BY stats.stat_date, campaigns.sellpage_id, coalesce(other.currency, fb_connections.currency)
),
gone AS (
  DELETE FROM sellpage_stats_daily AS old
  WHERE old.seller_id = $1
    AND old.sellpage_id = ANY($2::uuid[])
    AND old.ad_source = 'META'
    AND ($3::date[] IS NULL OR old.stat_date = ANY($3))
    AND NOT EXISTS (
      SELECT FROM fresh
      WHERE fresh.stat_date = old.stat_date
        AND fresh.sellpage_id = old.sellpage_id
        AND fresh.currency = old.currency
    )
  RETURNING 1
),
written AS (
  INSERT INTO sellpage_stats_daily AS old (seller_id, stat_date, sellpage_id, ad_source, currency, {_NAMES})
  SELECT $1, stat_date, sellpage_id, 'META', currency, {_NAMES}
  FROM fresh
  ORDER BY stat_date, sellpage_id
  ON CONFLICT (seller_id, stat_date, sellpage_id, ad_source, currency) DO UPDATE
  SET {_ASSIGN}
  WHERE ({_OLD}) IS DISTINCT FROM ({_EXCLUDED})
  RETURNING 1
)
SELECT (SELECT count(*) FROM written) + (SELECT count(*) FROM gone)
"""


async def list_sellpages_of_account(driver: Driver, connection: Connection) -> list[UUID]:
    """The landing pages that campaigns of an account lead to."""
    rows = await driver.fetch(_SELLPAGES_OF_ACCOUNT, connection.seller_id, connection.id)
    return [row["sellpage_id"] for row in rows]


async def roll_up_sellpages(
    driver: Driver,
    *,
    seller_id: UUID,
    sellpage_ids: Sequence[UUID],
    days: Sequence[date] | None,
) -> int:
    """Make the roll-up of these landing pages and days (None: all) equal to their campaigns' daily rows.

    Waits for any other transaction that does the same; answers how many rows changed.
    """
    if not sellpage_ids or days == []:
        return 0
    await driver.fetch(_LOCK_SELLPAGES, seller_id, list(sellpage_ids))
    return await driver.fetchval(_ROLL_UP, seller_id, list(sellpage_ids), None if days is None else list(days))
