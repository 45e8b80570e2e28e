from __future__ import annotations

import hashlib
import hmac
import logging
import traceback
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from app.errors import ProviderError
from app.metrics.levels import Level
from app.observability.logging import MASK
from app.providers.contract import EntityStatus
from app.providers.meta.calls.credentials import Credentials

if TYPE_CHECKING:
    from app.providers.meta.provider import MetaProvider
    from tests.providers.conftest import ScriptedGraph

# As tests/providers/conftest.py gives them to the providers.
TOKEN = "EAAscriptedtoken0123456789abcdef"
APP_SECRET = "0123456789abcdef-app-secret"
PROOF = hmac.new(APP_SECRET.encode(), TOKEN.encode(), hashlib.sha256).hexdigest()
ACCOUNT: dict[str, object] = {"account_status": 1, "currency": "USD", "timezone_name": "UTC"}


async def test_the_token_travels_in_a_header_and_never_in_a_url(
    meta_with_proof: MetaProvider,
    graph: ScriptedGraph,
) -> None:
    graph.answer(ACCOUNT)
    graph.answer_pages([{"id": "1", "name": "n", "status": "ACTIVE"}], [])
    graph.answer([{"code": 200, "body": '{"success":true}'}])
    async for _page in meta_with_proof.list_campaigns():
        pass
    await meta_with_proof.set_status(Level.CAMPAIGN, ["1"], EntityStatus.ACTIVE)

    assert len(graph.calls) == 4
    for call in graph.calls:
        assert call.headers["authorization"] == f"Bearer {TOKEN}"
        assert call.query["appsecret_proof"] == PROOF
        assert TOKEN not in call.url
    assert graph.calls[-1].form["access_token"] == TOKEN
    assert "access_token" not in "".join(call.url for call in graph.calls)


async def test_without_an_app_secret_there_is_no_proof(meta: MetaProvider, graph: ScriptedGraph) -> None:
    graph.answer(ACCOUNT)
    await meta.get_account()

    assert "appsecret_proof" not in graph.calls[0].query


async def test_no_secret_in_any_log_record_error_or_repr(
    meta_with_proof: MetaProvider,
    graph: ScriptedGraph,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    leaky = f"Malformed access token {TOKEN} of {APP_SECRET} at /me?access_token={TOKEN}&appsecret_proof={PROOF}"
    texts = [repr(meta_with_proof), repr(vars(meta_with_proof)), repr(Credentials(SecretStr(TOKEN), None))]
    graph.answer(ACCOUNT)
    graph.answer_pages([{"id": "1", "name": "n", "status": "ACTIVE"}], [])
    async for _page in meta_with_proof.list_campaigns():
        pass
    for code in (4, 2, 190, 10, 100):
        graph.answer_error(code, message=leaky)
        with pytest.raises(ProviderError) as raised:
            await meta_with_proof.get_account()
        texts += ["".join(traceback.format_exception(raised.value)), repr(raised.value), repr(raised.value.args)]
    graph.answer([{"code": 400, "body": '{"error":{"code":100,"message":"bad ' + TOKEN + '"}}'}])
    texts.append(repr(await meta_with_proof.set_status(Level.AD, ["1"], EntityStatus.ACTIVE)))

    assert f"Malformed access token {MASK} of {MASK}" in texts[-2]
    assert caplog.records
    records = [repr(vars(record)) + record.getMessage() for record in caplog.records]
    for text in (*texts, *records):
        assert TOKEN not in text
        assert APP_SECRET not in text
    for text in texts:
        assert PROOF not in text


def test_another_apps_token_is_masked_too() -> None:
    credentials = Credentials(SecretStr("ours"), SecretStr("app-key"))

    assert credentials.without_secrets("got EAAGm0PX4ZCpsBAKabcdef here, not ours") == f"got {MASK} here, not {MASK}"
