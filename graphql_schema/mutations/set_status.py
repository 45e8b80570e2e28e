"""The setStatus mutation: pause or activate up to 500 campaigns, ad sets or ads."""

from collections.abc import Sequence
from enum import Enum
from typing import Annotated, Self
from uuid import UUID

import strawberry

from app.errors import ConflictError, InputError
from app.metrics.levels import Level
from app.services.idempotency import MAX_KEY_LENGTH
from app.services.limits.work_allowance import jobs_for_changes
from app.services.status_changes.bulk_change import StatusAction, StatusFailure, StatusFailureCode, set_status
from graphql_schema.arguments.periods import DEFAULT_PERIOD
from graphql_schema.arguments.text_argument import read_text
from graphql_schema.context import Info
from graphql_schema.entities.ad_entity import ENTITY_TYPES, AdEntity, load_entities
from graphql_schema.fields.batched import Parents, batched
from graphql_schema.types.enums import describe_enum
from graphql_schema.types.global_id import MAX_IDS, global_id, read_ids
from graphql_schema.types.permissions import Permission
from graphql_schema.types.user_errors import UserError, user_error


class EntityLevel(Enum):
    CAMPAIGN = Level.CAMPAIGN
    ADSET = Level.ADSET
    AD = Level.AD


describe_enum(
    EntityLevel,
    description="A level of the campaign, ad set, ad tree.",
    CAMPAIGN="Campaigns.",
    ADSET="Ad sets.",
    AD="Ads.",
)
describe_enum(
    StatusAction,
    description="What to do with a status.",
    PAUSE="Set PAUSED.",
    ACTIVATE="Set ACTIVE.",
)
describe_enum(
    StatusFailureCode,
    description="Why an entity's status was not set.",
    NOT_FOUND="The seller has no such object.",
    ARCHIVED="It is archived or deleted, so its status can no longer be set.",
    REFUSED="The platform rejects it; the message says why.",
    ACCOUNT_UNAVAILABLE="The platform denies us access to the ad account until the cause is fixed.",
    THROTTLED="The platform accepts no more changes for now; try again later.",
    UPSTREAM_UNAVAILABLE="The platform could not be reached, or failed; try again.",
)


@strawberry.input(description="The entities and their new status.")
class SetStatusInput:
    level: EntityLevel = strawberry.field(description="The level of all the ids.")
    ids: list[strawberry.ID] = strawberry.field(
        description=f"The global ids of the entities, 1 to {MAX_IDS}; duplicates count once.",
    )
    action: StatusAction = strawberry.field(description="Pause or activate.")
    idempotency_key: str | None = strawberry.field(
        default=None,
        description="If the same user repeats the same request with the same key within 24 hours, it returns the first "
        f"answer and does nothing; 1 to {MAX_KEY_LENGTH} characters. Null: every request is carried out.",
    )


@strawberry.type(description="An entity whose status was not set.")
class SetStatusFailure:
    entity_id: strawberry.ID = strawberry.field(description="The global id, as it was given.")
    code: StatusFailureCode = strawberry.field(description="The reason, for programs.")
    message: str = strawberry.field(description="The reason, for people, in English.")


async def load_changed(parents: Parents, info: Info) -> list[list[AdEntity]]:
    payloads: Sequence[SetStatusPayload] = parents
    found = [await load_entities(p.level, [(i, DEFAULT_PERIOD) for i in p.changed], info) for p in payloads]
    return [[entity for entity in entities if entity] for entities in found]


@strawberry.type(description="The outcome for each id. A failed one does not stop the others, and is not an error.")
class SetStatusPayload:
    level: strawberry.Private[Level]
    changed: strawberry.Private[tuple[UUID, ...]]

    succeeded: list[strawberry.ID] = strawberry.field(
        description="The ids that now have the requested status, on the platform and here, in the given order.",
    )
    entities: list[AdEntity] = batched(
        load_changed, description="The entities that succeeded, as they are after the change."
    )
    failed: list[SetStatusFailure] = strawberry.field(description="The entities that failed, in the given order.")
    audit_id: strawberry.ID | None = strawberry.field(
        description="The opaque id of this request's audit events. Null: nothing was tried, see `errors`.",
    )
    errors: list[UserError] = strawberry.field(
        default_factory=list,
        description="Why nothing was tried: a ConflictError if the idempotency key was used for a different request, "
        "or for one that is still in progress. Empty: every id was tried.",
    )

    @classmethod
    def refused(cls, level: Level, error: UserError) -> Self:
        return cls(level=level, changed=(), succeeded=[], failed=[], audit_id=None, errors=[error])


SetStatusArgument = Annotated[
    SetStatusInput,
    strawberry.argument(name="input", description="The entities and their new status."),
]


async def set_entity_status(info: Info, input_: SetStatusArgument) -> SetStatusPayload:
    member = await info.context.member_with(Permission.CHANGE_STATUS)
    level = input_.level.value
    type_name = ENTITY_TYPES[level].__name__
    ids, key = _read_ids(input_.ids, type_name), input_.idempotency_key
    await info.context.allowance.take(jobs_for_changes(len(ids)))
    try:
        change = await set_status(
            info.context.services,
            seller_id=member.seller_id,
            actor_id=member.user_id,
            level=level,
            entity_ids=ids,
            action=input_.action,
            idempotency_key=None if key is None else read_text(key, "input.idempotencyKey", limit=MAX_KEY_LENGTH),
        )
    except ConflictError as error:
        return SetStatusPayload.refused(level, user_error(error, path="input.idempotencyKey"))
    return SetStatusPayload(
        level=level,
        changed=change.succeeded,
        succeeded=[global_id(type_name, entity_id) for entity_id in change.succeeded],
        failed=[_failure(type_name, failure) for failure in change.failed],
        audit_id=global_id("AuditBatch", change.audit_id),
    )


def _read_ids(ids: Sequence[str], type_name: str) -> tuple[UUID, ...]:
    if not ids:
        raise InputError("input.ids", f"must have 1 to {MAX_IDS} ids")
    return read_ids(ids, type_name, "input.ids")


def _failure(type_name: str, failure: StatusFailure) -> SetStatusFailure:
    return SetStatusFailure(
        entity_id=global_id(type_name, failure.entity_id),
        code=failure.code,
        message=failure.message,
    )
