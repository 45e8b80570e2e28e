"""One ad account's statuses as one reading of the platform saw them, and what was known of what it did not see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet

    from app.metrics.levels import Level
    from app.providers.contract import StatusRecord
    from app.vocabulary import AccountStanding

# The effective status of what may deliver.
ACTIVE = "ACTIVE"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountTree:
    """What was seen, level by level. `unread`: levels of which not everything was seen.

    `known_campaigns` and `known_adsets` stand above what was seen and were not seen themselves: as they were known.
    """

    standing: AccountStanding
    campaigns: Sequence[StatusRecord]
    adsets: Sequence[StatusRecord]
    ads: Sequence[StatusRecord]
    unread: AbstractSet[Level] = frozenset()
    known_campaigns: Sequence[StatusRecord] = ()
    known_adsets: Sequence[StatusRecord] = ()
