"""Five hundred accounts, well-formed but for one thing each: it costs itself alone, and is named.

A failure names the seed of its account; `SEED=… pytest tests/spoilt` tries that account alone.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from random import Random
from typing import TYPE_CHECKING

import httpx
import pytest
from pydantic import SecretStr

from app.database.transactions import tenant_transaction
from app.metrics.levels import Level
from app.providers.meta.insights import report_policy
from app.providers.sandbox.world.worlds import World
from app.services.connections.connecting import AccountToConnect, PageToConnect, connect_account, connect_page
from app.services.jobs.new_jobs import AccountKey, page_ingestion_job, structure_job
from app.services.jobs.run_requests import RunRequest, record_run
from app.services.work_requests.sync_requests import enqueue_seller_sync
from app.vocabulary import Priority, ProviderKind, RunOrigin
from tests.graphql_schema.small_world import SmallWorld
from tests.services.invariants import check_invariants
from tests.services.working import fetch, make_all_due, work_until_idle
from tests.spoilt.json_places import NOTHING
from tests.spoilt.platform import SpoiltPlatform
from tests.spoilt.seen import look
from tests.spoilt.spoiling import Part, Spoiling
from tests.spoilt.well_formed import DAYS, PAGE_DAY, make_account, make_page, truth_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from io import StringIO
    from uuid import UUID

    from app.embedded.throwaway import ThrowawayDatabase
    from app.queries.jobs.requests import NewJob
    from app.services.context import Services
    from tests.graphql_schema.small_world import Tenant
    from tests.spoilt.seen import Seen

CHUNKS, ACCOUNTS = 20, 25
ROUNDS = 4
MOST_CALLS = 250
# Complaints about one account that a failure shows.
MOST_TOLD = 3
FIRST_NUMBER = 7000
WANTED = os.environ.get("SEED")
EDGES: Sequence[tuple[str, Level | None, int]] = (
    *(("insights", level, 2 + level) for level in Level),
    ("campaigns", None, 3),
    ("adsets", None, 3),
    ("ads", None, 4),
    ("node", None, 2),
    ("page_insights", None, 2),
    ("posts", None, 2),
    ("batch", None, 2),
)
STRUCTURE = {"campaigns", "adsets", "ads", "node"}
PARTS = {Part.VALUE: 10, Part.OBJECT: 3, Part.PAGE: 3, Part.ANSWER: 5}
NUMBERS = """{
  campaigns(range: {preset: LAST_7_DAYS}) { nodes { externalId metrics { spend impressions } } }
  adsets(range: {preset: LAST_7_DAYS}) { nodes { externalId metrics { spend impressions } } }
  ads(range: {preset: LAST_7_DAYS}) { nodes { externalId metrics { spend impressions } } }
  adAccounts { nodes { health healthReason syncWarnings { subject message examples { externalId found } } } }
}"""


@dataclass(frozen=True, slots=True)
class Spoilt:
    """One account; `is_known`: it was synced before anything was spoilt."""

    seed: int
    number: int
    spoiling: Spoiling
    is_known: bool
    has_small_pages: bool


def draw(seed: int, number: int, *, reports: bool) -> Spoilt:
    random = Random(seed)
    edge, level, _ = random.choices(EDGES, [weight for *_, weight in EDGES])[0]
    if edge == "insights" and reports:
        edge = random.choice(("insights", "report", "report_rows", "report_rows", "report_rows"))
    part = random.choices([*PARTS], [*PARTS.values()])[0]
    is_known = random.random() < 0.2
    return Spoilt(
        seed=seed,
        number=number,
        spoiling=Spoiling(
            random=random,
            number=number,
            edge=edge,
            level=level,
            part=part,
            passes=random.randrange({"page_insights": 10, "batch": 6}.get(edge, 1)),
            times=1 if random.random() < 0.3 else None,
            truth=truth_of(number, share=2 if is_known else 1),
        ),
        is_known=is_known,
        has_small_pages=random.random() < 0.5,
    )


def chunk_of(chunk: int) -> list[Spoilt]:
    seeds = range(chunk * ACCOUNTS, (chunk + 1) * ACCOUNTS)
    return [draw(seed, FIRST_NUMBER + 2 * place, reports=chunk % 4 == 3) for place, seed in enumerate(seeds)]


def world_of(accounts: Sequence[Spoilt], *, share: int) -> World:
    return World(
        accounts=tuple(make_account(each.number, share=share if each.is_known else 1) for each in accounts),
        pages=tuple(make_page(each.number) for each in accounts),
    )


class Stage:
    """The accounts of a chunk, each a seller's own."""

    def __init__(self, world: SmallWorld, services: Services, platform: SpoiltPlatform) -> None:
        self._world = world
        self._services = services
        self.platform = platform
        self.sellers: dict[int, Tenant] = {}

    async def connect(self, accounts: Sequence[Spoilt]) -> None:
        for each in accounts:
            seller = self.sellers[each.number] = await self._world.add_seller(f"shop-{each.number}")
            account = AccountToConnect(
                provider=ProviderKind.META,
                external_id=str(each.number),
                name=f"Account {each.number}",
                time_zone="UTC",
                currency="USD",
                access_token=SecretStr(f"token-of-{each.number}"),
            )
            await connect_account(self._services, seller_id=seller.seller_id, account=account)

    async def sync(self, accounts: Sequence[Spoilt]) -> None:
        for each in accounts:
            await enqueue_seller_sync(
                self._services,
                seller_id=self.sellers[each.number].seller_id,
                requested_by=None,
                from_date=DAYS[0],
                to_date=DAYS[-1],
            )
        await self.work()

    async def ingest(self, accounts: Sequence[Spoilt]) -> None:
        for each in accounts:
            seller_id = self.sellers[each.number].seller_id
            page = PageToConnect(
                provider=ProviderKind.META,
                external_id=f"{each.number}77",
                name=f"Page {each.number}",
                access_token=SecretStr(f"token-of-page-{each.number}"),
            )
            page_id = await connect_page(self._services, seller_id=seller_id, page=page)
            await self._record(
                seller_id, page_ingestion_job(AccountKey(seller_id, page_id), PAGE_DAY, priority=Priority.SCHEDULED)
            )
        await self.work()

    async def list_again(self, accounts: Sequence[Spoilt]) -> None:
        """Read what known accounts consist of once more."""
        for each in accounts:
            seller_id = self.sellers[each.number].seller_id
            [account] = await fetch(self._services, seller_id, "SELECT id FROM fb_connections")
            key = AccountKey(seller_id, account["id"])
            await self._record(seller_id, structure_job(key, priority=Priority.SCHEDULED))
        await self.work()

    async def _record(self, seller_id: UUID, job: NewJob) -> None:
        run = RunRequest(seller_id=seller_id, origin=RunOrigin.MANUAL, reason="test")
        async with tenant_transaction(self._services.database.app, seller_id) as driver:
            await record_run(driver, run, [job])

    async def work(self) -> None:
        """Do what is due, and what waits, until nothing is left or it has been tried often enough."""
        for _ in range(ROUNDS):
            if not await work_until_idle(self._services):
                return
            await make_all_due(self._services)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report_policy, "FIRST_PAUSE_SECONDS", 0.001)


