"""The export endpoint: a whole list as a file, streamed as fast as its client reads.

Errors in a request are reported before the first byte. A later failure aborts the transfer, so that a partial file is
not taken for a complete one; so does removing the user from the seller, which the export's own snapshot can't see, and
a database that has fallen silent. An export holds a connection of the pool while it runs, so only a few run at once: it
gives back the turn of its request as soon as its caller is known, and takes one of the exports'.
"""

from __future__ import annotations

import asyncio
from functools import partial
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from starlette.requests import Request

from app.database.deadline import until_deadline, until_silent
from app.errors import NotAMemberError, UnauthenticatedError
from app.event_loop.pieces import give_way
from app.http.exports.formats import FORMATS
from app.http.graphql.body_charge import BodyCharge
from app.http.graphql.client_gone import unless_client_gone
from app.http.graphql.interruption import unless
from app.http.graphql.json_body import checked_object, read_json_body
from app.http.requests.bearer import claims_of
from app.http.requests.log_line import note_in_access_log
from app.http.requests.refusal import RequestRefused, refused_for
from app.http.requests.turns import turn_of
from app.services.limits.shares import export_of, export_turns
from app.services.reads.exports import open_exporter
from app.serving.http.unsent import hold_little_unsent
from graphql_schema.errors import ErrorCode
from graphql_schema.exports import LISTS, columns_of, open_export, rows_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from graphql import GraphQLError
    from starlette.responses import Response
    from starlette.types import Receive, Scope, Send

    from app.auth.access_tokens import AccessClaims
    from app.configuration.settings import Settings
    from app.http.exports.formats import Format
    from app.http.graphql.operation_gate import OperationGate
    from app.http.graphql.view import ContextFactory
    from app.services.limits.precedence import Precedence
    from app.services.reads.exports import Exporter
    from graphql_schema.context import Context

__all__ = ["ExportView"]

ROWS_AT_ONCE = 50  # of some 40 cells: written in a millisecond, or in five on a slow machine
STALLED_SECONDS = 30


class _ErrorsRefused(RequestRefused):
    """The request is refused with the errors that GraphQL found."""

    def __init__(self, errors: Sequence[GraphQLError]) -> None:
        self._answer = refused_for(errors)
        super().__init__(self._answer.status_code, errors[0].message)

    def response(self, media_type: str = "application/json") -> Response:
        del media_type
        return self._answer


class _File(NamedTuple):
    """What is requested: a list and a format."""

    list_name: str
    suffix: str

    @property
    def format(self) -> Format:
        return FORMATS[self.suffix]


class ExportView:
    """An ASGI application for the route /export/{file}."""

    def __init__(
        self, *, context_of: ContextFactory, gate: OperationGate, precedence: Precedence, settings: Settings
    ) -> None:
        self._context_of = context_of
        self._gate = gate
        self._precedence = precedence
        self._settings = settings
        self._turns = export_turns()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            await self._export(request, send)
        except RequestRefused as refusal:
            await refusal.response()(scope, receive, send)

    async def _export(self, request: Request, send: Send) -> None:
        file = _file_of(request)
        claims = claims_of(request, self._settings)
        pay = BodyCharge(self._gate.payer(request, claims))
        body = await read_json_body(request, max_body_bytes=self._most_bytes(claims), pay=pay)
        arguments = checked_object(body, "The body")
        async with self._context_of(request, claims) as opened:
            context = cast("Context", opened)
            caller = _caller_of(context)
            turn_of(request.scope).give_back()
            begun = asyncio.Event()
            async with (
                unless_client_gone(request.receive),
                self._turns.taken(export_of(self._settings, caller.seller_id)),
                until_deadline(self._settings.export_seconds),
                open_exporter(context.services, seller_id=caller.seller_id, user_id=caller.user_id) as exporter,
                unless(partial(until_silent, context.services.database.app)),
                unless(partial(_stay_member, context, begun)),
            ):
                with self._precedence.export():
                    await _open(exporter, context, file, arguments)
                    await self._stream(request, send, file, exporter, begun)
        # The file is complete only now, its snapshot having ended well. The client may be treated as gone from here on.
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    def _most_bytes(self, claims: AccessClaims | None) -> int:
        most = self._settings.max_body_bytes
        return most if claims else min(most, self._settings.max_anonymous_body_bytes)

    async def _stream(
        self, request: Request, send: Send, file: _File, exporter: Exporter, begun: asyncio.Event
    ) -> None:
        """Send the head and all rows. The first rows are read before the head, so that a failing statement is reported.

        Requests take precedence over each piece of work: reading some entities, and writing some rows.
        """
        columns, rows_of_entity = columns_of(file.list_name), rows_of(file.list_name)
        count, whole = 0, False
        found = await exporter.read()
        begun.set()
        hold_little_unsent(request.scope)  # it would arrive even if the caller may not read it any more
        await send({"type": "http.response.start", "status": 200, "headers": _headers(file, exporter)})
        await _send(send, file.format.start(columns))
        try:
            while found:
                rows = chain.from_iterable(map(rows_of_entity, found))
                await give_way()
                while some := list(islice(rows, ROWS_AT_ONCE)):
                    await _send(send, file.format.rows(columns, some))
                    count += len(some)
                    await give_way()
                found = await exporter.read()
            whole = True
        finally:
            note_in_access_log(request.scope, rows=count, whole=whole)


