"""Text of strangers is cut before anything is done with it, and what the cut goes through shows no part of a secret."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from app.observability.logging import get_logger
from app.observability.shortening import MESSAGE_CHARACTERS, presentable, shorten

if TYPE_CHECKING:
    from tests.observability.conftest import Lines

META_TOKEN = "EAABwzLixnjYBO0123456789abcdefghijklmnopqrstuvwxyz"
OUR_TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2lnbmF0dXJlLW9mLW91cnM"
PASSWORD = "hunter2-with-a-long-tail"
SECRETS = {
    "a token of Meta's": (META_TOKEN, META_TOKEN),
    "a token of ours": (OUR_TOKEN, OUR_TOKEN),
    "a named value": (f"access_token={META_TOKEN[3:]}", META_TOKEN[3:]),
    "a quoted value": (f'{{"password": "{PASSWORD}"}}', PASSWORD),
    "a header": (f"Authorization: Bearer {PASSWORD}", PASSWORD),
    "a URL": (f"postgresql://app:{PASSWORD}@db/pixecom", PASSWORD),
    "a value in a sentence": (f"Error validating access token: opaque{PASSWORD}", f"opaque{PASSWORD}"),
}


def test_a_short_text_stays() -> None:
    assert shorten("a" * 50, 50) == "a" * 50


@pytest.mark.parametrize("size", [51, 99, 100, 10_000, 1_000_000])
def test_a_long_text_says_what_is_cut(size: int) -> None:
    shown = shorten("a" * size, 50)
    kept = shown.index("…")
    assert shown == f"{'a' * kept}… ({size - kept} characters cut)"
    assert len(shown) <= 50


@pytest.mark.parametrize("kind", SECRETS)
def test_a_cut_through_a_secret_shows_no_part_of_it(kind: str) -> None:
    """Wherever the cut goes; the words that name the secret may stay, and three letters that all tokens begin with."""
    text, secret = SECRETS[kind]
    padded = f"{text:.<400}"
    for limit in range(40, 400):
        assert secret[:4] not in presentable(f"{'.' * 20} {padded}", limit), limit


def test_what_masking_makes_longer_stays_within_the_limit() -> None:
    assert len(presentable("token=a " * 1_000, 500)) <= 500


def test_the_values_of_a_line_are_bounded(written: Lines) -> None:
    get_logger("tests").info("asked", path=f"/{'a' * 40_000}", operation="O" * 900_000, text="b" * 1_000_000)
    (line,) = written()
    assert (len(line["path"]), len(line["operation"])) == (200, 200)
    assert line["text"] == shorten("b" * 1_000_000, 10_000)


def test_a_line_is_bounded_whatever_is_in_it(written: Lines) -> None:
    texts = [["c" * 20_000] * 200] * 200
    get_logger("tests").info("asked", texts=texts, named={f"{number}" * 300: texts for number in range(500)})
    (line,) = written()
    assert len(str(line)) < 600_000
    assert len(texts[0][0]) == 20_000


def test_lists_and_objects_are_bounded(written: Lines) -> None:
    get_logger("tests").info("asked", numbers=list(range(101)), named={str(number): number for number in range(250)})
    (line,) = written()
    assert line["numbers"] == [*range(100), "… (1 more)"]
    assert line["named"] == {**{str(number): number for number in range(100)}, "…": "… (150 more)"}


def test_what_is_nested_is_bounded(written: Lines) -> None:
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    get_logger("tests").info("asked", deep=deep)
    (line,) = written()
    assert line["deep"] == [[[[[["…"]]]]]]


def test_a_name_in_an_object_is_masked_and_bounded(written: Lines) -> None:
    get_logger("tests").info("asked", named={"access_token=EAABx": 1, "d" * 300: 2, f"{'e' * 300}_token": "hunter2"})
    (line,) = written()
    assert list(line["named"].values()) == [1, 2, "[secret]"]
    assert all(len(name) <= 200 for name in line["named"])
    assert next(iter(line["named"])) == "access_token=[secret]"


def test_a_traceback_is_bounded(written: Lines) -> None:
    try:
        raise ValueError("x" * 1_000_000)  # noqa: TRY301  # it is the subject
    except ValueError:
        get_logger("tests").exception("asking failed")
    (line,) = written()
    assert 39_990 < len(line["exception"]) <= 40_000


def test_a_message_is_a_thousand_characters() -> None:
    assert len(presentable("é" * 5_000)) == MESSAGE_CHARACTERS
