"""Meta's insights as bytes in memory, in a process of their own: a page costs the server nothing but sending it.

    python -m tests.benchmarks.insight_pages PORT CAMPAIGNS ADSETS ADS

GET /v26.0/act_<number>/insights answers as the Graph API does, for every account the same tree: ad set `<number>001002`
is the third of the second campaign of account <number>. POST /turn moves the numbers of every fifth ad of the newest
day asked for, another fifth each time. Pages are made when they are first asked for, and kept.
"""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl

import orjson
import uvicorn

from app.embedded.ports import LOOPBACK
from app.metrics.levels import Level

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, MutableMapping

    Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
    Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

MOVED = 5  # of so many ads, one has other numbers each turn
JSON = [(b"content-type", b"application/json")]


class Shape(NamedTuple):
    """How many campaigns an account has, ad sets a campaign, ads an ad set."""

    campaigns: int
    adsets: int
    ads: int

    @property
    def total_ads(self) -> int:
        return self.campaigns * self.adsets * self.ads


class Place(NamedTuple):
    """An entity of account `number` by its place in the tree; None below its level."""

    number: str
    campaign: int | None = None
    adset: int | None = None
    ad: int | None = None

    @property
    def id(self) -> str:
        parts = (f"{part:03}" for part in (self.campaign, self.adset, self.ad) if part is not None)
        return self.number + "".join(parts)

    @property
    def name(self) -> str:
        return f"Spring sale {self.id}, wide audience"


def list_places(shape: Shape, number: str, level: Level) -> Iterator[Place]:
    """The entities of a level."""
    if level is Level.ACCOUNT:
        yield Place(number)
        return
    for campaign in range(shape.campaigns):
        if level is Level.CAMPAIGN:
            yield Place(number, campaign)
            continue
        for adset in range(shape.adsets):
            if level is Level.ADSET:
                yield Place(number, campaign, adset)
                continue
            for ad in range(shape.ads):
                yield Place(number, campaign, adset, ad)


def _row(place: Place, level: Level, day: date, *, seed: int, moves: int) -> dict[str, object]:
    """As Meta sends it: numbers as text, the same event under several action types."""
    impressions = 900 + seed * 37 % 5000 + 13 * moves
    clicks, views = impressions // 40, impressions // 50
    purchases = views // 9
    counts = {
        "link_click": clicks,
        "landing_page_view": views,
        "post_engagement": clicks + 7,
        "omni_view_content": views,
        "view_content": views,
        "offsite_conversion.fb_pixel_view_content": views,
        "omni_add_to_cart": views // 3,
        "add_to_cart": views // 3,
        "omni_initiated_checkout": views // 5,
        "initiate_checkout": views // 5,
        "omni_purchase": purchases,
        "purchase": purchases,
        "offsite_conversion.fb_pixel_purchase": purchases,
    }
    value = f"{purchases * 41 + seed % 90}.{seed % 100:02}"
    row: dict[str, object] = {
        "date_start": day.isoformat(),
        "date_stop": day.isoformat(),
        "spend": f"{impressions // 70}.{impressions % 100:02}",
        "impressions": str(impressions),
        "inline_link_clicks": str(clicks),
        "actions": [{"action_type": name, "value": str(count)} for name, count in counts.items()],
        "action_values": [
            {"action_type": name, "value": value} for name in ("omni_purchase", "purchase", "omni_add_to_cart")
        ],
        "attribution_setting": "7d_click_1d_view",
        "cpm": "14.285714",
        "ctr": "2.5",
        "cpc": "0.571428",
        "account_currency": "USD",
    }
    if level is Level.ACCOUNT:
        return {"account_id": place.id, "account_name": place.name, **row}
    chain = {"campaign": Place(place.number, place.campaign)}
    if level >= Level.ADSET:
        chain["adset"] = Place(place.number, place.campaign, place.adset)
    if level is Level.AD:
        chain["ad"] = place
    for kind, each in chain.items():
        row[f"{kind}_id"], row[f"{kind}_name"] = each.id, each.name
    return row


@dataclass(slots=True)
class InsightPages:
    """An ASGI application."""

    shape: Shape
    turn: int = 0
    kept: dict[tuple[str, str, str, int], list[bytes]] = field(
        default_factory=dict[tuple[str, str, str, int], list[bytes]]
    )

    async def __call__(self, scope: MutableMapping[str, Any], _receive: Receive, send: Send, /) -> None:
        assert scope["type"] == "http"
        body = self._answer(scope["method"], scope["path"], dict(parse_qsl(scope["query_string"].decode())))
        await send({"type": "http.response.start", "status": 200, "headers": JSON})
        await send({"type": "http.response.body", "body": body})

    def _answer(self, method: str, path: str, params: dict[str, str]) -> bytes:
        if method == "POST":
            self.turn += 1
            self.kept.clear()
            return b"{}"
        if not path.endswith("/insights"):
            return b"{}"
        key = (path.partition("act_")[2].partition("/")[0], params["level"], params["time_range"], int(params["limit"]))
        pages = self.kept.get(key) or self.kept.setdefault(key, list(self._pages(*key)))
        return pages[int(params.get("after", "0"))]

    def _pages(self, number: str, level: str, time_range: str, limit: int) -> Iterator[bytes]:
        rows = list(self._rows(number, Level[level.upper()], orjson.loads(time_range)))
        count = max(1, -(-len(rows) // limit))
        for place in range(count):
            following = {"next": "https://graph.example/next"} if place + 1 < count else {}
            paging = {"cursors": {"before": str(place), "after": str(place + 1)}, **following}
            yield orjson.dumps({"data": rows[place * limit : (place + 1) * limit], "paging": paging})

    def _rows(self, number: str, level: Level, days: dict[str, str]) -> Iterator[dict[str, object]]:
        first, last = date.fromisoformat(days["since"]), date.fromisoformat(days["until"])
        for seed, place in enumerate(list_places(self.shape, number, level)):
            moves = (self.turn + seed) // MOVED if level is Level.AD else self.turn
            for back in range((last - first).days + 1):
                day = first + timedelta(days=back)
                yield _row(place, level, day, seed=seed + day.toordinal(), moves=moves if day == last else 0)


def main() -> None:
    port, *shape = (int(argument) for argument in sys.argv[1:])
    config = uvicorn.Config(
        InsightPages(Shape(*shape)), host=LOOPBACK, port=port, log_config=None, access_log=False, lifespan="off"
    )
    asyncio.run(uvicorn.Server(config).serve())


if __name__ == "__main__":
    main()