async def _open(exporter: Exporter, context: Context, file: _File, arguments: dict[str, Any]) -> None:
    errors = await open_export(exporter, context, file.list_name, arguments)
    if errors:
        raise _ErrorsRefused(errors)


async def _stay_member(context: Context, begun: asyncio.Event) -> None:
    """Raise once the caller is no longer a member: a 401 before the first byte, later an error that aborts it."""
    try:
        await context.stay_member()
    except NotAMemberError as error:
        if begun.is_set():
            raise
        raise _unauthenticated(error) from None


async def _send(send: Send, part: bytes) -> None:
    """Waits while the client has not read what was sent before. Raises TimeoutError for one that reads nothing."""
    async with asyncio.timeout(STALLED_SECONDS):
        await send({"type": "http.response.body", "body": part, "more_body": True})


def _file_of(request: Request) -> _File:
    """Raises RequestRefused with 404 or 405."""
    list_name, _, suffix = request.path_params["file"].partition(".")
    if list_name not in LISTS or suffix not in FORMATS:
        known = f"{' or '.join(LISTS)} with .{' or .'.join(FORMATS)}"
        raise RequestRefused(404, f"There is no such export; there are {known}.", code=ErrorCode.NOT_FOUND)
    if request.method != "POST":
        raise RequestRefused(405, "Use POST.", headers={"Allow": "POST"})
    return _File(list_name, suffix)


def _caller_of(context: Context) -> AccessClaims:
    """The caller. Raises RequestRefused with 401 if there is no access token."""
    try:
        return context.caller
    except UnauthenticatedError as error:
        raise _unauthenticated(error) from None


def _unauthenticated(error: UnauthenticatedError) -> RequestRefused:
    challenge = {"WWW-Authenticate": 'Bearer realm="pixecom"'}
    return RequestRefused(401, str(error), code=ErrorCode.UNAUTHENTICATED, headers=challenge)


def _headers(file: _File, exporter: Exporter) -> list[tuple[bytes, bytes]]:
    headers = {
        "Content-Type": file.format.media_type,
        "Content-Disposition": f'attachment; filename="{_file_name(file, exporter)}"',
        "Cache-Control": "no-store",
    }
    return [(name.lower().encode(), value.encode()) for name, value in headers.items()]


def _file_name(file: _File, exporter: Exporter) -> str:
    """Such as `ads_2026-03-01_2026-03-31_by_day.csv`."""
    days, granularity = exporter.days, exporter.request.granularity
    parts = [file.list_name, *([days.from_date, days.to_date] if days else ())]
    by = f"_by_{granularity.lower()}" if granularity else ""
    return f"{'_'.join(map(str, parts))}{by}.{file.suffix}"
