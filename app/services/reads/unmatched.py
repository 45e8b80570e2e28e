"""Lists that match nothing: which ad accounts and which currency their zeros are in."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from uuid import UUID

    from app.services.reads.calendar import Calendar


class ListScope(NamedTuple):
    """What a list's parent and filter say of ad accounts: which ones, and of which currency. None: any."""

    account_ids: tuple[UUID, ...] | None = None
    currency: str | None = None


WHOLE_SELLER = ListScope()


class Unmatched(NamedTuple):
    """`account_ids`: where nothing matches; empty if the seller has no such account."""

    currency: str
    account_ids: tuple[UUID, ...]


def unmatched(calendar: Calendar, scope: ListScope) -> Unmatched:
    """Where the zeros of a list that matches nothing belong.

    The currency is the one that the scope names, or the one that all accounts named by it have; otherwise the seller's.
    """
    named = [calendar.accounts[each] for each in scope.account_ids or () if each in calendar.accounts]
    shared = {account.currency for account in named}
    accounts = calendar.accounts.values() if scope.account_ids is None else named
    return Unmatched(
        currency=scope.currency or (shared.pop() if len(shared) == 1 else calendar.seller.currency),
        account_ids=tuple(each.account_id for each in accounts if scope.currency in {None, each.currency}),
    )
