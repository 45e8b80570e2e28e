"""The digest sees every change, and nothing but changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.authorization.digest import read_digest

if TYPE_CHECKING:
    from tests.authorization.world import Stage


@pytest.mark.parametrize(
    ("statement", "table"),
    [
        ("UPDATE campaigns SET name = name", "campaigns"),
        ("UPDATE ad_stats_raw SET impressions = impressions", "ad_stats_raw"),
        ("INSERT INTO ticks (name, slot, taken_at) VALUES ('digest', now(), now())", "ticks"),
        ("DELETE FROM stale_days", "stale_days"),
    ],
)
async def test_a_change_shows_in_the_digest_of_its_table(stage: Stage, statement: str, table: str) -> None:
    before = await read_digest(stage.world)
    await stage.world.write(statement)
    after = await read_digest(stage.world)
    assert [name for name in after if after[name] != before[name]] == [table]


async def test_a_read_and_a_lock_do_not_show(stage: Stage) -> None:
    before = await read_digest(stage.world)
    await stage.world.write("SELECT name FROM campaigns FOR UPDATE")
    assert await read_digest(stage.world) == before
    assert await read_digest(stage.world, stage.ours.tenant.seller_id) != await read_digest(
        stage.world, stage.theirs.tenant.seller_id
    )
