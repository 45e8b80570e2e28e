"""Calls of Meta's Graph API: one call in, one parsed answer or one ProviderError out; lists page by page (`walks`).

It never retries, never follows or keeps a paging URL (it carries the token), and puts the token in a header: the
Graph host documents `Authorization: Bearer` (WhatsApp Cloud API), though Meta's own SDK uses the query.
Every call is spent from the account's budget before it is made, and what Meta says of its quota is noted after it.
"""

from __future__ import annotations

import json
from contextlib import aclosing
from datetime import timedelta
from decimal import Decimal
from http import HTTPStatus
from typing import TYPE_CHECKING, cast

import httpx

from app import clock
from app.errors import (
    FieldDroppedError,
    PlatformUnreachableError,
    ProviderError,
    ProviderThrottledError,
    ProviderTransientError,
    ThrottleScope,
    TooMuchDataError,
)
from app.providers.contract import UsageReading
from app.providers.meta.calls.batch_item import item_headers, read_item
from app.providers.meta.calls.envelope import sign_beside_rows
from app.providers.meta.calls.errors import (
    MetaFailure,
    as_refusal,
    find_failure,
    is_certain,
    loss_error,
    provider_error,
)
from app.providers.meta.calls.installation_faults import asked_fields
from app.providers.meta.calls.observing import observe_answer
from app.providers.meta.calls.usage import read_usage, worst_usage
from app.providers.meta.values.answer_json import parse_json
from app.providers.meta.values.node import Node, as_node
from app.providers.meta.walks.edge_walk import EdgeWalk
from app.providers.meta.walks.patience import WalkPatience
from app.providers.proxies import proxy_of
from app.providers.sync_warnings import SyncWarnings
from app.vocabulary import Subject, UseCase

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

    from app.providers.contract import CallBudget
    from app.providers.meta.calls.access import Access
    from app.providers.meta.calls.credentials import Credentials
    from app.providers.meta.calls.page_size import PageSize
    from app.providers.meta.calls.version_upgrade import VersionUpgrades
    from app.providers.meta.insights.dropped_fields import DroppedFields
    from app.providers.meta.walks.edge import Edge

_FULL = Decimal(100)
ERROR_BESIDE_ROWS = "An answer of the platform had rows and spoke of an error; the rows were read."
_MAX_PROXY_ANSWER = 100


