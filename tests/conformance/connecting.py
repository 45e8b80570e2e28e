"""The account that others' connectors sync from the sandbox, how they are run, and what our own client finds there."""

from __future__ import annotations

import os
import subprocess
from contextlib import asynccontextmanager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

import httpx
from pydantic import SecretStr

from app import clock
from app.metrics.counters import Counters
from app.metrics.levels import Level
from app.providers.meta.provider import MetaProvider
from app.providers.sandbox.script.scenario import read_scenario

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from app.providers.contract import InsightRow

HERE = Path(__file__).parent
ACCOUNT, TOKEN = "500", "token-of-500"
DAYS = 5
SCENARIO = read_scenario(
    {
        "accounts": [
            {
                "id": ACCOUNT,
                "campaigns": 3,
                "adsets_per_campaign": 2,
                "ads_per_adset": 5,
                "history_days": DAYS,
                "delivers": 0.9,
            }
        ],
        "reports": [{"running_polls": 0, "full_polls": 0}],
        "restatements": [{"share": 0.1, "seed": 2}],
    },
)
MEANINGS = {
    "content_views": ("omni_view_content", "view_content", "offsite_conversion.fb_pixel_view_content"),
    "add_to_cart": ("omni_add_to_cart", "add_to_cart", "offsite_conversion.fb_pixel_add_to_cart"),
    "checkout_initiated": (
        "omni_initiated_checkout",
        "initiate_checkout",
        "offsite_conversion.fb_pixel_initiate_checkout",
    ),
    "purchases": ("omni_purchase", "purchase", "offsite_conversion.fb_pixel_purchase"),
}
NONE: Mapping[str, str] = MappingProxyType({})
Record = dict[str, Any]  # what a connector prints; its shape is the connector's


def run_connector(program: Path, url: str, *arguments: str, settings: Mapping[str, str] = NONE) -> str:
    """What a connector prints when it takes the sandbox at the URL for Meta; `settings` are environment variables."""
    environment = {
        "PATH": os.environ["PATH"],
        "SANDBOX_URL": url,
        "PYTHONPATH": str(HERE / "sandbox_for_meta"),
        **settings,
    }
    done = subprocess.run(
        [str(program), *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env=environment,
    )
    assert done.returncode == 0, done.stderr[-3000:] + done.stdout[-3000:]
    return done.stdout


@asynccontextmanager
async def our_client(url: str) -> AsyncGenerator[MetaProvider]:
    """Our own Meta client on the same account."""
    async with httpx.AsyncClient() as client:
        yield MetaProvider(
            client,
            graph_url=url,
            api_version="v27.0",
            account_external_id=ACCOUNT,
            access_token=SecretStr(TOKEN),
            page_size=100,
        )


async def our_ad_days(url: str) -> Mapping[tuple[str, str], InsightRow]:
    """What our own client reads of the days before today, by ad and day."""
    today = clock.today_in("UTC")
    async with our_client(url) as meta:
        read = meta.read_insights(Level.AD, today - timedelta(days=DAYS), today - timedelta(days=1))
        rows = {(row.external_id, row.stat_date.isoformat()): row async for page in read for row in page}
    assert 100 < len(rows) < 150, "an ad delivers on nine of ten days"
    return rows


async def our_structure(url: str) -> Mapping[str, AbstractSet[tuple[str, ...]]]:
    """What our own client reads of campaigns, ad sets and ads: ids from the top down, then the name."""
    async with our_client(url) as ours:
        found = {
            "campaigns": {(each.external_id, each.name) async for page in ours.list_campaigns() for each in page},
            "adsets": {
                (each.campaign_external_id or "", each.external_id, each.name)
                async for page in ours.list_adsets()
                for each in page
            },
            "ads": {
                (each.adset_external_id or "", each.external_id, each.name)
                async for page in ours.list_ads()
                for each in page
            },
        }
    assert {level: len(entities) for level, entities in found.items()} == {"campaigns": 3, "adsets": 6, "ads": 30}
    return found


def structure(
    campaigns: Iterable[Record], adsets: Iterable[Record], ads: Iterable[Record]
) -> Mapping[str, AbstractSet[tuple[str, ...]]]:
    """The same of a connector's records."""
    return {
        "campaigns": {(each["id"], each["name"]) for each in campaigns},
        "adsets": {(each["campaign_id"], each["id"], each["name"]) for each in adsets},
        "ads": {(each["adset_id"], each["id"], each["name"]) for each in ads},
    }


def past_ad_days(records: Sequence[Record]) -> Mapping[tuple[str, str], Record]:
    """A connector's records of the days before today; what it read twice must be the same both times."""
    today = clock.today_in("UTC").isoformat()
    found: dict[tuple[str, str], Record] = {}
    for record in records:
        if record["date_start"] < today:
            assert found.setdefault((record["ad_id"], record["date_start"]), record) == record
    return found


def counters(record: Record) -> Counters:
    """Our counters of a connector's record, each meaning by its first type that is there; exact."""

    def first(name: str, types: Sequence[str]) -> Decimal:
        actions = cast("list[dict[str, str | float]]", record.get(name) or [])
        values = {each["action_type"]: Decimal(str(each["value"])) for each in actions}
        return next((values[each] for each in types if each in values), Decimal())

    return Counters(
        spend_micros=int(Decimal(str(record.get("spend") or 0)) * 1_000_000),
        impressions=int(record.get("impressions") or 0),
        link_clicks=int(record.get("inline_link_clicks") or 0),
        **{name: int(first("actions", types)) for name, types in MEANINGS.items()},
        purchase_value_micros=int(first("action_values", MEANINGS["purchases"]) * 1_000_000),
    )
