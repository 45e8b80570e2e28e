"""Calls of Meta's Graph API: one call in, one parsed answer or one ProviderError out; lists page by page.

It never retries, never follows or keeps a paging URL (it carries the token), and puts the token in a header: the
Graph host documents `Authorization: Bearer` (WhatsApp Cloud API), though Meta's own SDK uses the query.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import httpx

from app.errors import ProviderTransientError, TooMuchDataError
from app.providers.meta.errors import PAGE_TOO_HEAVY, MetaFailure, provider_error, read_failure
from app.providers.meta.node import Node, as_node, parse_json

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from app.errors import ProviderError
    from app.providers.meta.credentials import Credentials

SMALLEST_PAGE = 25


class GraphClient:
    """Bound to one version and one token; the pooled HTTP client is the caller's, to share and to close."""

    def __init__(self, client: httpx.AsyncClient, *, version_url: str, credentials: Credentials) -> None:
        self._client = client
        self._version_url = version_url
        self.credentials = credentials

    async def get(self, path: str, params: Mapping[str, str], *, what: str) -> Node:
        """One object."""
        return as_node(await self._call("GET", path, params=params), what)

    async def list_pages(
        self,
        path: str,
        params: Mapping[str, str],
        *,
        what: str,
        page_size: int,
    ) -> AsyncIterator[Sequence[Node]]:
        """The pages of an edge that hold anything, to the end: the absence of `paging.next`.

        `after` stands on the last page too. A page that Meta calls too heavy is asked for again at half the size
        and with the same cursor, and the size stays; under SMALLEST_PAGE the TooMuchDataError is raised.
        """
        after: str | None = None
        while True:
            try:
                page = await self.get(path, _page_params(params, page_size, after), what=what)
            except TooMuchDataError as error:
                page_size //= 2
                if error.code != PAGE_TOO_HEAVY or page_size < SMALLEST_PAGE:
                    raise
                continue
            if page.fields.get("data") is None:
                raise page.misshapen("data", "is missing")
            if items := page.children("data"):
                yield items
            following = _next_cursor(page)
            if following is None:
                return
            if following == after:
                raise page.misshapen("paging", "does not move on")
            after = following

    async def post_batch(self, batch: str) -> object:
        """The answer to one batch call; the root's path ends in a slash."""
        form = {"batch": batch, **self.credentials.form_fields()}
        return await self._call("POST", "", params={}, form=form)

    async def _call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str],
        form: Mapping[str, str] | None = None,
    ) -> object:
        try:
            response = await self._client.request(
                method,
                f"{self._version_url}/{path}",
                params={**params, **self.credentials.query()},
                data=form,
                headers=self.credentials.headers(),
            )
        except httpx.RequestError as error:
            # From None: the original carries the request, and with it the token.
            raise ProviderTransientError(f"Meta could not be reached: {type(error).__name__}") from None
        return self._answer(response)

    def _answer(self, response: httpx.Response) -> object:
        try:
            value = parse_json(response.content, "the body")
        except ProviderTransientError:
            if response.is_success:
                raise
            raise self._error(response, self._silent(response)) from None
        if isinstance(value, dict):
            envelope = as_node(cast("object", value), "the body").child("error")
            if envelope is not None:
                raise self._error(response, read_failure(response.status_code, envelope))
        if not response.is_success:
            raise self._error(response, self._silent(response))
        return cast("object", value)

    def _error(self, response: httpx.Response, failure: MetaFailure) -> ProviderError:
        return provider_error(failure, headers=response.headers, credentials=self.credentials)

    @staticmethod
    def _silent(response: httpx.Response) -> MetaFailure:
        return MetaFailure(http_status=response.status_code, message="the answer has no error that can be read")


def _page_params(params: Mapping[str, str], page_size: int, after: str | None) -> Mapping[str, str]:
    return {**params, "limit": str(page_size), **({"after": after} if after else {})}


def _next_cursor(page: Node) -> str | None:
    paging = page.child("paging")
    if paging is None or paging.optional_text("next") is None:
        return None
    cursors = paging.child("cursors")
    if cursors is None:
        raise paging.misshapen("cursors", "is missing though there is a next page")
    return cursors.text("after")
