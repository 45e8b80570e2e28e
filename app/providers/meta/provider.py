"""One ad account on Meta, as the contract's values and errors. Retrying and waiting are the caller's business."""

from __future__ import annotations

from contextlib import aclosing
from functools import partial
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote

from app.errors import RequestRefusedError, UnfinishedWalkError
from app.metrics.levels import Level
from app.providers.contract import EntityStatus
from app.providers.meta.batches.status_batch import StatusBatch
from app.providers.meta.calls.access import Access
from app.providers.meta.calls.credentials import Credentials
from app.providers.meta.calls.page_size import LARGEST_INSIGHTS_PAGE, LARGEST_PAGE, PageSize, PageSizes
from app.providers.meta.calls.version_upgrade import VersionUpgrades
from app.providers.meta.graph import GraphClient
from app.providers.meta.insights.dropped_fields import DroppedFields
from app.providers.meta.insights.query import InsightQuery, compact_json
from app.providers.meta.insights.reading import InsightReading
from app.providers.meta.insights.report_policy import Patience, ReportPolicy
from app.providers.meta.rows.insight_page_reader import InsightPageReader
from app.providers.meta.rows.parse_insights import InsightParser
from app.providers.meta.structure.object_reading import read_objects
from app.providers.meta.structure.parse_account import FIELDS as ACCOUNT_FIELDS
from app.providers.meta.structure.parse_account import parse_account
from app.providers.meta.structure.parse_delivery import EFFECTIVE_STATUSES, STATUS_FIELDS, parse_status_record
from app.providers.meta.structure.parse_structure import (
    AD_FIELDS,
    ADSET_FIELDS,
    CAMPAIGN_FIELDS,
    parse_ad,
    parse_adset,
    parse_campaign,
)
from app.providers.meta.walks.edge import Edge
from app.providers.sync_warnings import SyncWarnings
from app.vocabulary import UseCase

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from datetime import date

    import httpx
    from pydantic import SecretStr

    from app.providers.contract import (
        AccountRecord,
        AdRecord,
        AdsetRecord,
        CallBudget,
        CampaignRecord,
        InsightRows,
        StatusOutcome,
        StatusRecord,
    )
    from app.providers.meta.structure.object_reading import DescribedObject
    from app.providers.meta.walks.patience import WalkPatience

_Record = TypeVar("_Record")
_EDGES = {Level.CAMPAIGN: "campaigns", Level.ADSET: "adsets", Level.AD: "ads"}
_SETTABLE = frozenset({EntityStatus.ACTIVE, EntityStatus.PAUSED})


