"""The login mutation."""

from datetime import datetime
from typing import Annotated

import strawberry

from app.database.deadline import until_deadline
from app.errors import UnauthenticatedError
from app.services.logins.login import log_in
from app.services.reads.request_reader import Reading
from graphql_schema.arguments.text_argument import read_text
from graphql_schema.context import Info
from graphql_schema.entities.viewer import Viewer
from graphql_schema.messages.operation_record import abandonable, record_login_of
from graphql_schema.types.user_errors import UserError, user_error

MAX_LENGTH = 1024


@strawberry.input(description="The credentials.")
class LoginInput:
    email: str = strawberry.field(description="The e-mail address, case-insensitive.")
    password: str = strawberry.field(description="The password.")
    seller: str | None = strawberry.field(
        default=None,
        description="The slug of the seller to work for. Null: the one that the user joined first.",
    )


@strawberry.type(description="The outcome of a login: an access token, or why there is none.")
class LoginPayload:
    access_token: str | None = strawberry.field(
        default=None,
        description="The access token, for the header `Authorization: Bearer …`. Keep it secret. Null: see `errors`.",
    )
    expires_at: datetime | None = strawberry.field(
        default=None,
        description="When the token expires, in UTC. Null: see `errors`.",
    )
    viewer: Viewer | None = strawberry.field(
        default=None,
        description="The user who logged in, and the seller. Null: see `errors`.",
    )
    errors: list[UserError] = strawberry.field(
        default_factory=list,
        description="Why there is no token: a CredentialsError. Empty: the login succeeded.",
    )


LoginArgument = Annotated[LoginInput, strawberry.argument(name="input", description="The credentials.")]


async def login(info: Info, input_: LoginArgument) -> LoginPayload:
    async with until_deadline(info.context.services.settings.login_seconds):
        return await _login(info, input_)


async def _login(info: Info, input_: LoginInput) -> LoginPayload:
    services = info.context.services
    try:
        with abandonable():
            result = await log_in(
                services,
                email=read_text(input_.email, "input.email", limit=MAX_LENGTH),
                password=read_text(input_.password, "input.password", limit=MAX_LENGTH),
                seller_slug=None
                if input_.seller is None
                else read_text(input_.seller, "input.seller", limit=MAX_LENGTH),
                address=info.context.client_address,
            )
    except UnauthenticatedError as error:
        return LoginPayload(errors=[user_error(error)])
    record_login_of(result.user_id, result.seller_id)
    reading = Reading(services, seller_id=result.seller_id, user_id=result.user_id)
    try:
        viewer = Viewer.of(await reading.get_viewer())
    finally:
        await reading.close()
    return LoginPayload(access_token=result.access_token, expires_at=result.expires_at, viewer=viewer)
