"""The seller that an operator names by its slug."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.errors import NotFoundError
from app.queries.across_tenants import find_seller, list_sellers
from app.services.choices import list_choices

if TYPE_CHECKING:
    from app.database.driver import Driver
    from app.queries.across_tenants import SellerRef


async def get_seller(driver: Driver, *, slug: str) -> SellerRef:
    """The seller with this slug, as the system role. Raises NotFoundError, naming the active sellers."""
    found = await find_seller(driver, slug=slug)
    if found is None:
        active = [seller.slug for seller in await list_sellers(driver)]
        raise NotFoundError(f"There is no seller {slug!r}. Active sellers: {list_choices(active)}.")
    return found