class GraphClient:
    """Bound to one version, token, use case and budget; the pooled HTTP client is the caller's, to share and close.

    `patience` is that of its walks. `account` is the bare id of the account or page that it works for, `access` that to
    it, `dropped` are the fields that it does without; without them every refusal is believed. `warnings` names what an
    answer says beside its rows. `upgrades` notes answers in another version.
    """

    def __init__(
        self,
        client: httpx.AsyncClient,
        *,
        version_url: str,
        credentials: Credentials,
        use_case: UseCase,
        account: str | None = None,
        budget: CallBudget | None = None,
        patience: WalkPatience | None = None,
        access: Access | None = None,
        dropped: DroppedFields | None = None,
        warnings: SyncWarnings | None = None,
        upgrades: VersionUpgrades | None = None,
    ) -> None:
        self._client = client
        self._version_url = version_url
        self._budget = budget
        self._access = access
        self._dropped = dropped
        self._warnings = SyncWarnings() if warnings is None else warnings
        self._upgrades = upgrades
        self.credentials = credentials
        self.use_case = use_case
        self.account = account
        self.patience = patience or WalkPatience()

    def for_use_case(self, use_case: UseCase) -> GraphClient:
        """The same client, its calls counted under another use case."""
        return GraphClient(
            self._client,
            version_url=self._version_url,
            credentials=self.credentials,
            use_case=use_case,
            account=self.account,
            budget=self._budget,
            patience=self.patience,
            access=self._access,
            dropped=self._dropped,
            warnings=self._warnings,
            upgrades=self._upgrades,
        )

    async def get(self, path: str, params: Mapping[str, str], *, what: str, beyond_limit: bool = False) -> Node:
        """One object."""
        return as_node(await self._call("GET", path, params=params, beyond_limit=beyond_limit), what)

    async def post(self, path: str, form: Mapping[str, str], *, what: str) -> Node:
        """One object, for which Meta begins something."""
        return as_node(await self._call("POST", path, form=form), what)

    async def delete(self, path: str) -> None:
        """End something."""
        await self._call("DELETE", path)

    async def list_pages(self, edge: Edge, page_size: PageSize) -> AsyncIterator[Sequence[object]]:
        """The items of an edge as they came, by the pages that hold any. Raises as `EdgeWalk.pages` does."""
        async with aclosing(EdgeWalk(self, edge, page_size).pages()) as pages:
            async for page in pages:
                if items := page.items("data"):
                    yield items

    async def get_answer(
        self,
        path: str,
        params: Mapping[str, str],
        *,
        beyond_limit: bool,
        parse: Callable[[bytes, str], object] = parse_json,
    ) -> object:
        """Any JSON, as `parse` reads it."""
        return await self._call("GET", path, params=params, beyond_limit=beyond_limit, parse=parse)

    async def is_down(self) -> bool:
        """Whether not even the account or page itself is answered for."""
        return self._access is not None and not await self._access.is_answered(ask=self._look)

    async def post_batch(self, calls: Sequence[Mapping[str, str]], *, beyond_limit: bool = False) -> Sequence[object]:
        """The items of one batch call; each item counts as a call. The root's path ends in a slash.

        Where the batch is a probe, its first item is sent alone, and the others only if that was not throttled: there
        are fewer items then.
        """
        if not await self._spend(len(calls), beyond_limit=beyond_limit):
            return await self._batch(calls)
        items = await self._batch(calls[:1], is_probe=True)
        if len(calls) == 1 or any(map(self._is_throttled, items)):
            return items
        return [*items, *await self._batch(calls[1:])]

    async def note_throttle(self, error: ProviderThrottledError) -> None:
        """Let all who share the budget wait until the throttle ends; what is a guess in the error becomes theirs."""
        wait = timedelta(0) if error.is_guess else max(error.retry_at - clock.now(), timedelta(0))
        usage = UsageReading(percent=_FULL, regain_wait=wait, is_refusal=True)
        narrow = error.scope is ThrottleScope.USE_CASE
        use_case = (error.use_case or self.use_case) if narrow else None
        until = None
        if self._budget is not None:
            until = await self._budget.note_usage(use_case, usage, of_app=error.scope is ThrottleScope.APP)
        if error.is_guess and until is not None:
            error.retry_at = until

    def _is_throttled(self, item: object) -> bool:
        answer = read_item(item, credentials=self.credentials, use_case=self.use_case, account=self.account)
        return isinstance(answer, ProviderThrottledError)

    async def _batch(self, calls: Sequence[Mapping[str, str]], *, is_probe: bool = False) -> Sequence[object]:
        form = {"batch": json.dumps(calls, separators=(",", ":")), **self.credentials.form_fields()}
        answer = await self._answer_of("POST", "", form=form)
        if not isinstance(answer, list):
            raise ProviderTransientError("Meta's answer can't be read: the batch is not a list")
        items = cast("list[object]", answer)
        usage = worst_usage(self._usage(item_headers(item)) for item in items)
        await self._note(usage, answers_probe=is_probe and not any(map(self._is_throttled, items)))
        return items

    async def _spend(self, calls: int = 1, *, beyond_limit: bool = False) -> bool:
        """Whether the calls are a probe."""
        if self._budget is None:
            return False
        return await self._budget.spend(self.use_case, calls, beyond_limit=beyond_limit)

    async def _call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        beyond_limit: bool = False,
        parse: Callable[[bytes, str], object] = parse_json,
    ) -> object:
        while True:
            is_probe = await self._spend(beyond_limit=beyond_limit)
            try:
                return await self._answer_of(
                    method,
                    path,
                    params=self._offered(params),
                    form=self._offered(form),
                    parse=parse,
                    is_probe=is_probe,
                )
            except FieldDroppedError as error:
                if self._dropped is None or not self._dropped.note(error, params or form or {}):
                    raise

    def _offered(self, fields: Mapping[str, str] | None) -> Mapping[str, str] | None:
        return fields if fields is None or self._dropped is None else self._dropped.without(fields)

    async def _answer_of(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        parse: Callable[[bytes, str], object] = parse_json,
        is_probe: bool = False,
    ) -> object:
        failure: MetaFailure | None = None
        asked = {**(params or {}), **(form or {})}
        try:
            with observe_answer(self.use_case):
                response = await self._request(method, path, params=params, form=form)
                usage = self._usage(response.headers)
                try:
                    answer = self._read(response, parse)
                except ProviderTransientError:
                    await self._note(usage)
                    raise
                if isinstance(answer, MetaFailure):
                    failure = answer._replace(asked=asked_fields(asked))
                    raise await self._noted_error(failure, response, is_probe=is_probe)
                await self._note(usage, answers_probe=is_probe)
                return answer
        except ProviderError as error:
            if failure is None:
                raise
            raise await self._settled(error, failure, path, asked) from None

    async def _request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        try:
            response = await self._client.request(
                method,
                f"{self._version_url}/{path}",
                params={**(params or {}), **self.credentials.query()},
                data=form,
                headers=self.credentials.headers(),
            )
        except httpx.RequestError as error:
            # From None: the original carries the request, and with it the token.
            raise self._unreachable(error) from None
        if self._upgrades is not None:
            self._upgrades.note(response.headers)
        if response.status_code == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:  # never Graph's own
            raise PlatformUnreachableError(self._stopped(f"{response.status_code} {response.reason_phrase}"))
        return response

    def _unreachable(self, error: httpx.RequestError) -> ProviderError:
        """An insights query that is not answered in the client's whole patience is too large to be answered at once."""
        if isinstance(error, httpx.ProxyError):
            return PlatformUnreachableError(self._stopped(str(error)))
        proxy = proxy_of(self._version_url)
        text = f"Meta could not be reached{f' through the proxy {proxy}' if proxy else ''}: {type(error).__name__}"
        if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
            return PlatformUnreachableError(text)
        if isinstance(error, httpx.ReadTimeout) and self.use_case is UseCase.ADS_INSIGHTS:
            return TooMuchDataError(text)
        return ProviderTransientError(text)

    def _stopped(self, answer: str) -> str:
        """That a proxy let the call not pass. `answer` is its status and phrase."""
        proxy = proxy_of(self._version_url)
        said = self.credentials.without_secrets(answer.strip(), _MAX_PROXY_ANSWER)
        return (
            f"Meta could not be reached through {f'the proxy {proxy}' if proxy else 'a proxy'}, which answered {said}"
        )

    def _usage(self, headers: Mapping[str, str]) -> Mapping[UseCase, UsageReading]:
        return read_usage(headers, self.use_case, account=self.account)

    async def _note(self, usage: Mapping[UseCase, UsageReading], *, answers_probe: bool = False) -> None:
        """What an answer says of the quotas, each of which pauses its own use case."""
        if self._budget is None:
            return
        for use_case, reading in usage.items():
            is_answer = answers_probe and use_case is self.use_case
            if reading.percent or reading.regain_wait or is_answer:
                await self._budget.note_usage(use_case, reading, answers_probe=is_answer)

    def _read(self, response: httpx.Response, parse: Callable[[bytes, str], object]) -> object | MetaFailure:
        try:
            value = parse(response.content, "the body")
        except ProviderTransientError:
            if response.is_success:
                raise
            return self._silent(response)
        if isinstance(value, dict):
            body = as_node(cast("object", value), "the body")
            failure = find_failure(response.status_code, body)
            if failure is not None:
                return failure
            self._note_signs(body)
        return cast("object", value) if response.is_success else self._silent(response)

    def _note_signs(self, body: Node) -> None:
        if signs := sign_beside_rows(body):
            subject = Subject.PAGE if self.use_case is UseCase.PAGES else Subject.ACCOUNT
            self._warnings.note(subject, ERROR_BESIDE_ROWS, found=self.credentials.without_secrets(json.dumps(signs)))

    async def _noted_error(self, failure: MetaFailure, response: httpx.Response, *, is_probe: bool) -> ProviderError:
        """The error of a refused call, which all who share the budget have learnt from."""
        error = provider_error(
            failure,
            headers=response.headers,
            credentials=self.credentials,
            use_case=self.use_case,
            account=self.account,
        )
        if isinstance(error, ProviderThrottledError):
            await self.note_throttle(error)
        else:
            is_passing = isinstance(error, ProviderTransientError)
            await self._note(self._usage(response.headers), answers_probe=is_probe and not is_passing)
        return error

    async def _settled(
        self, error: ProviderError, failure: MetaFailure, path: str, params: Mapping[str, str]
    ) -> ProviderError:
        """The error of a refused call, once it is known whether access is lost."""
        if self._access is None or is_certain(failure):
            return error
        pause = self.patience.pause_before_second_look
        loss = await self._access.find_loss(failure, path, params, ask=self._look, pause=pause)
        return as_refusal(error) if loss is None else loss_error(loss, failure, self.credentials)

    async def _look(self, path: str, params: Mapping[str, str]) -> Node | MetaFailure | None:
        try:
            is_probe = await self._spend(beyond_limit=True)
            response = await self._request("GET", path, params=params)
            answer = self._read(response, parse_json)
            is_refused = isinstance(answer, MetaFailure)
            await self._note(self._usage(response.headers), answers_probe=is_probe and not is_refused)
            return answer if isinstance(answer, MetaFailure) else _as_graphs(answer)
        except ProviderError:
            return None

    @staticmethod
    def _silent(response: httpx.Response) -> MetaFailure:
        return MetaFailure(http_status=response.status_code, message="", is_graphs=False)


def _as_graphs(answer: object) -> Node | None:
    """An object or a list of Graph's; None where it is neither, such as the greeting of a proxy."""
    node = as_node(answer, "the account or page")
    return None if node.fields.keys().isdisjoint({"id", "data"}) else node
