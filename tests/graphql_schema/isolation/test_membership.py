"""Who is no member, or no longer, reads nothing: whatever is asked, from the next request on."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event

from app.clock import frozen
from app.database.transactions import read_snapshot
from app.errors import NotAMemberError, UnavailableError
from app.identifiers import new_id
from app.queries.viewers import list_members
from app.services.reads.exports import open_exporter
from app.services.reads.pinned_orders import PinnedWalks
from graphql_schema.context import Context, open_context
from graphql_schema.exports import open_export
from tests.graphql_schema.filled_seller import NOW, fill
from tests.graphql_schema.operations import OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping
    from uuid import UUID

    from strawberry.types import ExecutionResult

    from tests.graphql_schema.small_world import SmallWorld, Tenant

GONE = ("The access token is no longer valid.", {"code": "UNAUTHENTICATED"})
# How a member ceases to be one, and how that is undone.
ENDS = {
    "removed": (
        "DELETE FROM memberships WHERE (seller_id, user_id) = ($1, $2)",
        "INSERT INTO memberships (seller_id, user_id, role, created_at) VALUES ($1, $2, 'OWNER', now())",
    ),
    "user deactivated": (
        "UPDATE users SET is_active = false WHERE id = $2 AND $1::uuid IS NOT NULL",
        "UPDATE users SET is_active = true WHERE id = $2 AND $1::uuid IS NOT NULL",
    ),
    "seller deactivated": (
        "UPDATE sellers SET is_active = false WHERE id = $1 AND $2::uuid IS NOT NULL",
        "UPDATE sellers SET is_active = true WHERE id = $1 AND $2::uuid IS NOT NULL",
    ),
}
READING = [operation for operation, statements in OPERATIONS.items() if statements]
WITHOUT_A_READ = "{ metricDefinitions { name } campaigns { __typename } }"


@pytest.fixture(scope="module")
async def tenant(shared_world: SmallWorld) -> Tenant:
    tenant = await shared_world.add_seller("left")
    await fill(tenant, 1)
    return tenant


@pytest.fixture(scope="module")
async def stranger(shared_world: SmallWorld) -> Tenant:
    return await shared_world.add_seller("stranger")


async def _set(tenant: Tenant, statement: str) -> None:
    await tenant.world.write(statement, tenant.seller_id, tenant.user_id)


async def _asked(tenant: Tenant, document: str, variables: Mapping[str, object] | None = None) -> ExecutionResult:
    with frozen(NOW):
        return await tenant.world.execute(document, tenant.claims(), variables)


def _errors(result: ExecutionResult) -> list[tuple[str, dict[str, Any] | None]]:
    return [(error.message, error.extensions) for error in result.errors or []]


@pytest.mark.parametrize("end", ENDS)
async def test_a_former_member_reads_nothing_by_any_operation(tenant: Tenant, end: str) -> None:
    before = [await _asked(tenant, operation) for operation in READING]
    assert [result.errors for result in before] == [None] * len(READING)
    ended, undone = ENDS[end]
    await _set(tenant, ended)
    try:
        for operation in READING:
            result = await _asked(tenant, operation)
            assert (result.data, _errors(result)) == (None, [GONE]), operation
    finally:
        await _set(tenant, undone)
    assert (await _asked(tenant, READING[0])).data == before[0].data


async def test_a_token_for_a_seller_that_its_user_never_belonged_to_reads_nothing(
    tenant: Tenant, stranger: Tenant
) -> None:
    claims = replace(stranger.claims(), seller_id=tenant.seller_id)
    for operation in READING:
        with frozen(NOW):
            result = await tenant.world.execute(operation, claims)
        assert (result.data, _errors(result)) == (None, [GONE]), operation


async def test_a_user_who_does_not_exist_reads_nothing(tenant: Tenant) -> None:
    result = await tenant.world.execute(READING[0], replace(tenant.claims(), user_id=new_id()))
    assert (result.data, _errors(result)) == (None, [GONE])


async def test_it_is_said_once_and_what_needs_no_reading_is_left_out_beside_it(tenant: Tenant) -> None:
    document = """{
      metricDefinitions { name }
      a: campaign(id: $id) { name }
      b: node(id: $id) { id }
      wrong: node(id: "?") { id }
      campaigns { totalCount summary { spend } }
    }"""
    campaigns = (await tenant.ask("{ campaigns { nodes { id } } }"))["campaigns"]["nodes"]
    await _set(tenant, ENDS["removed"][0])
    try:
        result = await _asked(tenant, f"query ($id: ID!) {document}", {"id": campaigns[0]["id"]})
    finally:
        await _set(tenant, ENDS["removed"][1])
    assert result.data is None
    assert _errors(result) == [GONE]


async def _away(*_: object) -> None:
    raise UnavailableError("no answer")


@pytest.mark.parametrize("redis", ["there", "away"])
async def test_the_cursor_of_a_kept_walk_tells_a_former_member_nothing(
    world: SmallWorld, monkeypatch: pytest.MonkeyPatch, redis: str
) -> None:
    tenant = await world.add_seller("walker")
    account = await tenant.add_account()
    for _ in range(2):
        await tenant.add_campaign(account)
    page = "query ($after: String) { campaigns(first: 1, after: $after, orderBy: {field: STATUS}) { %s } }"
    first = await tenant.ask(page % "pageInfo { endCursor }")
    after = {"after": first["campaigns"]["pageInfo"]["endCursor"]}
    await world.services.redis.flushdb()
    if redis == "away":
        monkeypatch.setattr(PinnedWalks, "_run", _away)
    [(_, of_member)] = _errors(await _asked(tenant, page % "nodes { id }", after))
    assert (of_member or {})["code"] == ("CURSOR_EXPIRED" if redis == "there" else "UPSTREAM_UNAVAILABLE")

    await _set(tenant, ENDS["removed"][0])
    result = await _asked(tenant, page % "nodes { id }", after)
    assert (result.data, _errors(result)) == (None, [GONE])


async def test_a_request_that_has_begun_ends_with_what_it_saw(tenant: Tenant) -> None:
    async with open_context(tenant.world.services, tenant.claims()) as context:
        await context.reading.get_viewer()
        await _set(tenant, ENDS["removed"][0])
        try:
            assert (await context.reading.get_viewer()).role == "OWNER"
            await context.start_over()
            with pytest.raises(NotAMemberError):
                await context.reading.load_calendar()
        finally:
            await _set(tenant, ENDS["removed"][1])


async def test_a_former_member_exports_nothing(tenant: Tenant) -> None:
    context = Context(tenant.world.services, tenant.claims())
    await _set(tenant, ENDS["removed"][0])
    try:
        async with open_exporter(tenant.world.services, seller_id=tenant.seller_id, user_id=tenant.user_id) as exporter:
            errors = await open_export(exporter, context, "campaigns", {})
    finally:
        await _set(tenant, ENDS["removed"][1])
    assert [(error.message, error.extensions) for error in errors] == [GONE]


@contextmanager
def _round_trips(world: SmallWorld) -> Generator[list[str]]:
    """Everything that is sent to the database, BEGIN and COMMIT included."""
    sent: list[str] = []
    engine = world.services.database.app.sync_engine

    def note(record: Any) -> None:
        sent.append(record.query)

    def listen(connection: Any, _record: object, _proxy: object) -> None:
        connection.driver_connection.add_query_logger(note)

    def leave(connection: Any, _record: object) -> None:
        connection.driver_connection.remove_query_logger(note)

    event.listen(engine, "checkout", listen)
    event.listen(engine, "checkin", leave)
    try:
        yield sent
    finally:
        event.remove(engine, "checkout", listen)
        event.remove(engine, "checkin", leave)


@pytest.mark.parametrize(
    ("operation", "round_trips"),
    [
        ("{ campaigns { nodes { id } } }", 3),
        ("{ viewer { role } }", 3),
        (WITHOUT_A_READ, 0),
    ],
)
async def test_the_membership_travels_with_begin(tenant: Tenant, operation: str, round_trips: int) -> None:
    await tenant.ask(operation)  # the driver learns the types of the arguments
    with _round_trips(tenant.world) as sent:
        await tenant.ask(operation)
    assert len(sent) == round_trips, sent


async def test_members_are_told_from_others_by_two_statements(tenant: Tenant, stranger: Tenant) -> None:
    app = tenant.world.services.database.app
    asked: list[UUID] = [stranger.user_id, tenant.user_id, new_id()]
    with _round_trips(tenant.world) as sent:
        async with read_snapshot(app, tenant.seller_id) as driver:
            assert await list_members(driver, tenant.seller_id, asked) == {tenant.user_id}
            assert not await driver.fetchval("SELECT current_setting('app.user_id', true)")
    assert len(sent) == 2 + 3, sent
    async with read_snapshot(app, tenant.seller_id) as driver:
        assert await list_members(driver, tenant.seller_id, []) == set()
        for ended, undone in ENDS.values():
            await _set(tenant, ended)
            async with read_snapshot(app, tenant.seller_id) as later:
                assert await list_members(later, tenant.seller_id, asked) == set()
            await _set(tenant, undone)
