"""Who did best on a day: a leaderboard as a reader gets it, over one currency or, where no money is compared, all."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, NamedTuple

from app.errors import MixedCurrenciesError
from app.metrics.definitions import BY_NAME
from app.queries.days.leaderboard_reading import Board, BoardKey, list_boards, order_entities

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from app.database.driver import Driver
    from app.errors import PixecomError

_CENTS = Decimal("0.01")
_ALL = Decimal(100)


class LeaderboardRequest(NamedTuple):
    """`currency` None: of all currencies."""

    key: BoardKey
    currency: str | None


@dataclass(frozen=True, slots=True)
class LeaderboardReading:
    """The best entities of a day, best first; `entities` took part in all. `currency` None: they are of several."""

    entity_ids: tuple[UUID, ...]
    entities: int
    is_final: bool
    ranked_at: datetime
    currency: str | None

    def score(self, rank: int) -> Decimal:
        """Which part of the others the entity of this rank (from 1) beats, in percent; 100 where there are none."""
        if self.entities <= 1:
            return _ALL.quantize(_CENTS)
        share = _ALL * (self.entities - rank) / (self.entities - 1)
        return share.quantize(_CENTS, rounding=ROUND_HALF_UP)


async def load_leaderboards(
    driver: Driver, seller_id: UUID, asked: Sequence[LeaderboardRequest]
) -> list[LeaderboardReading | PixecomError | None]:
    """The leaderboards that were asked for, None where there is none, by one statement.

    One more for each that brings several currencies together.
    """
    found = await list_boards(driver, seller_id, [request.key for request in asked])
    return [await _read(driver, seller_id, request, boards) for request, boards in zip(asked, found, strict=True)]


async def _read(
    driver: Driver, seller_id: UUID, request: LeaderboardRequest, boards: Sequence[Board]
) -> LeaderboardReading | MixedCurrenciesError | None:
    chosen = [board for board in boards if request.currency in {None, board.currency}]
    if len(chosen) <= 1:
        return _reading_of(chosen[0]) if chosen else None
    metric = BY_NAME[request.key.metric]
    if metric.in_currency:
        return MixedCurrenciesError(
            "metric", [board.currency for board in chosen], choose_by="choose one with currency"
        )
    best = [entity_id for board in chosen for entity_id in board.entity_ids]
    ordered = await order_entities(driver, seller_id, request.key, metric, best)
    cuts = [len(board.entity_ids) for board in chosen if len(board.entity_ids) < board.entities]
    return LeaderboardReading(
        entity_ids=tuple(ordered[: min(cuts, default=None)]),  # beyond it, what was cut off could be better
        entities=sum(board.entities for board in chosen),
        is_final=all(board.is_final for board in chosen),
        ranked_at=max(board.ranked_at for board in chosen),
        currency=None,
    )


def _reading_of(board: Board) -> LeaderboardReading:
    return LeaderboardReading(tuple(board.entity_ids), board.entities, board.is_final, board.ranked_at, board.currency)
