"""The ad account's node as an AccountRecord. What can't be read of it is not known, and noted."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from app.invisible import is_blank
from app.metrics.currencies import CODES
from app.providers.contract import AccountRecord, AccountStanding
from app.providers.meta.object_reading import DescribedObject
from app.providers.sync_warnings import Subject

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.providers.meta.node import Node
    from app.providers.sync_warnings import SyncWarnings

_T = TypeVar("_T")
FIELDS = "id,name,account_status,currency,timezone_name"
_STANDINGS = {1: AccountStanding.ACTIVE, 9: AccountStanding.GRACE_PERIOD}


def parse_account(
    node: Node, external_id: str, warnings: SyncWarnings, known: AccountRecord | None = None
) -> AccountRecord:
    """The record under the id that we know the account by, with or without `act_`.

    What can't be read stays as it is in `known`; without that, MisshapenError names it.
    """
    account = DescribedObject(node=node, external_id=external_id, subject=Subject.ACCOUNT, warnings=warnings)
    return AccountRecord(
        external_id=external_id,
        name=_name(account) or (known.name if known else external_id),
        time_zone=_read(account, "timezone_name", partial(_time_zone, node), known.time_zone if known else None),
        currency=_read(account, "currency", partial(_currency, node), known.currency if known else None),
        standing=_read(account, "account_status", partial(_standing, node), known.standing if known else None),
    )


def _name(account: DescribedObject) -> str | None:
    name = account.find("name", account.node.optional_text)
    return None if name is None or is_blank(name) else name


def _read(account: DescribedObject, name: str, read: Callable[[str], _T], known: _T | None) -> _T:
    if known is None:
        return read(name)
    found = account.find(name, read)
    return known if found is None else found


def _time_zone(node: Node, name: str) -> str:
    zone = node.text(name)
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise node.misshapen(name, "is not a time zone that is known here") from None
    return zone


def _currency(node: Node, name: str) -> str:
    currency = node.text(name)
    if currency not in CODES:
        raise node.misshapen(name, "is not a currency that is known here")
    return currency


def _standing(node: Node, name: str) -> AccountStanding:
    """Any status but ACTIVE and IN_GRACE_PERIOD keeps ads from running."""
    status = node.integer(name)
    if status is None:
        raise node.misshapen(name, "is not a number")
    return _STANDINGS.get(status, AccountStanding.BLOCKED)