@pytest.mark.parametrize("chunk", range(CHUNKS))
async def test_one_spoilt_thing_costs_itself_alone_and_is_named(
    database: ThrowawayDatabase, services: Services, log_lines: StringIO, chunk: int
) -> None:
    accounts = [each for each in chunk_of(chunk) if WANTED in {None, str(each.seed)}]
    small = frozenset(each.number for each in accounts if each.has_small_pages)
    platform = SpoiltPlatform(world_of(accounts, share=1), small)
    async with httpx.AsyncClient(transport=platform) as client:
        changes = {"meta_graph_url": "http://graph.test", "backfill_days": 0}
        changes |= {"meta_async_rows": 1} if chunk % 4 == 3 else {}
        opened = replace(services, http=client, settings=services.settings.model_copy(update=changes))
        stage = Stage(SmallWorld(database, opened), opened, platform)
        known, pages = [each for each in accounts if each.is_known], [each for each in accounts if is_of_page(each)]
        await stage.connect(known)
        await stage.sync(known)
        platform.become(world_of(accounts, share=2))
        platform.spoilings = {each.number: each.spoiling for each in accounts}
        platform.calls.clear()
        await stage.connect([each for each in accounts if not each.is_known])
        await stage.list_again([each for each in known if each.spoiling.edge in STRUCTURE])
        await stage.sync(accounts)
        await stage.ingest(pages)
        wrong = [each for account in accounts for each in await check(stage, opened, account)]
        await check_invariants(opened, *(seller.seller_id for seller in stage.sellers.values()))
    assert not wrong, "\n".join(wrong)
    assert not [str(each.spoiling) for each in accounts if not each.spoiling.spoilt]
    assert "job ends" in log_lines.getvalue()
    assert "token-of-" not in log_lines.getvalue()


