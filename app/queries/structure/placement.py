"""Where ad sets and ads stand as far as we know: the platform's ids of their parents."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from app.database.driver import Driver
    from app.queries.connections.connections import Connection

_ADSETS = """
SELECT adsets.external_id, campaigns.external_id, NULL
FROM adsets
JOIN campaigns ON campaigns.seller_id = $1
              AND campaigns.id = adsets.campaign_id
WHERE adsets.seller_id = $1
  AND adsets.account_id = $2
  AND adsets.external_id = ANY($3::text[])
"""

_ADS = """
SELECT ads.external_id, campaigns.external_id, adsets.external_id
FROM ads
JOIN adsets ON adsets.seller_id = $1
           AND adsets.id = ads.adset_id
JOIN campaigns ON campaigns.seller_id = $1
              AND campaigns.id = ads.campaign_id
WHERE ads.seller_id = $1
  AND ads.account_id = $2
  AND ads.external_id = ANY($3::text[])
"""


class Place(NamedTuple):
    """The platform's ids of a campaign, and of an ad set where it is an ad's place."""

    campaign: str
    adset: str | None


async def find_adset_places(
    driver: Driver, connection: Connection, external_ids: Collection[str]
) -> Mapping[str, Place]:
    """By the platform's ids of ad sets that we know."""
    return await _find(driver, connection, _ADSETS, external_ids)


async def find_ad_places(driver: Driver, connection: Connection, external_ids: Collection[str]) -> Mapping[str, Place]:
    """By the platform's ids of ads that we know."""
    return await _find(driver, connection, _ADS, external_ids)


async def _find(
    driver: Driver, connection: Connection, query: str, external_ids: Collection[str]
) -> Mapping[str, Place]:
    if not external_ids:
        return {}
    rows = await driver.fetch(query, connection.seller_id, connection.id, list(external_ids))
    return {row[0]: Place(row[1], row[2]) for row in rows}
