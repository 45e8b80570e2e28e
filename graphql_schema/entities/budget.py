"""Budgets, which campaigns and ad sets have: exact money in the digits of the ad account's currency."""

from decimal import Decimal

from app.metrics.money import currency_digits, decimal_from_micros
from app.queries.lists.directory import ACCOUNTS, AccountRow
from app.queries.lists.entities import EntityRow
from app.vocabulary import BudgetType
from graphql_schema.context import Info
from graphql_schema.fields.batched import Parents


async def load_budgets(parents: Parents, info: Info) -> list[Decimal | None]:
    rows: list[EntityRow] = [entity.row for entity in parents]
    accounts = await info.context.loaders.rows(ACCOUNTS).load_many([row.account_id for row in rows])
    return [_budget(row, account) for row, account in zip(rows, accounts, strict=True)]


def budget_type_of(row: EntityRow) -> BudgetType | None:
    return BudgetType(row.budget_type) if row.budget_type else None


def _budget(row: EntityRow, account: AccountRow | None) -> Decimal | None:
    if row.budget_micros is None or account is None:
        return None
    return decimal_from_micros(row.budget_micros, currency_digits(account.currency))