class MetaProvider:
    """Fulfils `AdProvider`. Reads through the account's edges: one call a page, since Meta counts calls.

    `graph_url` is scheme and host, `api_version` such as `v27.0`; `account_external_id` with or without `act_`.
    `currency`, where it is known already, saves the call that finds it out before budgets can be read; `known` is the
    account as it was known before, for what can't be read of it any more. `budget` and
    `page_sizes` are shared by all who work for the account; without them nothing is counted, or remembered for long.
    `page_size` is the largest page of any edge, where it is to be another than usual; a process shares one
    `insight_page_reader`. `warnings` are a job's, and collect what is odd in Meta's answers.
    """

    def __init__(
        self,
        client: httpx.AsyncClient,
        *,
        graph_url: str,
        api_version: str,
        account_external_id: str,
        access_token: SecretStr,
        app_secret: SecretStr | None = None,
        currency: str | None = None,
        known: AccountRecord | None = None,
        page_size: int | None = None,
        budget: CallBudget | None = None,
        page_sizes: PageSizes | None = None,
        insight_page_reader: InsightPageReader | None = None,
        report_policy: ReportPolicy | None = None,
        patience: WalkPatience | None = None,
        warnings: SyncWarnings | None = None,
    ) -> None:
        self.warnings = SyncWarnings() if warnings is None else warnings
        self._account_path = f"act_{quote(account_external_id.removeprefix('act_'), safe='')}"
        self._graph = GraphClient(
            client,
            version_url=f"{graph_url.rstrip('/')}/{api_version}",
            credentials=Credentials(access_token, app_secret),
            use_case=UseCase.ADS_MANAGEMENT,
            account=account_external_id.removeprefix("act_"),
            budget=budget,
            patience=patience,
            access=Access(self._account_path),
            dropped=DroppedFields(self.warnings),
            warnings=self.warnings,
            upgrades=VersionUpgrades(api_version, self.warnings),
        )
        self._account_external_id = account_external_id
        self._currency = currency or (known.currency if known else None)
        self._known = known
        self._page_size = page_size
        self._page_sizes = page_sizes or PageSizes()
        self._insight_page_reader = insight_page_reader or InsightPageReader()
        self._report_policy = report_policy or ReportPolicy()
        self._report_patience = Patience(self._report_policy)

    def __repr__(self) -> str:
        return f"MetaProvider({self._account_external_id})"

    async def get_account(self) -> AccountRecord:
        node = await self._graph.get(self._account_path, {"fields": ACCOUNT_FIELDS}, what="account")
        account = parse_account(node, self._account_external_id, self.warnings, self._known)
        self._currency = account.currency
        return account

    async def list_campaigns(self) -> AsyncIterator[Sequence[CampaignRecord]]:
        parse = partial(parse_campaign, currency=await self._known_currency())
        async for page in self._read(Level.CAMPAIGN, CAMPAIGN_FIELDS, parse):
            yield page

    async def list_adsets(self) -> AsyncIterator[Sequence[AdsetRecord]]:
        parse = partial(parse_adset, currency=await self._known_currency())
        async for page in self._read(Level.ADSET, ADSET_FIELDS, parse):
            yield page

    async def list_ads(self) -> AsyncIterator[Sequence[AdRecord]]:
        async for page in self._read(Level.AD, AD_FIELDS, parse_ad):
            yield page

    async def list_statuses(self, level: Level) -> AsyncIterator[Sequence[StatusRecord]]:
        if level not in _EDGES:
            return
        async for page in self._read(level, STATUS_FIELDS[level], parse_status_record):
            yield page

    async def read_insights(
        self,
        level: Level,
        since: date,
        until: date,
        *,
        expected_rows: int | None = None,
    ) -> AsyncIterator[InsightRows]:
        """At once, or as an asynchronous report where that is too much (see `InsightReading`)."""
        reading = InsightReading(
            self._graph.for_use_case(UseCase.ADS_INSIGHTS),
            self._account_path,
            policy=self._report_policy,
            patience=self._report_patience,
            size_of=partial(self._size_of, largest=LARGEST_INSIGHTS_PAGE),
            parser=InsightParser(level, self._account_external_id, self._insight_page_reader, self.warnings),
            warnings=self.warnings,
        )
        async with aclosing(reading.read(InsightQuery(level, since, until), expected_rows=expected_rows)) as pages:
            async for page in pages:
                yield page

    async def set_status(
        self,
        level: Level,
        external_ids: Sequence[str],
        status: EntityStatus,
    ) -> Sequence[StatusOutcome]:
        """Meta needs no level: an object's id says what it is."""
        if status not in _SETTABLE or level not in _EDGES:
            raise RequestRefusedError(f"only ACTIVE and PAUSED can be set, not {status} at {level.name} level")
        return await StatusBatch(self._graph, status).run(external_ids)

    async def _read(
        self, level: Level, fields: str, parse: Callable[[DescribedObject], _Record]
    ) -> AsyncIterator[Sequence[_Record]]:
        """The objects of a listing. Raises, after them, UnfinishedWalkError where some have no id: they may be any."""
        lost = 0
        async for page in self._entities(level, fields):
            records = read_objects(page, level, self.warnings, parse)
            lost += len(page) - len(records)
            yield records
        if lost:
            raise UnfinishedWalkError(f"Meta's list of {_EDGES[level]} is not complete: {lost} of it had no id")

    def _entities(self, level: Level, fields: str) -> AsyncIterator[Sequence[object]]:
        """Without a filter, edges hide what is archived or deleted."""
        edge = _EDGES[level]
        params = {"fields": fields, "effective_status": compact_json(EFFECTIVE_STATUSES[level])}
        path = f"{self._account_path}/{edge}"
        return self._graph.list_pages(Edge(path, params, edge, id_field="id"), self._size_of(edge))

    def _size_of(self, edge: str, *, largest: int = LARGEST_PAGE) -> PageSize:
        return self._page_sizes.get_size(self._account_path, edge, largest=self._page_size or largest)

    async def _known_currency(self) -> str:
        return self._currency or (await self.get_account()).currency
