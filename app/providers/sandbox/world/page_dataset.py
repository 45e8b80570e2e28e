"""The values that pages are made of: a page, its posts, and where its numbers come from.

Days are Pacific ones, as Meta cuts them for pages. A value is a count, or counts by type (clicks, reactions).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

PACIFIC = "America/Los_Angeles"
FEWEST_LIKES = 100
"""Pages with fewer likes have no insights (Meta's documentation of page insights)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """`id` is `{page}_{post}`; a post is not there before `created_at` (UTC)."""

    id: str
    created_at: datetime
    message: str | None = None

    @property
    def permalink_url(self) -> str:
        page_id, _, post_id = self.id.partition("_")
        return f"https://www.facebook.com/{page_id}/posts/{post_id}"


class PageNumbers(Protocol):
    """Where a page's numbers come from. None is a number that isn't, as before the page began."""

    def page_value(self, metric: str, day: date) -> int | Mapping[str, int] | None:
        """A page metric's value of one day."""
        ...

    def post_value(self, metric: str, post: Post, at: datetime) -> int | Mapping[str, int] | None:
        """A post metric's lifetime value at an instant."""
        ...


@dataclass(frozen=True, slots=True)
class RecordedPageNumbers:
    """Numbers that are what they are: by metric and day, and by metric and post id."""

    days: Mapping[tuple[str, date], int | Mapping[str, int]] = field(
        default_factory=dict["tuple[str, date]", "int | Mapping[str, int]"]
    )
    posts: Mapping[tuple[str, str], int | Mapping[str, int]] = field(
        default_factory=dict["tuple[str, str]", "int | Mapping[str, int]"]
    )

    def page_value(self, metric: str, day: date) -> int | Mapping[str, int] | None:
        return self.days.get((metric, day))

    def post_value(self, metric: str, post: Post, at: datetime) -> int | Mapping[str, int] | None:  # noqa: ARG002  # the source's shape
        return self.posts.get((metric, post.id))


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page. `user_token` is the token of the user who manages it, which lists it with its own `access_token`."""

    id: str
    name: str
    access_token: str = field(repr=False)
    user_token: str = field(repr=False)
    posts: tuple[Post, ...] = ()
    numbers: PageNumbers = field(default_factory=RecordedPageNumbers, repr=False)
    likes: int = 2500
    category: str = "Clothing (Brand)"
