"""The rotateToken mutation: give a connection another access token."""

from typing import Annotated
from uuid import UUID

import strawberry
from pydantic import SecretStr

from app.errors import InputError, NotFoundError, TokenRejectedError
from app.queries.lists.directory import ACCOUNTS
from app.queries.lists.fb_pages import PAGES
from app.services.connections.token_rotation import rotate_token as rotate
from app.vocabulary import ConnectionKind
from graphql_schema.arguments.text_argument import read_text
from graphql_schema.context import Info
from graphql_schema.entities.account import AdAccount
from graphql_schema.fb_pages.pages import Page
from graphql_schema.fields.batched import Parents, batched
from graphql_schema.messages.operation_record import record_run_of
from graphql_schema.mutations.enqueue_sync import load_runs
from graphql_schema.runs.runs import SyncRun
from graphql_schema.types.global_id import GlobalId, read_global_id
from graphql_schema.types.permissions import Permission
from graphql_schema.types.user_errors import UserError, user_error

CONNECTION = "input.connectionId"
TOKEN = "input.accessToken"  # noqa: S105  # an argument, not a token
MAX_LENGTH = 4096
# What the platform is asked about the token, and what was missed meanwhile: some days at four levels.
JOBS = 8
KINDS = {AdAccount.__name__: ConnectionKind.AD_ACCOUNT, Page.__name__: ConnectionKind.PAGE}


@strawberry.input(description="The connection and its new token.")
class RotateTokenInput:
    connection_id: strawberry.ID = strawberry.field(description="Global id of an ad account or of a page.")
    access_token: str = strawberry.field(
        description=f"The new token, as issued by the platform; 1 to {MAX_LENGTH} characters. Send it in a variable. "
        "It is stored encrypted and never shown again.",
    )


async def load_account(parents: Parents, info: Info) -> list[AdAccount | None]:
    rows = await info.context.loaders.load_optional(ACCOUNTS, [payload.account_id for payload in parents])
    return [AdAccount.of(row) if row else None for row in rows]


async def load_page(parents: Parents, info: Info) -> list[Page | None]:
    rows = await info.context.loaders.load_optional(PAGES, [payload.page_id for payload in parents])
    return [Page.of(row) if row else None for row in rows]


@strawberry.type(description="The outcome of replacing a token.")
class RotateTokenPayload:
    account_id: strawberry.Private[UUID | None] = None
    page_id: strawberry.Private[UUID | None] = None
    run_id: strawberry.Private[UUID | None] = None

    ad_account: AdAccount | None = batched(
        load_account,
        description="The ad account, now healthy. Null: the connection is a page, or see `errors`.",
    )
    page: Page | None = batched(
        load_page,
        description="The page, now healthy. Null: the connection is an ad account, or see `errors`.",
    )
    run: SyncRun | None = batched(
        load_runs,
        description="The run that fetches what was missed since the platform rejected the old token. Null: the "
        "connection is deactivated, or see `errors`.",
    )
    errors: list[UserError] = strawberry.field(
        default_factory=list,
        description="Why the old token was kept: a TokenRefusedError if the platform rejects the new one, in general "
        "or for this ad account or page; a NotFoundError if there is no such connection. Empty: the new token is "
        "stored.",
    )


RotateTokenArgument = Annotated[
    RotateTokenInput,
    strawberry.argument(name="input", description="The connection and its new token."),
]


async def rotate_token(info: Info, input_: RotateTokenArgument) -> RotateTokenPayload:
    member = await info.context.member_with(Permission.CONNECT)
    connection = _read_connection(input_.connection_id)
    kind = KINDS[connection.type_name]
    token = _read_token(input_.access_token)
    await info.context.allowance.take(JOBS)
    try:
        run = await rotate(
            info.context.services,
            seller_id=member.seller_id,
            connection_id=connection.id,
            kind=kind,
            access_token=token,
            actor_id=member.user_id,
        )
    except NotFoundError as error:
        return RotateTokenPayload(errors=[user_error(error, path=CONNECTION)])
    except TokenRejectedError as error:
        return RotateTokenPayload(errors=[user_error(error, path=TOKEN)])
    record_run_of(run.run_id if run else None)
    return RotateTokenPayload(
        account_id=connection.id if kind is ConnectionKind.AD_ACCOUNT else None,
        page_id=connection.id if kind is ConnectionKind.PAGE else None,
        run_id=run.run_id if run else None,
    )


def _read_connection(text: str) -> GlobalId:
    found = read_global_id(text, CONNECTION)
    if found.type_name not in KINDS:
        raise InputError(CONNECTION, "must be the id of an AdAccount or of a Page")
    return found


def _read_token(text: str) -> SecretStr:
    token = read_text(text, TOKEN, limit=MAX_LENGTH).strip()
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise InputError(TOKEN, "is no access token")
    return SecretStr(token)
