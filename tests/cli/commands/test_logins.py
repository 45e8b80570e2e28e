"""`logins` reads the trail as the system role: newest first, by address, outcome and time."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console

from app.auth.account_digest import account_digest
from app.cli.reports.login_report import print_logins
from app.database.transactions import login_record_transaction
from app.identifiers import new_id
from app.queries.logins.trail import LoginEvent, NewLoginEvent, insert_login_event
from app.services.context import open_services
from app.vocabulary import LoginOutcome
from graphql_schema.types.global_id import global_id
from tests.cli.running import run_pixecom
from tests.database.opening import opened_engine
from tests.graphql_schema.small_world import SmallWorld

if TYPE_CHECKING:
    from app.configuration.settings import Settings
    from app.embedded.throwaway import ThrowawayDatabase

ANNA, BERT = "anna@shop.example", "bert@shop.example"
# Oldest first.
ATTEMPTS = (
    (ANNA, LoginOutcome.WRONG, "192.0.2.1"),
    (ANNA, LoginOutcome.LIMITED, "192.0.2.1"),
    (BERT, LoginOutcome.WRONG, "192.0.2.2"),
    (BERT, LoginOutcome.SUCCEEDED, "192.0.2.2"),
)


@pytest.fixture(autouse=True)
async def trail(settings: Settings, database: ThrowawayDatabase) -> None:
    """The last one chose the seller `acme`; the first one is of two days ago."""
    async with open_services(settings, process="tests") as services:
        tenant = await SmallWorld(database, services).add_seller("acme")
        for email, outcome, address in ATTEMPTS:
            event = NewLoginEvent(
                outcome=outcome,
                account_digest=account_digest(email, settings.auth_secret),
                address=address,
                user_id=None,
                seller_id=tenant.seller_id if outcome is LoginOutcome.SUCCEEDED else None,
            )
            async with login_record_transaction(services.database.app) as driver:
                await insert_login_event(driver, event)
    async with opened_engine(database.owner_url) as engine, engine.begin() as connection:
        await connection.exec_driver_sql(
            "UPDATE login_events SET created_at = created_at - interval '2 days'"
            " WHERE id = (SELECT id FROM login_events ORDER BY created_at LIMIT 1)"
        )


def listed(settings: Settings, *arguments: str) -> list[dict[str, Any]]:
    ended = run_pixecom(settings, "logins", *arguments)
    assert (ended.returncode, ended.stderr) == (0, "")
    return json.loads(ended.stdout)


def test_the_newest_come_first_as_json_where_no_terminal_is(settings: Settings) -> None:
    found = listed(settings)
    assert [(each["outcome"], each["address"], each["seller"]) for each in found] == [
        ("SUCCEEDED", "192.0.2.2", "acme"),
        ("WRONG", "192.0.2.2", None),
        ("LIMITED", "192.0.2.1", None),
    ]
    assert found[0].keys() == {"at", "outcome", "address", "account", "user", "userId", "seller"}
    assert found[0]["account"] == account_digest(BERT, settings.auth_secret).hex()


@pytest.mark.parametrize(
    ("arguments", "outcomes"),
    [
        (("--hours", str(timedelta(days=3) / timedelta(hours=1))), ["SUCCEEDED", "WRONG", "LIMITED", "WRONG"]),
        (("--email", f" {ANNA.upper()}", "--hours", "72"), ["LIMITED", "WRONG"]),
        (("--email", "nobody@shop.example"), []),
        (("--outcome", "WRONG"), ["WRONG"]),
        (("--limit", "1"), ["SUCCEEDED"]),
        (("--email", BERT, "--outcome", "SUCCEEDED", "--json"), ["SUCCEEDED"]),
    ],
)
def test_filters(settings: Settings, arguments: tuple[str, ...], outcomes: list[str]) -> None:
    assert [each["outcome"] for each in listed(settings, *arguments)] == outcomes


def test_people_get_a_table(settings: Settings) -> None:
    ended = run_pixecom(settings, "logins", "--text", "--limit", "2")
    lines = ended.stdout.splitlines()
    assert lines[0].split() == ["time", "(UTC)", "outcome", "address", "seller", "account", "user"]
    assert "SUCCEEDED" in lines[1]
    assert lines[-1] == "2 login attempts (there may be more: raise --limit)."
    assert (BERT in ended.stdout, ended.returncode) == (False, 0)


def test_a_narrow_terminal_shows_ids_below() -> None:
    at, user_id = datetime(2026, 11, 30, 14, 48, 36, tzinfo=UTC), new_id()
    event = LoginEvent(at, LoginOutcome.SUCCEEDED, bytes(16), "192.0.2.100", user_id, "saigon-silk")
    text = io.StringIO()
    print_logins([event], Console(file=text, width=80), limit=2)
    assert [line.rstrip() for line in text.getvalue().splitlines()[1:4]] == [
        "2026-11-30 14:48:36  SUCCEEDED  192.0.2.100  saigon-silk",
        f"    account: {'00' * 16}",
        f"    user: {global_id('User', user_id)}",
    ]


def test_an_unknown_outcome_is_refused(settings: Settings) -> None:
    ended = run_pixecom(settings, "logins", "--outcome", "MAYBE")
    assert ended.returncode == 2
    assert "'MAYBE' is not one of" in ended.stderr
