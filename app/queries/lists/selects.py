"""One SELECT over rows of a kind, while it is put together: what its conditions and keys need joined to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.metrics import expressions
from app.queries.lists.entity_days import TOTAL, Bounds, rows_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.metrics.periods import Period
    from app.queries.lists.conditions import Condition
    from app.queries.lists.parameters import Days, Parameters
    from app.queries.lists.sources import Source

ROW = "e"  # what every statement calls the row that it selects


class Select:
    """Conditions and sort keys write themselves into it; the FROM clause is complete once they have."""

    def __init__(self, source: Source[Any], parameters: Parameters) -> None:
        self.parameters = parameters
        self._source = source
        self._joins: dict[Days, str] = {}
        self.where = [f"{ROW}.seller_id = $1", source.only]

    def add(self, conditions: Sequence[Condition]) -> None:
        """Let only those rows through that fulfil all of them."""
        self.where.extend(condition.write(self) for condition in conditions)

    def counters(self, period: Period) -> dict[str, str]:
        """SQL of each counter of the row, summed over a period; one scan a row however often it is asked for."""
        return expressions.columns_of(self.total(self.parameters.days(period)))

    def total(self, days: Days) -> str:
        """What the row's TOTAL over these days is called.

        Each row is summed by a range scan of its own, after every condition that needs no numbers; only those columns
        that something reads. PostgreSQL has no other plan to choose, whether it knows the dates and the table or not.
        One scan by day would sum all rows of a large seller in half to three quarters of the time, but only by the
        plan for known dates: the one that a prepared statement gets after its fifth run sorts all days on disk.
        """
        name = f"m{days.name.removeprefix('days')}"
        bounds = Bounds(f"{ROW}.id", f"{days.name}.from_date", f"{days.name}.to_date", days.as_of)
        self._joins[days] = f"""
JOIN {days.name} ON {days.name}.account_id = {ROW}.account_id
CROSS JOIN LATERAL (
SELECT {TOTAL}
{rows_of(self._source.measured_level, bounds)}
) AS {name}"""
        return name

    def text(self, columns: str, *more: str) -> str:
        """SELECT these columns of the rows, with what else follows the WHERE clause."""
        where = "\n  AND ".join(self.where)
        return "\n".join(
            (f"SELECT {columns}", f"FROM {self._source.table}{''.join(self._joins.values())}", f"WHERE {where}", *more)
        )
