"""Who may do what: every root field and every node type of the schema, times every kind of caller.

`callers.py` says who asks and what that makes them, `rows.py` and `mutation_rows.py` what is asked for and who may. A
cell of the two is either allowed, with exactly the right data, or refused in exactly the right words; a refused one
leaves no trace in the database and asks nothing of Meta. `test_exports.py`, `test_routes.py` and
`test_subscriptions.py` do the same for what is no GraphQL over HTTP, `test_stolen_ids.py` for ids of other sellers in
every place that takes one. `test_completeness.py` fails for whatever is served and has no row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from app.http.requests.negotiation import GRAPHQL_RESPONSE, JSON
from tests.authorization.callers import CALLERS, Member
from tests.authorization.judging import check_discretion, check_refusal, nothing_happens, refusal_of
from tests.authorization.mutation_rows import MUTATIONS
from tests.authorization.requests import ask
from tests.authorization.rows import FIELDS, META_FIELDS, NODE_TEXTS, QUERIES, Sight, node_rows

if TYPE_CHECKING:
    from tests.authorization.callers import Caller
    from tests.authorization.rows import Ids, Row
    from tests.authorization.world import Stage

ROWS = {
    **QUERIES,
    **META_FIELDS,
    **FIELDS,
    **MUTATIONS,
    **{name: row for type_name in NODE_TEXTS for name, row in node_rows(type_name).items()},
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
@pytest.mark.parametrize("caller", CALLERS, ids=[caller.name for caller in CALLERS])
async def test_cell(stage: Stage, row: Row, caller: Caller) -> None:
    await stage.forget_limits()
    ids = await row.prepare(stage)
    refusal = refusal_of(caller.standing, row.needs)
    if refusal is None:
        await check_allowed(stage, row, caller, ids)
        return
    async with nothing_happens(stage):
        answers = {
            media_type: await ask(stage, caller, row.document, row.variables(ids), accept=media_type)
            for media_type in (GRAPHQL_RESPONSE, JSON)
        }
    for media_type, response in answers.items():
        check_discretion(response, stage, caller.standing, allowed=False)
        check_refusal(response, refusal, media_type)


async def check_allowed(stage: Stage, row: Row, caller: Caller, ids: Ids) -> None:
    calls = len(stage.meta_calls)
    response = await ask(stage, caller, row.document, row.variables(ids), accept=GRAPHQL_RESPONSE)
    assert response.status_code == 200, response.text
    body = response.json()
    assert "errors" not in body, body["errors"]
    assert body["data"] == expected(stage, row, caller, ids)
    check_discretion(response, stage, caller.standing, allowed=True)
    of_ours = isinstance(caller.standing, Member) and caller.standing.of_ours
    assert (len(stage.meta_calls) > calls) == (row.asks_meta and of_ours)


def expected(stage: Stage, row: Row, caller: Caller, ids: Ids) -> object:
    who = caller.standing if isinstance(caller.standing, Member) else Member("", "")
    if row.stranger is not None and not who.of_ours:
        return row.stranger(ids)
    return row.data(Sight(who.side(stage), who.user, who.role, ids))
