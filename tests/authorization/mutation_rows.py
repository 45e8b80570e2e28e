"""The rows of mutations. Each may be carried out again and again: what one uses up is made new before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.identifiers import new_id
from graphql_schema.types.global_id import global_id
from graphql_schema.types.permissions import Permission
from tests.authorization.planting import DAY, add_work
from tests.authorization.rows import Ids, Row
from tests.sandbox.small_world import TOKEN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.authorization.world import Stage

_NOT_FOUND = [{"code": "NOT_FOUND"}]


def _run_of(state: str):  # noqa: ANN202  # the row's field says it
    async def prepare(stage: Stage) -> Ids:
        made = await add_work(stage.ours.tenant, f"another {new_id()}", stage.ours.keys["AdAccount"], state=state)
        return {**stage.ours.ids, "SyncRun": global_id("SyncRun", made["SyncRun"])}

    return prepare


def _nothing_succeeded(ids: Mapping[str, str]) -> object:
    failed = [{"entityId": ids["Campaign"], "code": "NOT_FOUND"}]
    return {"setStatus": {"succeeded": [], "failed": failed, "errors": []}}


MUTATIONS: dict[str, Row] = {
    "login": Row(
        document="""mutation { login(input: {email: "nobody@shop.test", password: "wrong"}) {
          accessToken viewer { role } errors { code } } }""",
        needs=None,
        data=lambda _: {"login": {"accessToken": None, "viewer": None, "errors": [{"code": "UNAUTHENTICATED"}]}},
    ),
    "setStatus": Row(
        document="""mutation ($ids: [ID!]!) { setStatus(input: {level: CAMPAIGN, ids: $ids, action: PAUSE}) {
          succeeded failed { entityId code } errors { code } } }""",
        needs=Permission.CHANGE_STATUS,
        variables=lambda ids: {"ids": [ids["Campaign"]]},
        data=lambda sight: {"setStatus": {"succeeded": [sight.ids["Campaign"]], "failed": [], "errors": []}},
        stranger=_nothing_succeeded,
        asks_meta=True,
    ),
    "enqueueSync": Row(
        document="""mutation ($ids: [ID!]) { enqueueSync(input: {adAccountIds: $ids}) {
          run { origin } errors { code } } }""",
        needs=Permission.SYNC,
        variables=lambda ids: {"ids": [ids["AdAccount"]]},
        data=lambda _: {"enqueueSync": {"run": {"origin": "MANUAL"}, "errors": []}},
        stranger=lambda _: {"enqueueSync": {"run": None, "errors": _NOT_FOUND}},
    ),
    "backfill": Row(
        document=f"""mutation ($ids: [ID!]) {{
          backfill(input: {{from: "{DAY}", to: "{DAY}", adAccountIds: $ids}}) {{ run {{ origin }} errors {{ code }} }}
        }}""",
        needs=Permission.SYNC,
        variables=lambda ids: {"ids": [ids["AdAccount"]]},
        data=lambda _: {"backfill": {"run": {"origin": "BACKFILL"}, "errors": []}},
        stranger=lambda _: {"backfill": {"run": None, "errors": _NOT_FOUND}},
    ),
    "cancelSync": Row(
        document="""mutation ($id: ID!) { cancelSync(input: {runId: $id}) {
          jobsCancelled run { id } errors { code } } }""",
        needs=Permission.SYNC,
        prepare=_run_of("RUNNING"),
        variables=lambda ids: {"id": ids["SyncRun"]},
        data=lambda sight: {"cancelSync": {"jobsCancelled": 1, "run": {"id": sight.ids["SyncRun"]}, "errors": []}},
        stranger=lambda _: {"cancelSync": {"jobsCancelled": 0, "run": None, "errors": _NOT_FOUND}},
    ),
    "retrySync": Row(
        document="""mutation ($id: ID!) { retrySync(input: {runId: $id}) {
          run { retryOf { id } } errors { code } } }""",
        needs=Permission.SYNC,
        prepare=_run_of("FAILED"),
        variables=lambda ids: {"id": ids["SyncRun"]},
        data=lambda sight: {"retrySync": {"run": {"retryOf": {"id": sight.ids["SyncRun"]}}, "errors": []}},
        stranger=lambda _: {"retrySync": {"run": None, "errors": _NOT_FOUND}},
    ),
    "rotateToken": Row(
        document="""mutation ($id: ID!, $token: String!) {
          rotateToken(input: {connectionId: $id, accessToken: $token}) { adAccount { id } errors { code } } }""",
        needs=Permission.CONNECT,
        variables=lambda ids: {"id": ids["AdAccount"], "token": TOKEN},
        data=lambda sight: {"rotateToken": {"adAccount": {"id": sight.ids["AdAccount"]}, "errors": []}},
        stranger=lambda _: {"rotateToken": {"adAccount": None, "errors": _NOT_FOUND}},
        asks_meta=True,
    ),
}
