"""Whatever is served has a row: a new field, type, export, route or table without one fails here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import Mount, Route, WebSocketRoute

from app.database.tables import metadata
from app.http.application import create_application
from graphql_schema.exports import LISTS
from tests.authorization.callers import CALLERS
from tests.authorization.id_places import SCHEMA, id_places, node_types
from tests.authorization.mutation_rows import MUTATIONS
from tests.authorization.planting import free_texts
from tests.authorization.route_rows import EXPORTS, GUARDED_ROUTES, OPEN_ROUTES
from tests.authorization.rows import NODE_TEXTS, QUERIES
from tests.authorization.subscription_rows import SUBSCRIPTIONS
from tests.authorization.test_matrix import ROWS

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

    from graphql import GraphQLObjectType

    from app.configuration.settings import Settings
    from tests.authorization.world import Stage

PLACE = "tests/authorization/"


def fields(root: GraphQLObjectType | None) -> list[str]:
    assert root is not None
    return list(root.fields)


def missing(what: str, served: Iterable[str], rows: Container[str], where: str) -> list[str]:
    return [f"{what} {name} has no row: add one to {PLACE}{where}" for name in served if name not in rows]


def test_every_field_type_and_export_has_a_row() -> None:
    by_types = {"node", "nodes"}  # each node type has rows of both
    assert [
        *missing("Query field", fields(SCHEMA.query_type), QUERIES | dict.fromkeys(by_types), "rows.py, QUERIES"),
        *missing("Mutation", fields(SCHEMA.mutation_type), MUTATIONS, "mutation_rows.py, MUTATIONS"),
        *missing(
            "Subscription", fields(SCHEMA.subscription_type), SUBSCRIPTIONS, "subscription_rows.py, SUBSCRIPTIONS"
        ),
        *missing("Node type", node_types(), NODE_TEXTS, "rows.py, NODE_TEXTS, and a thing of it to planting.py"),
        *missing("Export", LISTS, EXPORTS, "route_rows.py, EXPORTS"),
    ] == []


def test_no_row_is_of_what_is_served_no_longer() -> None:
    assert QUERIES.keys() - fields(SCHEMA.query_type) == set()
    assert MUTATIONS.keys() - fields(SCHEMA.mutation_type) == set()
    assert SUBSCRIPTIONS.keys() - fields(SCHEMA.subscription_type) == set()
    assert NODE_TEXTS.keys() - set(node_types()) == set()


def test_every_route_has_a_row(settings: Settings) -> None:
    routes = create_application(settings).routes
    assert all(isinstance(route, Mount | Route | WebSocketRoute) for route in routes)
    served = [route.path for route in routes if isinstance(route, Mount | Route | WebSocketRoute)]
    assert missing("Route", served, OPEN_ROUTES | GUARDED_ROUTES, "route_rows.py") == []


def test_it_is_known_which_ids_every_place_takes() -> None:
    unknown = [f"{place}: say in {PLACE}id_places.py which ids it takes" for place in id_places() if not place.types]
    assert unknown == []


def test_callers_and_rows_have_names_of_their_own() -> None:
    assert len({caller.name for caller in CALLERS}) == len(CALLERS)
    assert len(CALLERS) * len(ROWS) > 1000


async def test_the_other_seller_has_rows_everywhere_and_the_canary_in_every_text(stage: Stage) -> None:
    planted = stage.theirs
    without: list[str] = []
    for table in metadata.sorted_tables:
        owner = "id" if table.name == "sellers" else "seller_id"
        if owner not in table.columns:
            continue
        for column in [None, *free_texts(table)]:
            condition = f"AND {column} LIKE '%' || $2 || '%'" if column else "AND $2 <> ''"
            found = await stage.world.read(
                f"SELECT count(*) FROM {table.name} WHERE {owner} = $1 {condition}",
                *(planted.tenant.seller_id, planted.canary),
            )
            without += [] if found else [f"{table.name}.{column or '*'}"]
    assert without == []
