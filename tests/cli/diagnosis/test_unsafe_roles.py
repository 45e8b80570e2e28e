"""`pixecom api` does not start on a database URL that row-level security does not hold back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from app.cli.diagnosis.unsafe_roles import refuse_unsafe_roles_at_start
from app.embedded.ports import find_free_port
from tests.cli.running import run_pixecom

if TYPE_CHECKING:
    from app.configuration.settings import Settings
    from app.embedded.throwaway import ThrowawayDatabase


@pytest.mark.parametrize("role", ["superuser", "owner"])
def test_the_api_says_why_it_does_not_start(settings: Settings, database: ThrowawayDatabase, role: str) -> None:
    url = {"superuser": database.superuser_url, "owner": database.owner_url}[role]
    ended = run_pixecom(settings, "api", "--port", str(find_free_port()), METRICS_PORT="0", DATABASE_URL=url)

    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.splitlines()[-1] == (
        "DATABASE_URL connects as a role that row-level security does not hold back "
        "(superuser, BYPASSRLS, or owner of the tables). Use the role pixecom_app or pixecom_system."
    )


async def test_a_database_that_is_away_is_waited_for(settings: Settings) -> None:
    away = f"postgresql+asyncpg://app:hunter2@127.0.0.1:{find_free_port()}/none"
    changed = settings.model_copy(update={"database_url": SecretStr(away)})
    await refuse_unsafe_roles_at_start(changed)
