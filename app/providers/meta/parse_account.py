"""The ad account's node as an AccountRecord."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from app.providers.contract import AccountRecord, AccountStanding

if TYPE_CHECKING:
    from app.providers.meta.node import Node

FIELDS = "id,name,account_status,currency,timezone_name"
_STANDINGS = {1: AccountStanding.ACTIVE, 9: AccountStanding.GRACE_PERIOD}


def parse_account(node: Node, external_id: str) -> AccountRecord:
    """The record under the id that we know the account by, with or without `act_`."""
    return AccountRecord(
        external_id=external_id,
        name=node.optional_text("name") or external_id,
        time_zone=_time_zone(node),
        currency=node.text("currency"),
        standing=_standing(node),
    )


def _time_zone(node: Node) -> str:
    name = node.text("timezone_name")
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise node.misshapen("timezone_name", "is not a time zone that is known here") from None
    return name


def _standing(node: Node) -> AccountStanding:
    """Any status but ACTIVE and IN_GRACE_PERIOD keeps ads from running."""
    status = node.integer("account_status")
    if status is None:
        raise node.misshapen("account_status", "is not a number")
    return _STANDINGS.get(status, AccountStanding.BLOCKED)
