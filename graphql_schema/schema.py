"""The schema that the API serves."""

from __future__ import annotations

from strawberry.schema.config import StrawberryConfig

from graphql_schema.documents.open_fields import OPEN_FIELDS
from graphql_schema.execution.answer_executor import AnswerExecutor
from graphql_schema.execution.membership import NothingForOutsiders
from graphql_schema.mutation import Mutation
from graphql_schema.pixecom_schema import PixecomSchema
from graphql_schema.query import Query
from graphql_schema.subscription import Subscription
from graphql_schema.types.scalars import SCALARS
from graphql_schema.types.user_errors import USER_ERRORS

schema = PixecomSchema(
    query=Query,
    mutation=Mutation,
    subscription=Subscription,
    types=USER_ERRORS,
    extensions=[NothingForOutsiders],
    execution_context_class=AnswerExecutor,
    config=StrawberryConfig(scalar_map=SCALARS),
    open_fields=OPEN_FIELDS,
)
