"""No secret gets into a log line, whatever shape it comes in and whoever logs it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import httpx
import pytest

from app.observability.logging import MASK, get_logger, mask_secrets

if TYPE_CHECKING:
    from tests.observability.conftest import Lines

HARMLESS = [
    "synced 12 rows",
    "a token expired yesterday",
    "password is wrong",
    "https://graph.facebook.com/v26.0/act_1/insights?limit=500&after=QVFIUm",
    "redis://127.0.0.1:6379/0",
    "postgresql://app@127.0.0.1:5432/pixecom",
    "the bearers came at 12:30",
    "eaa0123456789abcdef0123456789abc",
    "NOAUTH HELLO must be called with the client already authenticated",
    "EAA is how tokens begin",
    "Error validating access token: Session has expired.",
    "Error validating access token: Session has expired on Tuesday, 10-Mar-26 05:00:00 PST.",
    "Error validating access token: The user has not authorized application 123.",
    "Error validating access token: You cannot access the app till you log in.",
    "Error validating access token: A session was changed.",
    "Invalid OAuth access token: expired",
    "Access Token:  Expired.",
    "",
]

SECRET_TEXTS = [
    # Meta: query strings, paging URLs, bodies.
    ("GET https://g.example/me?access_token=EAABx&limit=5", f"GET https://g.example/me?access_token={MASK}&limit=5"),
    ("https://g.example/me?limit=5&access_token=EAABx", f"https://g.example/me?limit=5&access_token={MASK}"),
    (
        "next: https://g.example/x?after=QV&access_token=EAABx'",
        f"next: https://g.example/x?after=QV&access_token={MASK}'",
    ),
    ("fb_exchange_token=EAABx&a=1", f"fb_exchange_token={MASK}&a=1"),
    ("input_token=EAABx&access_token=EAABy", f"input_token={MASK}&access_token={MASK}"),
    ("client_secret=abc&appsecret_proof=0a1b", f"client_secret={MASK}&appsecret_proof={MASK}"),
    # JSON, Python's dictionaries, GraphQL's variables.
    ('{"access_token": "EAABx", "a": 1}', f'{{"access_token": "{MASK}", "a": 1}}'),
    ('{"access_token":"EAABx"}', f'{{"access_token":"{MASK}"}}'),
    ("{'refresh_token': 'abc', 'a': 1}", f"{{'refresh_token': '{MASK}', 'a': 1}}"),
    ('{"accessToken":"abc"}', f'{{"accessToken":"{MASK}"}}'),
    ('login(email: "a@b.c", password: "hunter2")', f'login(email: "a@b.c", password: "{MASK}")'),
    # Headers.
    ("Authorization: Bearer EAABx.y-z", f"Authorization: Bearer {MASK}"),
    ("{'authorization': 'bearer EAABx'}", f"{{'authorization': 'bearer {MASK}'}}"),
    ("{'authorization': 'OAuth EAABx'}", f"{{'authorization': 'OAuth {MASK}'}}"),
    ("Authorization: Basic dXNlcjpwdw==", f"Authorization: Basic {MASK}"),
    ("token: Bearer EAABx", f"token: Bearer {MASK}"),
    # A text inside a text.
    (r'"{\"access_token\": \"EAABx\", \"a\": 1}"', rf'"{{\"access_token\": \"{MASK}\", \"a\": 1}}"'),
    ("redirect=https%3A%2F%2Fg%3Faccess_token%3DEAABx", f"redirect=https%3A%2F%2Fg%3Faccess_token%3D{MASK}"),
    ("access_token=123%7Cabc&a=1", f"access_token={MASK}&a=1"),
    # Words with spaces between them.
    ('{"password": "correct horse, battery"}', f'{{"password": "{MASK}"}}'),
    ("password='correct horse", f"password='{MASK}"),
    ("AUTH_SECRET=abc APP_SECRET=def", f"AUTH_SECRET={MASK} APP_SECRET={MASK}"),
    # Connections.
    ("postgresql://app:p@ss@h:5432/d", f"postgresql://app:{MASK}@h:5432/d"),
    ("postgresql+asyncpg://app:hunter2@h:5432/d", f"postgresql+asyncpg://app:{MASK}@h:5432/d"),
    ("redis://:hunter2@h:6379/0", f"redis://:{MASK}@h:6379/0"),
    ("postgresql://h/d?user=app&password=hunter2", f"postgresql://h/d?user=app&password={MASK}"),
    ("host=h user=app password=hunter2 dbname=d", f"host=h user=app password={MASK} dbname=d"),
    ("PGPASSWORD=hunter2 psql", f"PGPASSWORD={MASK} psql"),
    # Redis: connection errors and refusals.
    (
        "Error 111 connecting to redis://default:hunter2@h:6379/0. Connection refused.",
        f"Error 111 connecting to redis://default:{MASK}@h:6379/0. Connection refused.",
    ),
    (
        "unknown command 'AUTH', with args beginning with: 'default' 'hunter2' ",
        f"unknown command 'AUTH', with args beginning with: {MASK}",
    ),
    (
        "<ConnectionPool(host=h,port=6379,db=0,username=default,password=hunter2)>",
        f"<ConnectionPool(host=h,port=6379,db=0,username=default,password={MASK})>",
    ),
    # Meta: paging with escaped slashes, token inspection, tokens that stand alone in a message.
    (
        r'{"next":"https:\/\/graph.facebook.com\/v26.0\/act_1\/ads?access_token=EAABx&limit=25&after=QV"}',
        rf'{{"next":"https:\/\/graph.facebook.com\/v26.0\/act_1\/ads?access_token={MASK}&limit=25&after=QV"}}',
    ),
    (
        "POST /debug_token input_token=EAABx&access_token=123456|0a1b2c",
        f"POST /debug_token input_token={MASK}&access_token={MASK}",
    ),
    ("{'input_token': 'EAABx', 'access_token': '12|ab'}", f"{{'input_token': '{MASK}', 'access_token': '{MASK}'}}"),
    ("Malformed access token EAABwzLixnjYBO0123456789", f"Malformed access token {MASK}"),
    ("it was EAABwzLixnjYBO0123456789.", f"it was {MASK}."),
    # A token after words that a sentence about one may have as well.
    ("Error validating access token: EAABx", f"Error validating access token: {MASK}"),
    ("access token: EAABwzLixnjYBO0123456789 has expired", f"access token: {MASK} has expired"),
    ("access token: Session1 has expired", f"access token: {MASK} has expired"),
    ("access token: sessionhasexpiredontuesday has ended", f"access token: {MASK} has ended"),
    ("access token: aVeryOpaque was refused", f"access token: {MASK} was refused"),
    ("access token: abc.def was refused", f"access token: {MASK} was refused"),
    ("access token: abc-def was refused", f"access token: {MASK} was refused"),
    ("access token: 123|abc", f"access token: {MASK}"),
    ("access token: Bearer abc", f"access token: Bearer {MASK}"),
    ("access token: Basic dXNlcjpwdw==", f"access token: Basic {MASK}"),
    ("access token: OAuth abc", f"access token: OAuth {MASK}"),
    ('access token: "session"', f'access token: "{MASK}"'),
    ("access token: Session of access_token=EAABx&a=1", f"access token: Session of access_token={MASK}&a=1"),
    ("access token:session", f"access token:{MASK}"),
    ("access_token: session", f"access_token: {MASK}"),
    ("access token = session", f"access token = {MASK}"),
    ("token: session has", f"token: {MASK} has"),
    ("client secret: session has", f"client secret: {MASK} has"),
    ("password: correct horse", f"password: {MASK} horse"),
    # WebSockets: what a client says first.
    (
        '{"type":"connection_init","payload":{"Authorization":"Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln"}}',
        f'{{"type":"connection_init","payload":{{"Authorization":"Bearer {MASK}"}}}}',
    ),
    (
        '{"payload":{"authToken":"abc","headers":{"authorization":"Bearer abc"}}}',
        f'{{"payload":{{"authToken":"{MASK}","headers":{{"authorization":"Bearer {MASK}"}}}}}}',
    ),
    (
        "first message: eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl-_ was refused",
        f"first message: {MASK} was refused",
    ),
]


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_harmless_stays(text: str) -> None:
    assert mask_secrets(text) == text


@pytest.mark.parametrize(("text", "masked"), SECRET_TEXTS)
def test_a_secret_in_a_text_is_cut_out(text: str, masked: str) -> None:
    assert mask_secrets(text) == masked
    assert mask_secrets(masked) == masked


@pytest.mark.parametrize(
    "name",
    [
        "token",
        "access_token",
        "password",
        "auth_secret",
        "client_secret",
        "authorization",
        "Authorization",
        "cookie",
        "Set-Cookie",
        "accessToken",
        "x-api-key",
        "token_ciphertext",
        "appsecret_proof",
        "api_key",
        "key",
    ],
)
def test_a_field_named_as_a_secret_is_masked(written: Lines, name: str) -> None:
    get_logger("tests").info("asked", **{name: "hunter2"}, nested={"deeper": [{name: "hunter2", "id": 1}]})
    (line,) = written()
    assert line[name] == MASK
    assert line["nested"] == {"deeper": [{name: MASK, "id": 1}]}


@pytest.mark.parametrize("name", ["monkey", "keyword", "token_changed_at", "passwords_checked", "secretary"])
def test_a_field_that_only_sounds_like_one_stays(written: Lines, name: str) -> None:
    get_logger("tests").info("asked", **{name: "harmless"})
    (line,) = written()
    assert line[name] == "harmless"


def test_secrets_are_found_in_every_place_of_a_line(written: Lines) -> None:
    url = "https://g.example/me?access_token=EAABx"
    masked = f"https://g.example/me?access_token={MASK}"
    get_logger("tests").warning(f"asked {url}", url=url, urls=(url, [url]), answer={"paging": {"next": url}})
    (line,) = written()
    assert line["event"] == f"asked {masked}"
    assert line["url"] == masked
    assert line["urls"] == [masked, [masked]]
    assert line["answer"] == {"paging": {"next": masked}}


def test_an_exception_as_a_value_is_masked(written: Lines) -> None:
    error = ConnectionError("no answer from https://g.example/me?access_token=EAABx")
    get_logger("tests").warning("asking failed", error=error)
    (line,) = written()
    assert line["error"] == f"ConnectionError('no answer from https://g.example/me?access_token={MASK}')"


def test_the_values_of_a_caller_are_left_as_they_are(written: Lines) -> None:
    headers = {"authorization": "Bearer EAABx"}
    get_logger("tests").info("asked", headers=headers)
    assert written()[0]["headers"] == {"authorization": MASK}
    assert headers == {"authorization": "Bearer EAABx"}


def test_a_traceback_is_masked(written: Lines) -> None:
    try:
        raise ConnectionError("no answer from https://g.example/me?access_token=EAABx")  # noqa: TRY301  # it is the subject
    except ConnectionError:
        get_logger("tests").exception("asking failed")
    (line,) = written()
    assert line["exception"].splitlines()[-1] == (
        f"ConnectionError: no answer from https://g.example/me?access_token={MASK}"
    )
    assert line["level"] == "error"


def test_a_librarys_line_is_masked(written: Lines) -> None:
    logging.getLogger("some.library").warning(
        "asking %s", "https://g.example/me?access_token=EAABx", extra={"token": "x"}
    )
    (line,) = written()
    assert line["event"] == f"asking https://g.example/me?access_token={MASK}"
    assert line["token"] == MASK
    assert (line["logger"], line["level"]) == ("some.library", "warning")


def _ask() -> None:
    transport = httpx.MockTransport(lambda _request: httpx.Response(200))
    with httpx.Client(transport=transport) as client:
        client.get("https://g.example/me", params={"access_token": "EAABx"}, headers={"Authorization": "Bearer EAABx"})


def test_httpx_is_silent_about_its_requests(written: Lines) -> None:
    _ask()
    assert written() == []


def test_httpx_shows_no_token_when_it_is_made_to_speak(written: Lines) -> None:
    logging.getLogger("httpx").setLevel(logging.DEBUG)
    _ask()
    (line,) = written()
    assert line["event"] == f'HTTP Request: GET https://g.example/me?access_token={MASK} "HTTP/1.1 200 OK"'
