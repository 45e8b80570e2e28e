"""Warnings of ad accounts, pages and jobs: put together by kind, and nobody else's."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from app.queries.warnings.reading import MOST_SHOWN
from graphql_schema.types.global_id import global_id
from tests.graphql_schema.page_world import NOON, add_page
from tests.graphql_schema.warnings_at_hand import ODD, add_ended_job, add_warning, kept

if TYPE_CHECKING:
    from uuid import UUID

    from tests.graphql_schema.small_world import SmallWorld, Tenant

EVERYTHING = """subject message source level count fromDate toDate examples { externalId date found }
    firstSeenAt lastSeenAt"""
FIRST, SECOND = date(2026, 3, 8), date(2026, 3, 9)
LATER = NOON + timedelta(hours=1)


@pytest.fixture
async def tenant(world: SmallWorld) -> Tenant:
    return await world.add_seller("acme")


async def of_account(tenant: Tenant, fields: str = "message count") -> list[dict[str, Any]]:
    """Of the only account."""
    [node] = (await tenant.ask(f"{{ adAccounts {{ nodes {{ syncWarnings {{ {fields} }} }} }} }}"))["adAccounts"][
        "nodes"
    ]
    return node["syncWarnings"]


async def of_job(tenant: Tenant, job: UUID, fields: str) -> Any:
    document = f"query ($id: ID!) {{ node(id: $id) {{ ... on Job {{ warnings {{ {fields} }} }} }} }}"
    return (await tenant.ask(document, id=global_id("Job", job)))["node"]


async def test_days_of_a_kind_are_put_together(tenant: Tenant) -> None:
    account = await tenant.add_account()
    await add_warning(tenant, account, day=FIRST, things=4, ids=("7", "8"))
    await add_warning(tenant, account, day=SECOND, things=1, ids=("9",), at=LATER)
    assert await of_account(tenant, EVERYTHING) == [
        {
            "subject": "AD",
            "message": ODD,
            "source": "INSIGHTS",
            "level": "AD",
            "count": 5,
            "fromDate": "2026-03-08",
            "toDate": "2026-03-09",
            "examples": [
                {"externalId": "9", "date": "2026-03-09", "found": "x"},
                {"externalId": "7", "date": "2026-03-08", "found": "x"},
                {"externalId": "8", "date": "2026-03-08", "found": "x"},
            ],
            "firstSeenAt": NOON.isoformat(),
            "lastSeenAt": LATER.isoformat(),
        }
    ]


async def test_the_newest_come_first_and_what_has_no_day_has_none(tenant: Tenant) -> None:
    account = await tenant.add_account()
    await add_warning(tenant, account, source="STRUCTURE")
    await add_warning(tenant, account, sentence="Another.", at=LATER)
    found = await of_account(tenant, "message source level fromDate toDate examples { date }")
    assert [(each["message"], each["source"], each["level"]) for each in found] == [
        ("Another.", "INSIGHTS", "AD"),
        (ODD, "STRUCTURE", None),
    ]
    assert [(each["fromDate"], each["toDate"], each["examples"]) for each in found] == [
        (None, None, [{"date": None}])
    ] * 2


async def test_of_very_many_kinds_those_seen_last_are_shown(tenant: Tenant) -> None:
    account = await tenant.add_account()
    for place in range(MOST_SHOWN + 2):
        await add_warning(tenant, account, sentence=f"Sentence {place}.", at=NOON + timedelta(minutes=place))
    shown = [each["message"] for each in await of_account(tenant)]
    assert (len(shown), shown[0], shown[-1]) == (MOST_SHOWN, f"Sentence {MOST_SHOWN + 1}.", "Sentence 2.")


async def test_a_page_has_its_own_and_an_account_without_any_has_none(tenant: Tenant) -> None:
    await tenant.add_account()
    page = await add_page(tenant)
    await add_warning(tenant, page, source="PAGE")
    found = await tenant.ask("{ pages { nodes { syncWarnings { message source } } } }")
    assert found["pages"]["nodes"] == [{"syncWarnings": [{"message": ODD, "source": "PAGE"}]}]
    assert await of_account(tenant) == []


async def test_a_job_that_has_ended_says_what_it_found(tenant: Tenant) -> None:
    job = await add_ended_job(tenant, warnings=[kept(day="2026-03-08", things=2), kept("Another.")])
    found = await of_job(tenant, job, EVERYTHING)
    assert found["warnings"][0] == {
        "subject": "AD",
        "message": ODD,
        "source": "INSIGHTS",
        "level": "AD",
        "count": 2,
        "fromDate": "2026-03-08",
        "toDate": "2026-03-08",
        "examples": [{"externalId": "7", "date": "2026-03-08", "found": None}],
        "firstSeenAt": NOON.isoformat(),
        "lastSeenAt": NOON.isoformat(),
    }
    assert [each["message"] for each in found["warnings"]] == [ODD, "Another."]


async def test_a_job_without_warnings_has_none(tenant: Tenant) -> None:
    silent = await add_ended_job(tenant, warnings=None)
    running = await add_ended_job(tenant, warnings=[kept()], key="running", ended=False)
    assert [await of_job(tenant, job, "message") for job in (silent, running)] == [{"warnings": []}] * 2


async def test_another_sellers_are_not_there(world: SmallWorld, tenant: Tenant) -> None:
    other = await world.add_seller("other")
    account = await tenant.add_account()
    await add_warning(other, account)
    assert await of_account(tenant) == []
    job = await add_ended_job(other, warnings=[kept()])
    assert await of_job(tenant, job, "message") is None
