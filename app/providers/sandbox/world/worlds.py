"""The worlds that can be served: the demo account, an account read from a CSV data set, or several together."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from app import clock
from app.errors import SetupError
from app.providers.sandbox.world.csv_dataset import (
    CSV_ACCESS_TOKEN,
    CSV_ACCOUNT_ID,
    CSV_CURRENCY,
    CSV_TIME_ZONE,
    read_csv_account,
)
from app.providers.sandbox.world.demo_dataset import (
    DEMO_ACCESS_TOKEN,
    DEMO_ACCOUNT_ID,
    DEMO_CURRENCY,
    DEMO_TIME_ZONE,
    build_demo_account,
)
from app.providers.sandbox.world.demo_page import DEMO_PAGE_ACCESS_TOKEN, DEMO_PAGE_ID, build_demo_page

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from app.providers.sandbox.world.dataset import Account
    from app.providers.sandbox.world.page_dataset import Page

__all__ = [
    "CSV_ACCESS_TOKEN",
    "CSV_ACCOUNT_ID",
    "CSV_CURRENCY",
    "CSV_TIME_ZONE",
    "DEMO_ACCESS_TOKEN",
    "DEMO_ACCOUNT_ID",
    "DEMO_CURRENCY",
    "DEMO_PAGE_ACCESS_TOKEN",
    "DEMO_PAGE_ID",
    "DEMO_TIME_ZONE",
    "SANDBOX_APP_ID",
    "World",
    "csv_world",
    "demo_world",
]


SANDBOX_APP_ID = "1020000000000001"


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What a sandbox serves. With an `app_secret` every call must carry a right appsecret_proof.

    A token sees the accounts and pages that name it and no others. No id may occur twice in a world.
    """

    accounts: tuple[Account, ...]
    pages: tuple[Page, ...] = ()
    app_id: str = SANDBOX_APP_ID
    app_secret: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        seen: set[str] = set()
        owned = [(account.id, *(entity.id for entity in account.entities)) for account in self.accounts]
        owned += [(page.id, *(post.id for post in page.posts)) for page in self.pages]
        for ids in owned:
            for each in ids:
                if each in seen:
                    raise SetupError(f"The sandbox's data names the id {each} twice.")
                seen.add(each)

    @classmethod
    def combined(cls, *worlds: World) -> World:
        """All accounts and pages of several worlds in one; the first app secret of any of them holds for all."""
        return cls(
            accounts=tuple(account for world in worlds for account in world.accounts),
            pages=tuple(page for world in worlds for page in world.pages),
            app_secret=next((world.app_secret for world in worlds if world.app_secret), None),
        )


def demo_world(*, today: date | None = None) -> World:
    """One account and one page with a living history, both of one user.

    `today` is the day on which the account's story is anchored (paused since, starts at); numbers move with the
    clock whatever it is. Who keeps synced data over days should pass the same day every time.
    """
    day = today or clock.today_in(DEMO_TIME_ZONE)
    return World(accounts=(build_demo_account(day),), pages=(build_demo_page(day, user_token=DEMO_ACCESS_TOKEN),))


def csv_world(path: Path, *, today: date) -> World:
    """One account from a CSV file shaped like the public kag_conversion data set.

    Dates are shifted so that the file's newest is the day before `today` (a day in CSV_TIME_ZONE). Raises SetupError
    naming line and column for a file that can't be used.
    """
    return World(accounts=(read_csv_account(path, today=today),))
