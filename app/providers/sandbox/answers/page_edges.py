"""Pages and posts as nodes and lists: a user's pages with their tokens, a page, its posts, a post.

Only a page's own token reads its posts and numbers; a user's token sees the page itself and gets that token.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING

from app import clock
from app.providers.sandbox.answers.field_names import PAGE_FIELDS, POST_FIELDS
from app.providers.sandbox.answers.fields import parse_fields, pick
from app.providers.sandbox.answers.paging import take_page
from app.providers.sandbox.errors import bad_parameter, unknown_field

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from app.providers.sandbox.answers.fields import AskedField
    from app.providers.sandbox.call import GraphCall
    from app.providers.sandbox.world.page_dataset import Page, Post

POST_EDGES = frozenset({"posts", "published_posts"})
_OF_ACCOUNTS = ("access_token", "category", "category_list", "name", "id", "tasks")
_TASKS = ["ADVERTISE", "ANALYZE", "CREATE_CONTENT", "MESSAGING", "MODERATE", "MANAGE"]


def list_pages(call: GraphCall, pages: Sequence[Page], token_of: Callable[[Page], str]) -> Mapping[str, object]:
    """`me/accounts`."""
    places = {page.id: (position,) for position, page in enumerate(pages)}
    taken = take_page(call, pages, lambda page: places[page.id])
    body: dict[str, object] = {
        "data": [render_page(call, page, token_of(page), _OF_ACCOUNTS) for page in pages[taken.rows]]
    }
    return body if taken.paging is None else body | {"paging": taken.paging}


def render_page(
    call: GraphCall,
    page: Page,
    token: str,
    usual: Sequence[str] = ("name", "id"),
) -> Mapping[str, object]:
    """The page's node with the token that it has now; `usual` are the fields of a call that names none."""
    asked = parse_fields(call.params.get("fields"), usual)
    _check(asked, PAGE_FIELDS, "Page")
    values: dict[str, object] = {
        "name": page.name,
        "access_token": token,
        "category": page.category,
        "category_list": [{"id": "2209", "name": page.category}],
        "fan_count": page.likes,
        "followers_count": page.likes,
        "link": f"https://www.facebook.com/{page.id}",
        "tasks": _TASKS,
        "is_published": True,
    }
    return pick(asked, values) | {"id": page.id}


def list_posts(call: GraphCall, page: Page) -> Mapping[str, object]:
    """The posts that are there by now, the newest first; `since` and `until` look at when they were made."""
    since, until = _instant(call, "since"), _instant(call, "until")
    now = clock.now()
    posts = [
        post
        for post in page.posts
        if post.created_at <= now
        and (since is None or post.created_at >= since)
        and (until is None or post.created_at <= until)
    ]
    posts.sort(key=_key)
    taken = take_page(call, posts, _key)
    body: dict[str, object] = {"data": [render_post(call, page, post) for post in posts[taken.rows]]}
    return body if taken.paging is None else body | {"paging": taken.paging}


def render_post(call: GraphCall, page: Page, post: Post) -> Mapping[str, object]:
    asked = parse_fields(call.params.get("fields"), ("created_time", "message", "id"))
    _check(asked, POST_FIELDS, "PagePost")
    created = post.created_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S%z")
    values: dict[str, object] = {
        "created_time": created,
        "updated_time": created,
        "permalink_url": post.permalink_url,
        "is_published": True,
        "from": {"name": page.name, "id": page.id},
        "status_type": "mobile_status_update",
    }
    if post.message is not None:
        values["message"] = post.message
    return pick(asked, values) | {"id": post.id}


def _check(asked: Sequence[AskedField], known: frozenset[str], node_type: str) -> None:
    for each in asked:
        if each.name not in known:
            raise unknown_field(each.name, node_type)


def _key(post: Post) -> tuple[int, ...]:
    """Newest first; a cursor names a post's own place, so that new posts shift nothing."""
    return -int(post.created_at.timestamp()), int(post.id.rpartition("_")[2])


def _instant(call: GraphCall, name: str) -> datetime | None:
    text = call.params.get(name)
    if not text:
        return None
    try:
        if text.isascii() and text.isdigit():
            return datetime.fromtimestamp(int(text), UTC)
        return datetime.combine(date.fromisoformat(text[:10]), time(), tzinfo=UTC)
    except (ValueError, OverflowError, OSError):
        raise bad_parameter(f"Param {name} must be a date or a Unix timestamp") from None
