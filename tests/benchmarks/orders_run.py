"""Asks the questions about a large seller over HTTP, and their statements of the database, and checks every answer."""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING, Any

import httpx
import orjson

from app.embedded.ports import LOOPBACK
from app.metrics.levels import Level
from app.services.context import open_services
from graphql_schema.paging.page_arguments import TOP_LIMIT
from graphql_schema.types.global_id import global_id
from tests.benchmarks.contenders import headers_of, open_api
from tests.benchmarks.floors import connect
from tests.benchmarks.orders_questions import FIRST_PAGE, HUNDREDTH, QUESTIONS, RANGES, Question
from tests.benchmarks.orders_truth import check, read_truth
from tests.benchmarks.population import list_entities
from tests.benchmarks.statements import Listener

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from app.database.driver import Driver, Record
    from tests.benchmarks.dataset import Dataset
    from tests.benchmarks.statements import Statement

Case = tuple[Question, int]


@dataclass(slots=True)
class Outcome:
    """Milliseconds of each round: of the request, and in the database of the statements by what they are for."""

    http: list[float] = field(default_factory=list[float])
    statements: dict[str, list[float]] = field(default_factory=lambda: defaultdict[str, list[float]](list))

    @property
    def medians(self) -> dict[str, float]:
        return {name: median(times) for name, times in self.statements.items()}


async def measure_orders(
    dataset: Dataset, seed: int, logs: Path, *, rounds: int, tell: Callable[[str], None]
) -> dict[Case, Outcome]:
    """Every question over every range in every round, the database's part right after the request."""
    found: dict[Case, Outcome] = defaultdict(Outcome)
    with open_api(dataset, logs) as (_, port):
        asking = _Asking(dataset, seed, f"http://{LOOPBACK}:{port}/graphql")
        await asking.prepare()
        for number in range(rounds + 1):
            for case, document in asking.documents.items():
                outcome = found[case] if number else Outcome()  # the first round is not counted
                await asking.ask(case, document, outcome)
            tell(f"round {number} of {rounds}")
    return found


class _Asking:
    """One seller, the api, a connection of the database's own, and all operations."""

    def __init__(self, dataset: Dataset, seed: int, url: str) -> None:
        self._dataset, self._seller = dataset, dataset.sellers[0]
        self._client = httpx.Client(headers=headers_of(self._seller, dataset), timeout=60)
        self._url = url
        entities = list_entities(dataset.scale, seed, 0)
        campaign_of = {e.id: e.campaign_id for e in entities if e.level is Level.AD and e.campaign_id}
        self._campaigns = {ad: global_id("Campaign", campaign) for ad, campaign in campaign_of.items()}
        self._campaign = next(iter(self._campaigns.values()))
        self.documents: dict[Case, str] = {}
        self._statements: dict[Case, list[Statement]] = {}

    async def prepare(self) -> None:
        """Write the operations and listen to what each asks of the database."""
        self._driver = await connect(self._dataset.settings)
        await self._driver.execute(f"SET app.seller_id = '{self._seller.id}'")
        self._truth = await read_truth(self._driver, self._seller)
        async with open_services(self._dataset.settings, process="benchmark") as services:
            listener = Listener(services)
            for question in QUESTIONS:
                for days in RANGES:
                    after = self._cursor(days) if question.hundredth else ""
                    document = question.document(days, campaign=self._campaign, after=after)
                    self.documents[question, days] = document
                    captured = await listener.capture(document, self._seller)
                    self._statements[question, days] = [s for s in captured.statements if not s.controls]

    def _cursor(self, days: int) -> str:
        """Of the last ad before the hundredth page, by walking there."""
        cursor, walked = "", 0
        while walked < HUNDREDTH:
            size = min(TOP_LIMIT, HUNDREDTH - walked)
            more = "pageInfo { endCursor }"
            data = self._post(FIRST_PAGE.document(days, after=cursor, size=size, more=more))
            cursor, walked = data["ads"]["pageInfo"]["endCursor"], walked + size
        return cursor

    async def ask(self, case: Case, document: str, outcome: Outcome) -> None:
        started = time.perf_counter()
        data = self._post(document)
        outcome.http.append((time.perf_counter() - started) * 1000)
        question, days = case
        check(question, data, self._truth[days], self._campaigns, self._campaign)
        for name, milliseconds in (await _time(self._driver, self._statements[case])).items():
            outcome.statements[name].append(milliseconds)

    def _post(self, document: str) -> dict[str, Any]:
        answer = orjson.loads(self._client.post(self._url, json={"query": document}).content)
        if "errors" in answer:
            raise RuntimeError(f"the operation failed: {answer['errors']}")
        return answer["data"]


async def _time(driver: Driver, statements: Sequence[Statement]) -> dict[str, float]:
    taken: dict[str, float] = defaultdict(float)
    for text, values in statements:
        started = time.perf_counter()
        records = await driver.fetch(text, *values)
        taken[_purpose(text, records)] += (time.perf_counter() - started) * 1000
    return taken


def _purpose(text: str, records: Sequence[Record]) -> str:
    """What a statement is for, from what it says and answers."""
    columns: set[str] = set(records[0].keys())  # pyright: ignore[reportAttributeAccessIssue, reportUnknownArgumentType]  # a mapping
    if "string_agg" in text:
        return "order"
    if "spend_micros" in columns:
        return "summary" if "currency" in columns else "page's numbers"
    return "count" if "count" in columns else "rows"
