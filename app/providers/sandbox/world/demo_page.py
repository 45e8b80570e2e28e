"""The demo page: some hundred posts and numbers of every metric, the same on every machine.

Posts run on past the day on which the story is anchored, so that a sandbox that stays up gets new ones.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from hashlib import blake2b
from typing import TYPE_CHECKING

from app.providers.sandbox.world.page_dataset import Page, Post
from app.providers.sandbox.world.page_metrics import PAGE_METRICS, POST_METRICS

if TYPE_CHECKING:
    from collections.abc import Mapping

DEMO_PAGE_ID = "1090000000000001"
DEMO_PAGE_ACCESS_TOKEN = "sandbox-demo-page"  # noqa: S105  # opens nothing but the sandbox
DEMO_PAGE_LIKES = 12_500

HISTORY_DAYS = 300
_DAYS_AHEAD = 60
_HALF_LIFE_HOURS = 24
_MESSAGES = (
    "New in: light linen for warm days.",
    "Free delivery this weekend only.",
    None,
    "Behind the scenes at our workshop.",
    "Which colour would you wear?\nTell us below.",
    "Back in stock: the bag you asked for ✨",
    "Tuần này giảm giá đến 30%, chỉ có trên trang.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratedPageNumbers:
    """Fixed for every metric, day and post by a seed. A post's lifetime numbers grow from its first hour on."""

    seed: str
    likes: int
    first_day: date

    def page_value(self, metric: str, day: date) -> int | Mapping[str, int] | None:
        if day < self.first_day:
            return None
        known = PAGE_METRICS[metric]
        if not known.sums:
            return self.likes + 3 * (day - self.first_day).days
        return self._draw(self.likes * known.scale // 1000, metric, day.isoformat())

    def post_value(self, metric: str, post: Post, at: datetime) -> int | Mapping[str, int] | None:
        known = POST_METRICS[metric]
        hours = int((at - post.created_at).total_seconds()) // 3600
        if not known.types:
            return self._grown(self.likes * known.scale // 1000, hours, metric, post.id)
        share = self.likes * known.scale // (1000 * len(known.types))
        counts = {name: self._grown(share, hours, metric, post.id, name) for name in known.types}
        return {name: count for name, count in counts.items() if count}

    def _grown(self, usual: int, hours: int, *what: str) -> int:
        return self._draw(usual, *what) * hours // (hours + _HALF_LIFE_HOURS)

    def _draw(self, usual: int, *what: str) -> int:
        """Between half of the usual and half as much again."""
        digest = blake2b(":".join((self.seed, *what)).encode(), digest_size=4).digest()
        return usual * (500 + int.from_bytes(digest) % 1001) // 1000


def build_demo_page(today: date, *, user_token: str) -> Page:
    """The page as it stands on `today`, managed by the user with that token."""
    return generate_page(
        Page(
            id=DEMO_PAGE_ID,
            name="Sandbox demo store",
            access_token=DEMO_PAGE_ACCESS_TOKEN,
            user_token=user_token,
            likes=DEMO_PAGE_LIKES,
        ),
        today=today,
        seed="demo",
    )


def generate_page(page: Page, *, today: date, seed: str, history_days: int = HISTORY_DAYS) -> Page:
    """The page with a post a day (two on every fifth) from `history_days` before `today`, and with numbers."""
    first_day = today - timedelta(days=history_days)
    begin = datetime.combine(first_day, time(hour=9), tzinfo=UTC)
    moments = [
        begin + timedelta(days=day, hours=hours, minutes=7 * day % 60)
        for day in range(history_days + _DAYS_AHEAD)
        for hours in ((0, 8) if day % 5 == 0 else (0,))
    ]
    posts = tuple(
        Post(
            id=f"{page.id}_{122_000_000_000_000 + number}",
            created_at=moment,
            message=_MESSAGES[number % len(_MESSAGES)],
        )
        for number, moment in enumerate(moments, start=1)
    )
    numbers = GeneratedPageNumbers(seed=seed, likes=page.likes, first_day=first_day)
    return replace(page, posts=posts, numbers=numbers)
