"""What a sync leaves out, as clients see it: which ad accounts and pages, why, and what to do about it."""

from collections.abc import Sequence
from typing import Self

import strawberry

from app.queries.lists.directory import ACCOUNTS
from app.queries.lists.fb_pages import PAGES
from app.services.work_requests.skipped_connections import WHY, LeftOut, LeftOutReason
from app.vocabulary import ConnectionKind
from graphql_schema.context import Info
from graphql_schema.entities.account import AdAccount
from graphql_schema.fb_pages.pages import Page
from graphql_schema.fields.batched import Parents, batched
from graphql_schema.types.enums import describe_enum

describe_enum(
    LeftOutReason,
    description="Why a sync skips an ad account or page. More reasons may be added.",
    **{reason.value: sentence for reason, sentence in WHY.items()},
)


async def load_account(parents: Parents, info: Info) -> list[AdAccount | None]:
    ids = [each.left_out.connection_id if each.left_out.kind is ConnectionKind.AD_ACCOUNT else None for each in parents]
    rows = await info.context.loaders.load_optional(ACCOUNTS, ids)
    return [AdAccount.of(row) if row else None for row in rows]


async def load_page(parents: Parents, info: Info) -> list[Page | None]:
    ids = [each.left_out.connection_id if each.left_out.kind is ConnectionKind.PAGE else None for each in parents]
    rows = await info.context.loaders.load_optional(PAGES, ids)
    return [Page.of(row) if row else None for row in rows]


@strawberry.type(description="An ad account or page that a sync skips.")
class SyncLeftOut:
    left_out: strawberry.Private[LeftOut]

    name: str = strawberry.field(description="Its name on the platform.")
    reason: LeftOutReason = strawberry.field(description="The reason, for programs.")
    message: str = strawberry.field(description="The reason, and what to do, for people, in English.")
    ad_account: AdAccount | None = batched(load_account, description="The ad account. Null: it is a page.")
    page: Page | None = batched(load_page, description="The page. Null: it is an ad account.")

    @classmethod
    def list_of(cls, left_out: Sequence[LeftOut]) -> list[Self]:
        return [cls(left_out=one, name=one.name, reason=one.reason, message=WHY[one.reason]) for one in left_out]
