"""The ad account's node as an AccountRecord. What can't be read of it is not known, and noted."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from app.errors import MisshapenError
from app.invisible import is_blank
from app.metrics.currencies import CODES
from app.providers.contract import AccountRecord, AccountStanding
from app.providers.meta.structure.object_reading import DescribedObject
from app.providers.meta.values.ids import is_account
from app.providers.sync_warnings import Subject

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.providers.meta.values.node import Node
    from app.providers.sync_warnings import SyncWarnings

_T = TypeVar("_T")
FIELDS = "id,name,account_status,currency,timezone_name"
FOREIGN = "Meta answered with another object in the account's place; what was known of the account stays."
# Zones of the machine that looks them up, or of none, and copies that count leap seconds or do not.
_NO_PLACES = frozenset({"localtime", "posixrules", "Factory"})
_COPIES = ("posix/", "right/")
_STANDINGS = {1: AccountStanding.ACTIVE, 9: AccountStanding.GRACE_PERIOD}


def parse_account(
    node: Node, external_id: str, warnings: SyncWarnings, known: AccountRecord | None = None
) -> AccountRecord:
    """The record under the id that we know the account by, with or without `act_`.

    What can't be read stays as it is in `known`, and so does all of it where the node is another object's; without
    that, MisshapenError names it.
    """
    account = DescribedObject(node=node, external_id=external_id, subject=Subject.ACCOUNT, warnings=warnings)
    if not _is_own(account):
        if known is None:
            raise node.misshapen("id", "is another object's")
        account.note(FOREIGN, "id")
        return known
    return AccountRecord(
        external_id=external_id,
        name=_name(account) or (known.name if known else external_id),
        time_zone=_read(account, "timezone_name", partial(_time_zone, node), known.time_zone if known else None),
        currency=_read(account, "currency", partial(_currency, node), known.currency if known else None),
        standing=_read(account, "account_status", partial(_standing, node), known.standing if known else None),
    )


def _is_own(account: DescribedObject) -> bool:
    """An id that is left out, or can't be read, tells nothing of whose the node is."""
    try:
        said = account.node.optional_identifier("id")
    except MisshapenError:
        return True
    return said is None or is_account(said, account.external_id)


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
    if zone in _NO_PLACES or zone.startswith(_COPIES):
        raise node.misshapen(name, "is not a time zone of a place")
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
