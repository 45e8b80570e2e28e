"""What happens to an operation before it runs, over HTTP and WebSocket alike: it is prepared, priced and charged.

The transports call the steps one by one. A refusal carries the errors and extensions of the answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from graphql import GraphQLError

from app.event_loop.pauses import with_pauses
from app.http.requests.client_address import client_address
from app.http.requests.turns import turn_of
from app.observability.prometheus import OPERATION_COST, OPERATIONS_REFUSED
from app.services.limits.buckets import Bucket, Rate, caller_buckets
from graphql_schema.documents.limits import VariableLimits
from graphql_schema.documents.preparing import DocumentRefusedError, DocumentRequest, Documents
from graphql_schema.documents.variable_limits import check_variables
from graphql_schema.errors import ErrorCode, query_too_complex, rate_limited

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from starlette.requests import HTTPConnection
    from strawberry.types.graphql import OperationType

    from app.auth.access_tokens import AccessClaims
    from app.configuration.settings import Settings
    from app.http.graphql.request import GraphQLRequest
    from app.services.limits.cost_buckets import CostBuckets
    from app.services.limits.precedence import Precedence
    from app.services.limits.turns import Turn
    from graphql_schema.documents.preparing import Preparation
    from graphql_schema.pixecom_schema import PixecomSchema

__all__ = ["OperationGate", "OperationRefusedError", "Payer"]

# The fewest characters that a document has per token, on average; bounds the cost of parsing a text beforehand.
_CHARACTERS_A_TOKEN = 4


class OperationRefusedError(Exception):
    """The operation does not run. The errors have their codes; `extensions` are those of the answer."""

    def __init__(self, errors: Sequence[GraphQLError], extensions: dict[str, Any] | None = None) -> None:
        super().__init__(errors[0].message)
        self.errors = list(errors)
        self.extensions = extensions


class Payer(NamedTuple):
    """Who pays for an operation: with an access token the user and the seller, otherwise the client's address.

    `reading` limits the tokens of documents to parse, since a token takes far longer to parse than a value to answer:
    those of the caller, and those of all callers without an access token together. `turn`: the request's.
    """

    is_known: bool
    buckets: tuple[Bucket, ...]
    reading: tuple[Bucket, ...]
    kept_in: CostBuckets
    turn: Turn


class OperationGate:
    """One per application. Documents are read in pieces; `precedence` gives each piece its turn."""

    def __init__(
        self,
        schema: PixecomSchema,
        settings: Settings,
        *,
        buckets_of: Callable[[HTTPConnection], CostBuckets],
        precedence: Precedence,
    ) -> None:
        self._documents = Documents(schema, settings)
        self._variable_limits = VariableLimits.of(settings)
        self._settings = settings
        self._buckets_of = buckets_of
        self._precedence = precedence

    def payer(self, connection: HTTPConnection, claims: AccessClaims | None) -> Payer:
        buckets = self._address_bucket(connection) if claims is None else self._caller_buckets(claims)
        reading = [self._reading_bucket(buckets[0].key)]
        if claims is None:
            reading.append(self._reading_bucket("pixecom:cost:anonymous"))
        return Payer(
            claims is not None, buckets, tuple(reading), self._buckets_of(connection), turn_of(connection.scope)
        )

    async def prepare(self, graphql: GraphQLRequest, kinds: frozenset[OperationType], payer: Payer) -> Preparation:
        """The document and its operation. Raises OperationRefusedError and KindRefusedError.

        Parsing a text costs its tokens, even if it is refused, and again each time that it is refused; a caller that
        can't pay for that gets nothing parsed.
        """
        request = DocumentRequest(
            text=graphql.query, name=graphql.operation_name, kinds=kinds, anonymous=not payer.is_known
        )
        is_cached = self._documents.keeps(request)
        if not is_cached:
            most = self._settings.max_document_tokens
            self._check_means(payer, min(len(graphql.query) // _CHARACTERS_A_TOKEN, most))
        try:
            with self._precedence.operation(light=not payer.turn.is_behind):
                prepared = await with_pauses(lambda: self._documents.prepare(request))
        except DocumentRefusedError as refusal:
            await payer.kept_in.drain(payer.buckets, refusal.tokens)
            await _charge_reading(payer, refusal.tokens)
            raise _refused("DOCUMENT", refusal.errors) from None
        if not is_cached:
            await _charge_reading(payer, prepared.tokens)
        return prepared

    def price(self, prepared: Preparation, graphql: GraphQLRequest) -> int:
        """What the operation costs with these variables. Raises OperationRefusedError if it exceeds a limit."""
        variables = graphql.variables or {}
        try:
            check_variables(variables, self._variable_limits)
        except GraphQLError as error:
            raise _refused("VARIABLES", [error]) from None
        cost, limit = prepared.operation.cost(variables), self._settings.max_query_cost
        OPERATION_COST.labels(prepared.operation.kind.value).observe(cost)
        if cost > limit:
            raise _refused("COST", [query_too_complex(cost=cost, limit=limit)], self._report(cost))
        return cost

    async def charge(self, payer: Payer, prepared: Preparation, cost: int) -> dict[str, int]:
        """Take the cost, and that of parsing the document, from all buckets; returns the extensions of the answer.

        No answer has more values than MAX_ANSWER_VALUES, so no more is taken. Raises OperationRefusedError with
        RATE_LIMITED.
        """
        charge = await payer.kept_in.charge(payer.buckets, self._taken(cost) + prepared.tokens)
        report = self._report(cost, charge.remaining)
        if charge.refused is not None:
            raise _refused(charge.refused.name, [rate_limited(retry_after=charge.wait)], report)
        return report

    def settle(self, payer: Payer, cost: int, values: int) -> dict[str, int]:
        """Give back what was taken beyond the values of the answer, if they were counted.

        Returns the extensions of the answer.
        """
        unused = self._taken(cost) - values if values else 0
        return self._report(cost, payer.kept_in.settle(payer.buckets, unused))

    def _taken(self, cost: int) -> int:
        return min(cost, self._settings.max_answer_values)

    def _check_means(self, payer: Payer, cost: int) -> None:
        for bucket in (*payer.buckets, *payer.reading):
            missing = min(cost, bucket.capacity) - payer.kept_in.estimate(bucket)
            if missing > 0:
                raise _refused(bucket.name, [rate_limited(retry_after=missing / bucket.per_second)])

    def _report(self, cost: int, remaining: int | None = None) -> dict[str, int]:
        left = {} if remaining is None else {"costRemaining": remaining}
        return {"cost": cost, "costLimit": self._settings.max_query_cost, **left}

    def _reading_bucket(self, key: str) -> Bucket:
        return Bucket(
            name="DOCUMENTS",
            key=f"{key}:documents",
            capacity=self._settings.document_token_capacity,
            per_minute=self._settings.document_tokens_per_minute,
        )

    def _caller_buckets(self, claims: AccessClaims) -> tuple[Bucket, ...]:
        settings = self._settings
        return caller_buckets(
            "cost",
            seller_id=claims.seller_id,
            user_id=claims.user_id,
            user=Rate(settings.user_cost_capacity, settings.user_cost_per_minute),
            seller=Rate(settings.seller_cost_capacity, settings.seller_cost_per_minute),
        )

    def _address_bucket(self, connection: HTTPConnection) -> tuple[Bucket, ...]:
        address = Bucket(
            name="ADDRESS",
            key=f"pixecom:cost:address:{{{client_address(connection.scope)}}}",
            capacity=self._settings.address_cost_capacity,
            per_minute=self._settings.address_cost_per_minute,
        )
        return (address,)


async def _charge_reading(payer: Payer, tokens: int) -> None:
    """The buckets one by one: in a cluster, the keys of one address and of all of them may be on different nodes."""
    for bucket in payer.reading:
        await payer.kept_in.drain((bucket,), tokens)


def _refused(
    reason: str, errors: Sequence[GraphQLError], extensions: dict[str, Any] | None = None
) -> OperationRefusedError:
    """Counted by reason: a missing token is no fault of the document."""
    is_unknown = (errors[0].extensions or {}).get("code") == ErrorCode.UNAUTHENTICATED.value
    OPERATIONS_REFUSED.labels("TOKEN" if is_unknown else reason).inc()
    return OperationRefusedError(errors, extensions)
