"""Names are found by what people see, in whatever form of Unicode they were stored, and are told as they came."""

from __future__ import annotations

from typing import TYPE_CHECKING
from unicodedata import normalize

import pytest

from tests.graphql_schema.small_world import names

if TYPE_CHECKING:
    from tests.graphql_schema.small_world import SmallWorld, Tenant


def widened(text: str) -> str:
    """The same in the full-width forms that East Asian keyboards write."""
    return "".join(chr(ord(letter) + 0xFEE0) for letter in text)


COMPOSED = normalize("NFC", "Giày đỏ Tết / ưu đãi")
SPLIT = normalize("NFD", "Giày Đỏ tết / Ưu đãi")
FULL_WIDTH = f"{widened('SALE')}\u3000{widened('50%')} ①"
CASED = "Straße / οδός / İstanbul"
PLAIN = "Giay do tet, sale 50 of 1"
FOUND = {
    normalize("NFC", "đỏ tết"): {COMPOSED, SPLIT},
    normalize("NFD", "ĐỎ TẾT"): {COMPOSED, SPLIT},
    normalize("NFD", "ưu"): {COMPOSED, SPLIT},
    "sale 50%": {FULL_WIDTH},
    widened("50%"): {FULL_WIDTH},
    "sale 50": {FULL_WIDTH, PLAIN},
    "do tet": {PLAIN},  # an accent makes another letter
    "1": {FULL_WIDTH, PLAIN},
    widened("%"): {FULL_WIDTH},
    "straẞe": {CASED},
    "_": set[str](),
    "STRASSE / ΟΔΟΣ / istanbul": {CASED},
}


@pytest.fixture
async def tenant(world: SmallWorld) -> Tenant:
    return await world.add_seller("shop")


@pytest.mark.parametrize("text", FOUND)
async def test_a_campaign_is_found_by_any_form_of_its_name(tenant: Tenant, text: str) -> None:
    account = await tenant.add_account()
    for name in (COMPOSED, SPLIT, FULL_WIDTH, PLAIN, CASED):
        await tenant.add_campaign(account, name)

    data = await tenant.ask(
        "query ($text: String) { campaigns(filter: {name: $text}) { totalCount nodes { name } } }", text=text
    )

    assert set(names(data["campaigns"]["nodes"])) == FOUND[text]
    assert data["campaigns"]["totalCount"] == len(FOUND[text])


async def test_lower_levels_and_accounts_are_searched_alike(tenant: Tenant) -> None:
    account = await tenant.add_account(name=SPLIT)
    campaign = await tenant.add_campaign(account, SPLIT)
    await tenant.add_ad(await tenant.add_adset(campaign, SPLIT), SPLIT)

    data = await tenant.ask(
        """query ($text: String) {
             adsets(filter: {campaign: {name: $text}}) { nodes { name } }
             ads(filter: {name: $text}) { nodes { name } }
             adAccounts(name: $text) { nodes { name } }
           }""",
        text=COMPOSED.upper(),
    )

    assert [names(found["nodes"]) for found in data.values()] == [[SPLIT]] * 3
