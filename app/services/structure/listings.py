"""The platform's listings of one account, level by level: what could be read of each, and which have gaps.

Numbers and the other levels never wait for a listing that the platform refuses: what it gave is kept, what it did not
give is unknown, and the job's warnings say so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

from app.errors import (
    FieldDroppedError,
    OutdatedRequestError,
    ProviderError,
    ProviderTransientError,
    RequestRefusedError,
    TooMuchDataError,
    UnexplainedRefusalError,
    UnfinishedWalkError,
)
from app.metrics.levels import Level
from app.queries.structure.structure import knows_listed
from app.vocabulary import Subject

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence

    from app.database.driver import Driver
    from app.providers.contract import AccountRecord
    from app.queries.connections.connections import Connection
    from app.services.jobs.lease import Lease


class _Named(Protocol):
    @property
    def external_id(self) -> str: ...


_Record = TypeVar("_Record", bound=_Named)
_NAMES = {Level.CAMPAIGN: "campaigns", Level.ADSET: "ad sets", Level.AD: "ads"}
_FOR_GOOD = (UnfinishedWalkError, RequestRefusedError)
_IN_PASSING = (ProviderTransientError, TooMuchDataError)


class Listings:
    """Reads the listings of one job. `unread`: the levels of which more may exist than was read."""

    def __init__(self, lease: Lease) -> None:
        self.unread: set[Level] = set()
        self._lease = lease
        self._dropped: FieldDroppedError | None = None
        self._unread_account: ProviderError | None = None
        self._is_answered = False

    async def read_account(self, account: Awaitable[AccountRecord], known: AccountRecord) -> AccountRecord:
        """The account itself; as it was known where the platform does not show it alone.

        Raises ProviderError where the account as such is not served, and while another try of the job may help.
        """
        try:
            return await account
        except (OutdatedRequestError, UnexplainedRefusalError):
            raise
        except RequestRefusedError as error:
            self._note_account(error)
        except _IN_PASSING as error:
            if not self._lease.is_last_try:
                raise
            self._unread_account = error
            self._note_account(error)
        return known

    async def read(self, level: Level, pages: AsyncIterator[Sequence[_Record]]) -> list[_Record]:
        """Every record once, as it was seen last: what moves while pages are read can be on two of them.

        Raises ProviderError where the account as such is not served, and while another try of the job may help.
        """
        found: dict[str, _Record] = {}
        try:
            async for page in pages:
                found.update({record.external_id: record for record in page})
            self._is_answered = True
        except FieldDroppedError as error:
            self._note(level, error)
            self._dropped = error
        except (OutdatedRequestError, UnexplainedRefusalError):
            raise
        except _FOR_GOOD as error:
            self._note(level, error)
        except _IN_PASSING as error:
            if not self._lease.is_last_try:
                raise
            self._note(level, error)
        self._is_answered = self._is_answered or bool(found)
        return list(found.values())

    async def doubt_empty(
        self, driver: Driver, connection: Connection, listed: Mapping[Level, Sequence[_Named]]
    ) -> None:
        """Levels of which nothing is listed though some of it is known: nothing follows from that, and it is named."""
        for level, records in listed.items():
            if not records and level not in self.unread and await knows_listed(driver, connection, level):
                self.unread.add(level)
                sentence = f"The list of {_NAMES[level]} was empty though some are known; what was known stays."
                self._lease.warnings.note(Subject.LISTING, sentence)

    def raise_unanswered(self) -> None:
        """Raises ProviderError where neither the account nor anything of its lists could be read."""
        if self._unread_account is not None and not self._is_answered:
            raise self._unread_account

    def raise_outdated(self) -> None:
        """Once what could be read is written. Raises FieldDroppedError, which is about more than this account."""
        if self._dropped is not None:
            raise self._dropped

    def _note_account(self, error: ProviderError) -> None:
        self._lease.warnings.note(Subject.ACCOUNT, f"The account could not be read; what was known stays. {error}")

    def _note(self, level: Level, error: ProviderError) -> None:
        self.unread.add(level)
        _note(self._lease, _NAMES[level], error)


def note_unread_posts(lease: Lease, error: ProviderError) -> None:
    """The list of a page's posts has gaps."""
    _note(lease, "posts", error)


def _note(lease: Lease, named: str, error: ProviderError) -> None:
    lost = error.lost_ids if isinstance(error, UnfinishedWalkError) else ()
    for external_id in lost:
        sentence = f"The list of {named} has one that the platform can't show; what was known of it stays."
        lease.warnings.note(Subject.LISTING, sentence, external_id=external_id, found=str(error))
    if not lost:
        sentence = f"The list of {named} could not be read to its end; what was known stays. {error}"
        lease.warnings.note(Subject.LISTING, sentence)
