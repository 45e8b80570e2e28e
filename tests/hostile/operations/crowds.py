"""Many at once: logins, exports, heavy sorts, syncs. Some are served, the rest is told to come later."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.hostile.operation import LATER, WHO, Expected, Http, Operation, Sender, bounded, http, refused

if TYPE_CHECKING:
    from collections.abc import Callable

LOGIN = """mutation ($email: String!, $password: String!) {
  login(input: {email: $email, password: $password}) { accessToken errors { code } } }"""
SORT = "{ ads(first: 100, orderBy: {field: ROAS, change: RELATIVE}, range: {preset: LIFETIME}) { nodes { id } } }"


def login(email: str = "nobody@shop.test", password: str = "wrong") -> Http:
    return http(LOGIN, {"email": email, "password": password})


def _export() -> Http:
    body = b'{"range": {"preset": "LIFETIME"}, "granularity": "DAY"}'
    return Http(path="/export/ads.csv", headers={"Content-Type": "application/json"}, body=body)


def _crowd(
    name: str, times: int, make: Callable[[], Http], expected: Expected, sender: Sender = Sender.OWNER
) -> Operation:
    return Operation(name=f"{name}, {times}", kind="crowds", make=make, expected=expected, times=times, sender=sender)


# Of all of a crowd together. How many hashes a flood of logins costs is what its limits allow.
OPERATIONS = [
    _crowd(
        "wrong logins",
        40,
        login,
        bounded(WHO, LATER, hashes=10, steps=800_000, statements=150, refusal_bytes=20_000, log_characters=50_000),
        Sender.ANONYMOUS,
    ),
    _crowd(
        "logins with a long password",
        10,
        lambda: login(password="x" * 900_000),
        refused(statements=0, log_characters=5_000),
        Sender.ANONYMOUS,
    ),
    _crowd(
        "logins with a long address",
        10,
        lambda: login(email="x" * 900_000),
        refused(statements=0, log_characters=5_000),
        Sender.ANONYMOUS,
    ),
    _crowd(
        "exports by day of a lifetime",
        50,
        _export,
        bounded(
            LATER,
            steps=400_000,
            statements=800,  # two are let in at once, so any number of them may find a slot free and be served
            refusal_bytes=300_000,
            log_characters=30_000,
        ),
    ),
    _crowd(
        "heavy sorts of one user",
        12,
        lambda: http(SORT),
        bounded(LATER, steps=300_000, statements=100, log_characters=8_000),
    ),
    _crowd(
        "syncs of everything",
        10,
        lambda: http("mutation { enqueueSync { errors { code } } }"),
        bounded(LATER, steps=700_000, statements=150, log_characters=8_000),
    ),
    _crowd(
        "requests without a token",
        100,
        lambda: http("{ viewer { role } }"),
        refused(WHO, LATER, steps=250_000, statements=0, log_characters=50_000, refusal_bytes=20_000),
        Sender.ANONYMOUS,
    ),
    _crowd(
        "guesses of the cron secret",
        100,
        lambda: Http(path="/cron/stats", headers={"Authorization": "Bearer guess"}),
        refused(WHO, LATER, statements=0, log_characters=50_000, refusal_bytes=20_000),
    ),
]
