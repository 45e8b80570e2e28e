"""Nothing that a sync, well or failing, writes to logs or rows holds an access token."""

from __future__ import annotations

import io
import logging
from typing import TYPE_CHECKING

from pydantic import SecretStr

from app.configuration.settings import LogFormat
from app.observability.logging import configure_logging
from app.services.connections.token_renewal import renew_token
from tests.services.shop import add_seller, sandbox_for
from tests.services.working import fetch_work, make_all_due, work_until_idle

if TYPE_CHECKING:
    import pytest

    from app.services.context import Services

TOKEN = "token-of-1"
RENEWED = "a-token-that-nobody-knows"
TOKENS = (TOKEN, RENEWED)
_TABLES = """
SELECT c.relname
FROM pg_class AS c
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relnamespace = 'public'::regnamespace
  AND has_table_privilege(c.oid, 'SELECT')
ORDER BY 1
"""


async def test_no_log_line_and_no_row_holds_the_token(services: Services, caplog: pytest.LogCaptureFixture) -> None:
    written = io.StringIO()
    configure_logging(level="DEBUG", log_format=LogFormat.JSON, process="tests")
    handler = logging.StreamHandler(written)
    root = logging.getLogger()
    handler.setFormatter(root.handlers[0].formatter)
    root.addHandler(handler)
    try:
        await sync_well_and_badly(services)
    finally:
        configure_logging(process="tests", log_format=LogFormat.JSON)
    lines = written.getvalue()
    assert (
        lines.count('"event": "job ends"') == 24 + 4 + 1 + 1 + 1
    )  # syncs, one of them of the renewal, two structures, a refresh
    assert '"event": "job failed"' in lines
    for token in TOKENS:
        assert token not in lines
        assert token not in caplog.text


async def sync_well_and_badly(services: Services) -> None:
    seller_id = await add_seller(services)
    with sandbox_for(services, seller_id) as shop:
        connection_id = await shop.connect()
        await shop.sync()
        for fault in (
            {"code": 2, "http_status": 500, "message": f"access_token={TOKEN} was odd", "transient": True},
            {"code": 100, "message": f"the token {TOKEN} may not"},
            {"code": 190, "message": f"the token {TOKEN} has expired"},
        ):
            await shop.disarm()
            await shop.arm({"match": {"edge": "insights"}, "times": None, **fault})
            await shop.sync()
            for _ in range(2):
                await make_all_due(services)
                await work_until_idle(shop.services)
        assert await shop.value("SELECT health FROM fb_connections") == "UNHEALTHY"
        await shop.disarm()
        await renew_token(shop.services, seller_id, connection_id, SecretStr(RENEWED))
        assert await shop.value("SELECT health FROM fb_connections") == "HEALTHY"
        await work_until_idle(shop.services)
        assert await shop.value("SELECT health FROM fb_connections") == "UNHEALTHY"
        for table in [row[0] for row in await shop.rows(_TABLES)]:
            for token in TOKENS:
                assert await shop.rows(f"SELECT t::text FROM {table} AS t WHERE t::text LIKE $1", f"%{token}%") == []
        reasons = await fetch_work(services, "SELECT DISTINCT error_reason FROM jobs WHERE error_reason IS NOT NULL")
        assert len(reasons) >= 3
