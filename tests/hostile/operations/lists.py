"""Lists: the largest pages at every level, series over everything, filters and searches that are meant to hurt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from app.metrics.definitions import METRICS
from graphql_schema.types.global_id import global_id
from tests.hostile.operation import NOT_THERE, Expected, Http, Operation, bounded, http, refused

if TYPE_CHECKING:
    from collections.abc import Callable

LIST = """query ($filter: AdFilter, $orderBy: [AdOrder!], $first: Int, $range: DateRangeInput) {
  ads(filter: $filter, orderBy: $orderBy, first: $first, range: $range) { totalCount nodes { id } } }"""
PAUSE = "mutation ($input: SetStatusInput!) { setStatus(input: $input) { succeeded failed { code } } }"
EVERY = " ".join(metric.graphql_name for metric in METRICS)
LIFETIME = "range: {preset: LIFETIME}"
ID = global_id("Ad", UUID("019a0000-0000-7000-8000-000000000001"))


def _ask(**variables: Any) -> Http:
    return http(LIST, variables)


def _filter(**conditions: Any) -> Http:
    return _ask(filter=conditions)


def _search(text: str) -> Http:
    return _filter(name=text)


def _metric(op: str = "GTE", value: object = "1", metric: str = "ROAS") -> dict[str, Any]:
    return {"metric": metric, "op": op, "value": value}


def _levels(page: int) -> str:
    metrics = f"metrics {{ {EVERY} }}"
    return f"""{{ campaigns(first: {2 * page}, {LIFETIME}) {{ summary {{ {EVERY} }} nodes {{ id name {metrics}
      adsets(first: {page}) {{ nodes {{ id name {metrics} ads(first: {page}) {{ nodes {{ id name {metrics} }} }} }} }}
    }} }} }}"""


def _series(granularity: str, *, entities: int, selection: str = EVERY) -> str:
    return f"""{{ ads(first: {entities}, {LIFETIME}) {{ nodes {{
      series(granularity: {granularity}) {{ metrics {{ {selection} }} statusChanges {{ at }} }} }} }} }}"""


def _pause(ids: list[str]) -> Http:
    return http(PAUSE, {"input": {"level": "AD", "action": "PAUSE", "ids": ids}})


def _many_ranges(count: int) -> str:
    """Each alias wants the numbers of days of its own."""
    days = (f'from: "2026-01-{n % 28 + 1:02}", to: "2026-10-{n % 28 + 1:02}"' for n in range(count))
    ranges = (f"a{n}: metrics(range: {{custom: {{{each}}}}}) {{ spend }}" for n, each in enumerate(days))
    return f"{{ ads(first: 100) {{ nodes {{ {' '.join(ranges)} }} }} }}"


def _aliased_series(count: int) -> str:
    return "{ " + " ".join(f"a{n}: {_series('DAY', entities=100)[1:-1]}" for n in range(count)) + " }"


def _orders(count: int) -> str:
    return (
        "{ "
        + " ".join(f"a{n}: ads(first: {n + 1}, orderBy: {{field: ROAS}}) {{ nodes {{ id }} }}" for n in range(count))
        + " }"
    )


_REQUESTS: list[tuple[str, Callable[[], Http], Expected]] = [
    (
        "page of 100 with every metric",
        lambda: http(f"{{ ads(first: 100) {{ nodes {{ metrics {{ {EVERY} }} }} }} }}"),
        bounded(),
    ),
    ("page of 101", lambda: _ask(first=101), refused()),
    ("page of -5", lambda: _ask(first=-5), refused()),
    ("page from both ends", lambda: http("{ ads(first: 5, last: 5) { totalCount } }"), refused()),
    ("pages of 100, 50 and 50", lambda: http(_levels(50)), refused()),
    ("pages of 20, 10 and 10", lambda: http(_levels(10)), bounded()),
    ("nested page of 51", lambda: http("{ campaigns { nodes { adsets(first: 51) { totalCount } } } }"), refused()),
    ("series of a lifetime by day for 100 ads", lambda: http(_series("DAY", entities=100)), refused()),
    (
        "series of a lifetime by month for 100 ads",
        lambda: http(_series("MONTH", entities=100)),
        bounded(steps=2_000_000, answer_bytes=800_000),
    ),
    ("series of a lifetime by day, five times", lambda: http(_aliased_series(5)), refused()),
    ("numbers of 25 ranges", lambda: http(_many_ranges(25)), bounded(steps=1_000_000)),
    ("numbers of 1,000 ranges", lambda: http(_many_ranges(1_000)), refused()),
    ("five heavy orders at once", lambda: http(_orders(5)), bounded()),
    ("50 heavy orders at once", lambda: http(_orders(50)), refused()),
    ("six orders", lambda: _ask(orderBy=[{"field": "ROAS"}] * 6), refused()),
    ("30,000 orders", lambda: _ask(orderBy=[{"field": "NAME"}] * 30_000), refused()),
    ("500 ids", lambda: _filter(ids=[ID] * 500), bounded()),
    ("501 ids", lambda: _filter(ids=[ID] * 501), refused()),
    ("15,000 ids", lambda: _filter(ids=[ID] * 15_000), refused()),
    (
        "500 ids in every list of ids",
        lambda: _filter(
            ids=[ID] * 500,
            campaignIds=[_id("Campaign")] * 500,
            adsetIds=[_id("Adset")] * 500,
            accountIds=[_id("AdAccount")] * 500,
        ),
        bounded(),
    ),
    ("20,000 statuses", lambda: _filter(status=["ACTIVE"] * 20_000), refused()),
    ("100 conditions on metrics", lambda: _filter(metrics=[_metric()] * 100), refused()),
    ("15,000 conditions on metrics", lambda: _filter(metrics=[_metric()] * 15_000), refused()),
    (
        "conditions at three levels",
        lambda: _filter(
            metrics=[_metric()],
            campaign={"metrics": [_metric()]},
            adset={"metrics": [_metric()], "campaign": {"metrics": [_metric()]}},
        ),
        bounded(),
    ),
    ("condition against a number of 5,000 digits", lambda: _filter(metrics=[_metric(value="9" * 5_000)]), refused()),
    ("condition against 1e999999999", lambda: _filter(metrics=[_metric(value="1e999999999")]), refused()),
    ("condition against NaN", lambda: _filter(metrics=[_metric(value="NaN")]), refused()),
    ("condition against Infinity", lambda: _filter(metrics=[_metric(value="-Infinity")]), refused()),
    ("condition against 1e-999999999", lambda: _filter(metrics=[_metric(value="1e-999999999")]), refused()),
    ("search for %", lambda: _search("%" * 100), bounded()),
    ("search for _", lambda: _search("_" * 100), bounded()),
    ("search for backslashes", lambda: _search("\\" * 100), bounded()),
    ("search for something like a pattern", lambda: _search("(a+)+$" * 16), bounded()),
    ("search for SQL", lambda: _search("'; DROP TABLE ads; --"), bounded()),
    ("search for %a%a%a", lambda: _search("%a" * 50), bounded()),
    ("search of 101 characters", lambda: _search("x" * 101), refused()),
    ("search of 0.9 MB", lambda: _search("x" * 900_000), refused()),
    ("search of capitals that grow", lambda: _search("ŉǰΐẖẗ" * 20), bounded()),
    ("range of 5,000 years", lambda: _ask(range={"custom": {"from": "0001-01-01", "to": "9999-12-31"}}), refused()),
    (
        "range that ends before it begins",
        lambda: _ask(range={"custom": {"from": "2026-03-09", "to": "2026-03-01"}}),
        refused(),
    ),
    ("range of no dates", lambda: _ask(range={"custom": {"from": "x" * 900_000, "to": "2026-03-01"}}), refused()),
    ("range in the year 9999", lambda: _ask(range={"custom": {"from": "9999-12-01", "to": "9999-12-31"}}), refused()),
    (
        "options of every kind",
        lambda: http(
            "{ filterOptions { " + " ".join(f"a{n}: ads(first: 100) {{ value name }}" for n in range(50)) + " } }"
        ),
        bounded(steps=500_000, answer_bytes=200_000),
    ),
    (
        "snapshots of 100 ads",
        lambda: http(
            '{ ads(first: 100) { nodes { snapshots(date: "2026-03-09", first: 50) { nodes { metrics { '
            + EVERY
            + " } } } } } }"
        ),
        bounded(),
    ),
    (
        "posts of 100 pages",
        lambda: http(
            "{ pages(first: 100) { nodes { posts(first: 50) { nodes { values { metric value } "
            "page { posts(first: 50) { totalCount } } } } } } }"
        ),
        bounded(),
    ),
    (
        "jobs of 100 runs",
        lambda: http("{ syncRuns(first: 100) { nodes { jobs(first: 50) { nodes { adAccount { name } } } } } }"),
        bounded(),
    ),
    ("status of 500 unknown ads", lambda: _pause([_id("Ad", n) for n in range(500)]), bounded()),
    ("status of one ad 500 times", lambda: _pause([ID] * 500), bounded()),
    ("status of 501 ads", lambda: _pause([ID] * 501), refused()),
    (
        "50 mutations in one",
        lambda: http("mutation { " + " ".join(f"a{n}: enqueueSync {{ errors {{ code }} }}" for n in range(50)) + " }"),
        refused(),
    ),
    (
        "5,000 mutations in one",
        lambda: http(
            "mutation { " + " ".join(f"a{n}: enqueueSync {{ errors {{ code }} }}" for n in range(5_000)) + " }"
        ),
        refused(),
    ),
    (
        "idempotency key of 0.9 MB",
        lambda: http(
            'mutation ($key: String) { setStatus(input: {level: AD, action: PAUSE, ids: ["'
            + ID
            + '"], idempotencyKey: $key}) { failed { code } } }',
            {"key": "k" * 900_000},
        ),
        refused(),
    ),
    (
        "token of 0.9 MB",
        lambda: http(
            'mutation ($token: String!) { rotateToken(input: {connectionId: "'
            + _id("AdAccount")
            + '", accessToken: $token}) { errors { code } } }',
            {"token": "t" * 900_000},
        ),
        refused(),
    ),
    (
        "backfill of 37 months",
        lambda: http('mutation { backfill(input: {from: "2023-11-01", to: "2026-11-01"}) { errors { code } } }'),
        bounded(NOT_THERE, steps=4_000_000),
    ),
]


def _id(type_name: str, number: int = 2) -> str:
    return global_id(type_name, UUID(f"019a0000-0000-7000-8000-{number:012}"))


OPERATIONS = [Operation(name=name, kind="lists", make=make, expected=expected) for name, make, expected in _REQUESTS]