def is_of_page(account: Spoilt) -> bool:
    return account.spoiling.edge in {"page_insights", "posts", "batch"}


async def check(stage: Stage, services: Services, account: Spoilt) -> list[str]:
    """What is wrong about an account, each with all that is needed to find out why."""
    seller = stage.sellers[account.number]
    seen = await look(services, seller.seller_id)
    found = [*complaints(account, seen), *await spoken(account, seller)]
    if stage.platform.calls[account.number] > MOST_CALLS:
        found.append(f"{stage.platform.calls[account.number]} calls")
    known = "known" if account.is_known else "new"
    if not found:
        return []
    what = "\n    ".join((*found[:MOST_TOLD], f"{len(found)} in all; named: {seen.named}"))
    return [f"seed {account.seed} ({account.number}, {known}): {account.spoiling}\n    {what}"]


def complaints(account: Spoilt, seen: Seen) -> list[str]:
    spoiling = account.spoiling
    found, wrong = list[str](), list[str]()
    for is_harmed, complaint in (*of_cells(account, seen), *of_objects(account, seen), *of_page(account, seen)):
        (wrong if is_harmed else found).append(complaint)
    if wrong and spoiling.is_unreadable:
        if not seen.named:
            found.append(f"nothing is named, although {wrong[:3]}")
        elif seen.warnings and spoiling.named_id is not None and spoiling.named_id not in str(seen.named):
            found.append(f"{spoiling.named_id} is not named, although {wrong[:3]}")
    found += [f"{kind} is {state}: {reason}" for _, kind, state, _, reason in seen.jobs if state == "RUNNING"]
    found += [f"{kind} {error}: {reason}" for _, kind, _, error, reason in seen.jobs if error == "INTERNAL"]
    return [*found, "a secret is told"] if "token-of-" in str(seen.named) else found


def of_cells(account: Spoilt, seen: Seen) -> Iterator[tuple[bool, str]]:
    """Numbers that are not the account's, and whether they may be wrong; likewise for the rest."""
    truth, harm = account.spoiling.truth, account.spoiling.harm
    for cell in sorted({*truth.cells, *seen.cells}):
        right, there = truth.cells.get(cell), seen.cells.get(cell)
        if right != there:
            yield harm.is_on_cell(cell), f"{cell.level.name} {cell[1:]}: {there} and not {right}"


def of_objects(account: Spoilt, seen: Seen) -> Iterator[tuple[bool, str]]:
    truth, harm = account.spoiling.truth, account.spoiling.harm
    for key, right in truth.objects.items():
        parents = truth.parents.get(key[1]), seen.parents.get(key)
        if seen.objects.get(key) != right or parents[0] != parents[1]:
            yield harm.is_on_object(*key), f"{key}: {seen.objects.get(key)} and not {right}; parents {parents}"


def of_page(account: Spoilt, seen: Seen) -> Iterator[tuple[bool, str]]:
    truth, harm = account.spoiling.truth, account.spoiling.harm
    for key, right in truth.page.items() if is_of_page(account) else ():
        if seen.page.get(key) != right:
            yield harm.is_on_page(*key), f"{key}: {seen.page.get(key)} and not {right}"


async def spoken(account: Spoilt, seller: Tenant) -> list[str]:
    """What GraphQL says of the account's numbers."""
    truth, harm = account.spoiling.truth, account.spoiling.harm
    data = await seller.ask(NUMBERS)
    found: list[str] = []
    for level, field in ((Level.CAMPAIGN, "campaigns"), (Level.ADSET, "adsets"), (Level.AD, "ads")):
        told = {node["externalId"]: node["metrics"] for node in data[field]["nodes"]}
        for external_id in sorted({cell.external_id for cell in truth.cells if cell.level is level}):
            cells = [cell for cell in truth.cells if cell.level is level and cell.external_id == external_id]
            if any(harm.is_on_cell(cell) for cell in cells):
                continue
            micros = sum(truth.cells[cell].spend_micros for cell in cells)
            right = {
                "spend": f"{micros / 1_000_000:.2f}",
                "impressions": sum(truth.cells[cell].impressions for cell in cells),
            }
            if told.get(external_id, NOTHING) != right:
                found.append(f"{field} {external_id}: {told.get(external_id)} and not {right}")
    return found
