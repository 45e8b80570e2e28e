"""Letters in any case are one letter, whatever the alphabet."""

from __future__ import annotations

from typing import TYPE_CHECKING
from unicodedata import category

import pytest

from app.database.transactions import work_transaction
from app.queries.lists.name_folding import folded

if TYPE_CHECKING:
    from app.services.context import Services

DIFFER = f"""
SELECT one.letter, other.letter
FROM unnest($1::text[], $2::text[]) AS pair (letter, cased)
CROSS JOIN LATERAL (SELECT pair.letter) AS one (letter)
CROSS JOIN LATERAL (SELECT pair.cased) AS other (letter)
WHERE {folded("one.letter")} <> {folded("other.letter")}
"""


async def differ(services: Services, pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    async with work_transaction(services.database.app) as driver:
        rows = await driver.fetch(DIFFER, *map(list, zip(*pairs, strict=True)))
    return [(row[0], row[1]) for row in rows]


async def test_every_letter_is_found_in_every_case(services: Services) -> None:
    letters = [chr(code) for code in range(1, 0x110000) if category(chr(code)) not in {"Cn", "Co", "Cs"}]
    pairs = [
        (letter, cased)
        for letter in letters
        for cased in {letter.upper(), letter.lower(), letter.title(), letter.casefold()} - {letter}
    ]
    assert len(pairs) > 3000
    assert await differ(services, pairs) == []


async def test_the_short_way_makes_what_the_whole_way_makes(services: Services) -> None:
    """A joiner, which does not count, sends any name the whole way."""
    letters = [chr(code) for code in range(0x21, 0x20000) if category(chr(code)) not in {"Cn", "Co", "Cs", "Cc"}]
    assert await differ(services, [(letter, f"{letter}\u200d") for letter in letters]) == []


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("STRASSE", "straße", True),
        ("ΟΔΟΣ", "οδός", True),
        ("ΟΔΌΣ", "οδος", True),
        ("İSTANBUL", "istanbul", True),
        ("IŞIK", "\u0131ş\u0131k", True),
        ("Ísland", "island", False),
        ("Đỏ", "do", False),
        ("ΰ", "\u03c5", False),
        ("\u2764 love", "\u2764\ufe0f love", True),
        ("zero\u200bwidth", "zerowidth", True),
        ("soft\u00adhyphen", "softhyphen", True),
        ("\ufeffsale\u200e", "sale", True),
        ("\u0645\u0640\u0640\u0631\u062d\u0628\u0627", "\u0645\u0631\u062d\u0628\u0627", True),
        ("man\u200dwoman", "man\u200cwoman", True),
        ("\u1113\U000e0101", "\u1113", True),
        ("  two  words\t", "two\u00a0words", True),
        ("ti\u1ebfng  vi\u1ec7t\n", "TI\u1ebeNG VI\u1ec6T", True),
        ("two words", "twowords", False),
        ("a-b", "ab", False),
    ],
)
async def test_what_people_take_for_the_same(services: Services, one: str, other: str, *, same: bool) -> None:
    assert (await differ(services, [(one, other)]) == []) is same
