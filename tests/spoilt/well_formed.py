"""A well-formed account and page of the sandbox, and what is true of them: every number, every object.

Account N has campaigns N1x, two ad sets N2x in each and two ads N3x in each of these; all ads deliver on three days.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from app import clock
from app.metrics.counters import Counters
from app.metrics.levels import Level
from app.providers.sandbox.world.csv_dataset import RecordedDelivery
from app.providers.sandbox.world.dataset import Account, AdDay, Delivered, Entity, Kind
from app.providers.sandbox.world.page_dataset import PACIFIC, Page, Post, RecordedPageNumbers

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

TODAY = clock.today_in("UTC")
DAYS = tuple(TODAY - timedelta(days=back) for back in (2, 1, 0))
PAGE_DAY = clock.today_in(PACIFIC) - timedelta(days=1)
CREATED = datetime(2026, 1, 2, 17, 30, tzinfo=UTC)
CAMPAIGNS, ADSETS, ADS = 2, 4, 8
LEVELS = {Kind.CAMPAIGN: Level.CAMPAIGN, Kind.ADSET: Level.ADSET, Kind.AD: Level.AD}
PAGE_METRICS = ("page_media_view", "page_follows", "page_views_total")
POST_METRICS = ("post_media_view", "post_reactions_by_type_total")
POSTS = 3


class Cell(NamedTuple):
    """One entity's day at one level."""

    level: Level
    external_id: str
    day: date


class Described(NamedTuple):
    """What is shown of an entity."""

    name: str
    status: str


@dataclass(frozen=True, slots=True)
class Truth:
    """What a seller must see of an account and its page."""

    cells: Mapping[Cell, Counters]
    objects: Mapping[tuple[Level, str], Described]
    parents: Mapping[str, str]
    page: Mapping[tuple[str, str], int]

    def descendants(self, external_id: str) -> set[str]:
        below = {child for child, parent in self.parents.items() if parent == external_id}
        return below.union(*(self.descendants(child) for child in below)) if below else below


def make_account(number: int, *, share: int = 1) -> Account:
    """`share` multiplies what was delivered, for an account whose numbers have moved."""
    return Account(
        id=str(number),
        name=f"Account {number}",
        currency="USD",
        time_zone="UTC",
        access_token=f"token-of-{number}",
        entities=tuple(_entities(number)),
        delivery=RecordedDelivery(
            TODAY - timedelta(days=60), {day: list(_ad_days(number, place, share)) for place, day in enumerate(DAYS)}
        ),
    )


def make_page(number: int) -> Page:
    """A page with a post of each of the last days."""
    now = datetime.now(UTC)
    page_id = f"{number}77"
    return Page(
        id=page_id,
        name=f"Page {number}",
        access_token=f"token-of-page-{number}",
        user_token="token-of-nobody",
        posts=tuple(
            Post(id=f"{page_id}_{place}", created_at=now - timedelta(days=place, hours=1), message=f"Post {place}")
            for place in range(1, POSTS + 1)
        ),
        numbers=RecordedPageNumbers(
            days={(metric, PAGE_DAY): 100 * place + 7 for place, metric in enumerate(PAGE_METRICS, 1)},
            posts={("post_media_view", f"{page_id}_{place}"): 10 * place + number % 7 for place in range(1, POSTS + 1)}
            | {
                ("post_reactions_by_type_total", f"{page_id}_{place}"): {"like": place, "love": 1}
                for place in range(1, POSTS + 1)
            },
        ),
    )


def truth_of(number: int, *, share: int = 1) -> Truth:
    account, page = make_account(number, share=share), make_page(number)
    parents = {entity.id: entity.parent_id for entity in account.entities if entity.parent_id}
    cells: dict[Cell, Counters] = {}
    for place, day in enumerate(DAYS):
        for ad_id, delivered in _ad_days(number, place, share):
            adset_id = parents[ad_id]
            for level, external_id in (
                (Level.AD, ad_id),
                (Level.ADSET, adset_id),
                (Level.CAMPAIGN, parents[adset_id]),
                (Level.ACCOUNT, account.id),
            ):
                cell = Cell(level, external_id, day)
                cells[cell] = cells.get(cell, Counters()).plus(_counters(delivered))
    return Truth(
        cells=cells,
        objects={(LEVELS[each.kind], each.id): Described(each.name, "ACTIVE") for each in account.entities},
        parents=parents,
        page=dict(_page_values(page)),
    )


def _entities(number: int) -> Iterable[Entity]:
    for place in range(CAMPAIGNS):
        yield _entity(Kind.CAMPAIGN, f"{number}1{place}", None, f"Campaign {place}")
    for place in range(ADSETS):
        yield _entity(Kind.ADSET, f"{number}2{place}", f"{number}1{place // 2}", f"Ad set {place}")
    for place in range(ADS):
        yield _entity(Kind.AD, f"{number}3{place}", f"{number}2{place // 2}", f"Ad {place}")


def _entity(kind: Kind, external_id: str, parent: str | None, name: str) -> Entity:
    return Entity(kind=kind, id=external_id, parent_id=parent, name=name, created_at=CREATED)


def _ad_days(number: int, day: int, share: int) -> Iterable[AdDay]:
    for place in range(ADS):
        size = share * (100 + 10 * place + 3 * day + number % 5)
        delivered = Delivered(size * 7, size * 5, size, size - 1, size // 2, size // 3, size // 4, size // 5, size * 11)
        yield AdDay(f"{number}3{place}", delivered)


def _counters(delivered: Delivered) -> Counters:
    return Counters(
        spend_micros=delivered.spend * 10_000,
        impressions=delivered.impressions,
        link_clicks=delivered.link_clicks,
        content_views=delivered.content_views,
        add_to_cart=delivered.add_to_cart,
        checkout_initiated=delivered.checkouts,
        purchases=delivered.purchases,
        purchase_value_micros=delivered.purchase_value * 10_000,
    )


def _page_values(page: Page) -> Iterable[tuple[tuple[str, str], int]]:
    """By the page's or the post's id and the metric."""
    for metric in PAGE_METRICS:
        yield (page.id, metric), _sum(page.numbers.page_value(metric, PAGE_DAY))
    for post in page.posts:
        for metric in POST_METRICS:
            yield (post.id, metric), _sum(page.numbers.post_value(metric, post, CREATED))


def _sum(value: int | Mapping[str, int] | None) -> int:
    return value if isinstance(value, int) else sum((value or {}).values())
