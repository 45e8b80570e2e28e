"""How commands show rows with a time in the future: as a table, as JSON, and as one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.cli.printing.listing import Column, Row, print_listing
from app.cli.printing.pasting import pasted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console

    from app.queries.stats.future_rows import FutureRows
    from app.services.days.future_rows import FutureFinding

_COLUMNS = tuple(Column(name) for name in ("seller", "connection", "table", "rows", "days", "farthest ahead"))
# Sellers in a line; the report names all.
_NAMED = 3


def print_future(console: Console, findings: Sequence[FutureFinding]) -> None:
    """One line for each table and connection."""
    rows: list[Row] = []
    for finding in findings:
        slug = finding.seller.slug if finding.seller else ""
        for each in finding.found:
            latest = f"{each.latest:%Y-%m-%d %H:%M} UTC"
            rows.append(Row((slug, each.connection or "", each.table, str(each.rows), _days(each), latest)))
    print_listing(console, _COLUMNS, rows)


def future_facts(finding: FutureFinding) -> Iterator[dict[str, object]]:
    """The same as JSON objects."""
    for each in finding.found:
        yield {
            "seller": finding.seller.slug if finding.seller else None,
            "connection": each.connection,
            "table": each.table,
            "rows": each.rows,
            "from": each.first.isoformat() if each.first else None,
            "to": each.last.isoformat() if each.last else None,
            "latest": each.latest.isoformat(),
            "repaired": finding.is_repaired,
        }


def summarize_future(findings: Sequence[FutureFinding]) -> str:
    """One line: how many rows, which sellers and days, and what to do. Empty if there are none."""
    found = [each for finding in findings for each in finding.found]
    if not found:
        return ""
    sellers = [finding.seller.slug for finding in findings if finding.seller]
    days = [day for each in found for day in (each.first, each.last) if day]
    owners = f" for {', '.join(sellers[:_NAMED])}{' and others' if len(sellers) > _NAMED else ''}" if sellers else ""
    span = f", days {min(days)} to {max(days)}" if days else ""
    rows = ", ".join(f"{rows} in {table}" for table, rows in _by_table(found).items())
    repair = pasted("check", "stats", "--repair")
    return f"rows with a future time{owners} ({rows}{span}): `{repair}` moves them back to now"


def _by_table(found: Sequence[FutureRows]) -> dict[str, int]:
    tables = dict.fromkeys(each.table for each in found)
    return {table: sum(each.rows for each in found if each.table == table) for table in tables}


def _days(each: FutureRows) -> str:
    if each.first is None:
        return ""
    return str(each.first) if each.first == each.last else f"{each.first} to {each.last}"
