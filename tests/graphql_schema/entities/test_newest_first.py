"""Without an order the newest come first: by the platform's instant, as an import makes many things known at once."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tests.graphql_schema.small_world import names

if TYPE_CHECKING:
    from tests.graphql_schema.small_world import SmallWorld

PAGE = """
query ($first: Int, $after: String, $last: Int, $before: String) {
  campaigns(first: $first, after: $after, last: $last, before: $before) {
    nodes { name platformCreatedAt }
    pageInfo { startCursor endCursor hasNextPage }
  }
}
"""


async def test_newest_on_the_platform_first_and_what_was_never_said_last(world: SmallWorld) -> None:
    tenant = await world.add_seller("acme")
    account = await tenant.add_account()
    for name, month in (("March", 3), ("Unsaid", None), ("May", 5), ("April", 4)):
        made = None if month is None else datetime(2026, month, 1, tzinfo=UTC)
        await tenant.add_campaign(account, name, platform_created_at=made)

    whole = (await tenant.ask(PAGE))["campaigns"]["nodes"]
    assert names(whole) == ["May", "April", "March", "Unsaid"]
    assert [node["platformCreatedAt"] for node in whole][2:] == ["2026-03-01T00:00:00+00:00", None]

    seen: list[str] = []
    after = None
    while True:
        page = (await tenant.ask(PAGE, first=1, after=after))["campaigns"]
        seen += names(page["nodes"])
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert seen == names(whole)
    before = (await tenant.ask(PAGE, last=2, before=after))["campaigns"]
    assert names(before["nodes"]) == ["April", "March"]


async def test_accounts_that_became_known_later_are_not_listed_as_of_then(world: SmallWorld) -> None:
    tenant = await world.add_seller("acme")
    now, later = await tenant.add_account(name="Old"), await tenant.add_account(name="New")
    await world.write("UPDATE fb_connections SET created_at = now() WHERE id = $1", later)
    await world.write("UPDATE fb_connections SET created_at = now() - interval '9 days' WHERE id = $1", now)

    document = "query ($asOf: DateTime) { adAccounts(asOf: $asOf) { totalCount nodes { name } } }"
    then = await world.read("SELECT now() - interval '1 day'")
    found = (await tenant.ask(document, asOf=then.isoformat()))["adAccounts"]
    everything = (await tenant.ask(document))["adAccounts"]

    assert (found["totalCount"], names(found["nodes"])) == (1, ["Old"])
    assert (everything["totalCount"], names(everything["nodes"])) == (2, ["New", "Old"])
