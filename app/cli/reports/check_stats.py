"""What `check stats` does: asks the one service, week by week, and shows what it found. Long lists are truncated."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rich.console import Console

from app.cli.printing.counting import counted
from app.cli.printing.listing import Column, Row, open_console, print_listing
from app.cli.printing.pasting import pasted
from app.cli.process.command_services import open_command_services
from app.cli.process.identifiers import api_id, entity_name
from app.cli.reports.future_report import future_facts, print_future
from app.configuration.settings import load_settings
from app.queries.stats.check import SELLPAGES
from app.services.days.future_rows import check_future
from app.services.days.stats_check import check_stats

if TYPE_CHECKING:
    from app.queries.stats.check import Difference, Facts
    from app.services.days.future_rows import FutureFinding
    from app.services.days.stats_check import Finding

NAMED = 100
_COLUMNS = (
    *(Column(name) for name in ("seller", "table", "level", "day")),
    Column("entity", is_whole=True),
    *(Column(name) for name in ("expected", "found")),
)


@dataclass(frozen=True, kw_only=True)
class StatsCheckRequest:
    """What the command line asks for; no slug means every seller."""

    seller_slug: str | None
    repair: bool
    as_json: bool


@dataclass(slots=True)
class Tally:
    """All that was found so far; the first NAMED of each kind of difference, with the seller's slug."""

    sellers: set[str] = field(default_factory=set[str])
    differences: int = 0
    repaired: int = 0
    reconciliation: int = 0
    named: list[tuple[str, Difference]] = field(default_factory=list["tuple[str, Difference]"])
    named_reconciliation: list[tuple[str, Difference]] = field(default_factory=list["tuple[str, Difference]"])
    future: list[FutureFinding] = field(default_factory=list["FutureFinding"])

    @property
    def is_well(self) -> bool:
        """Whether no differences and no rows with a future time are left."""
        return self.differences == 0 and all(each.is_repaired for each in self.future)

    def add(self, finding: Finding) -> None:
        slug = finding.seller.slug
        self.sellers.add(slug)
        self.differences += finding.differences.total
        self.repaired += finding.repaired
        self.reconciliation += finding.reconciliation.total
        for named, found in (
            (self.named, finding.differences),
            (self.named_reconciliation, finding.reconciliation),
        ):
            named += [(slug, difference) for difference in found.first[: NAMED - len(named)]]


async def check_now(request: StatsCheckRequest) -> bool:
    """True if no differences and no rows with a future time are left."""
    tally = Tally()
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    async with open_command_services(load_settings()) as services:
        with console.status("Check") as status:  # shown at a terminal only
            async for future in check_future(services, seller_slug=request.seller_slug, repair=request.repair):
                tally.future.append(future)
            async for finding in check_stats(services, seller_slug=request.seller_slug, repair=request.repair):
                tally.add(finding)
                status.update(f"Check: {finding.seller.slug}, {finding.days.last}; {tally.differences} differences")
    if request.as_json:
        print(json.dumps(_as_json(tally), indent=1))
    else:
        _print(tally, repair=request.repair)
    return tally.is_well


def _as_json(tally: Tally) -> dict[str, object]:
    return {
        "sellers": len(tally.sellers),
        "differences": tally.differences,
        "repaired": tally.repaired,
        "first": [_difference(slug, difference) for slug, difference in tally.named],
        "future": [fact for finding in tally.future for fact in future_facts(finding)],
        "reconciliation": {
            "differences": tally.reconciliation,
            "first": [_difference(slug, difference) for slug, difference in tally.named_reconciliation],
        },
    }


def _difference(slug: str, difference: Difference) -> dict[str, object]:
    return {
        "seller": slug,
        "table": difference.table,
        "level": difference.level.name if difference.level is not None else None,
        "entity": str(difference.entity_id),
        "entityId": _entity_name(difference),
        "day": difference.stat_date.isoformat(),
        "currency": difference.currency,
        "expected": _facts(difference.expected),
        "found": _facts(difference.found),
    }


def _facts(facts: Facts | None) -> dict[str, object] | None:
    if facts is None:
        return None
    own = {
        "account": str(facts.account_id) if facts.account_id else None,
        "fetchedAt": facts.fetched_at.isoformat() if facts.fetched_at else None,
    }
    return {**facts.counters._asdict(), **{name: value for name, value in own.items() if value}}


def _print(tally: Tally, *, repair: bool) -> None:
    console = open_console()
    if tally.future:
        _print_future(console, tally.future)
    if tally.named:
        print_listing(console, _COLUMNS, [_row(slug, difference) for slug, difference in tally.named])
    if tally.differences > len(tally.named):
        console.print(f"… and {tally.differences - len(tally.named)} more.")
    sellers = f"{counted(len(tally.sellers), 'seller')} with statistics"
    verdict = counted(tally.differences, "difference") if tally.differences else "everything agrees"
    console.print(f"{sellers}: {verdict}." + (f" {tally.repaired} repaired." if repair else ""))
    if tally.differences and repair:
        console.print(
            "What is left can't be repaired from snapshots, since none of those days are kept. Sync them again."
        )
    if tally.reconciliation:
        console.print(
            f"Meta's figures for a campaign or an account on one day differ from the sum of its parts in "
            f"{counted(tally.reconciliation, 'case')}. This is normal."
        )


def _print_future(console: Console, future: list[FutureFinding]) -> None:
    rows = sum(each.rows for finding in future for each in finding.found)
    verb = "has" if rows == 1 else "have"
    console.print(f"{counted(rows, 'row')} {verb} a time in the future: a machine with a wrong clock wrote them.")
    print_future(console, future)
    if all(finding.is_repaired for finding in future):
        console.print(
            "They were moved back to now and recorded in the audit trail; data fetched from now on counts again."
        )
    else:
        console.print(
            "Until these times pass, new data for those days counts as older; "
            f"`{pasted('check', 'stats', '--repair')}` moves the rows back to now."
        )


def _row(slug: str, difference: Difference) -> Row:
    level = difference.level.name if difference.level is not None else ""
    day = str(difference.stat_date)
    return Row(
        (
            slug,
            difference.table,
            level,
            day,
            _entity_name(difference),
            *_contrast(difference.expected, difference.found),
        )
    )


def _entity_name(difference: Difference) -> str:
    """The API's id."""
    if difference.level is not None:
        return entity_name(difference.level, difference.entity_id)
    return api_id("Sellpage" if difference.table == SELLPAGES else "Seller", difference.entity_id)


def _contrast(expected: Facts | None, found: Facts | None) -> tuple[str, str]:
    """Only what differs of two rows; of a row without counterpart, all that it counts."""
    left, right = _facts(expected), _facts(found)
    if left is None or right is None:
        return _words(left), _words(right)
    names = [name for name in left.keys() | right.keys() if left.get(name) != right.get(name)]
    return tuple(_words({name: row.get(name) for name in sorted(names)}) for row in (left, right))  # pyright: ignore[reportReturnType]  # of two


def _words(row: dict[str, object] | None) -> str:
    return "none" if row is None else ", ".join(f"{name} {value}" for name, value in row.items() if value != 0)
