"""What each role may do, and the guards that resolvers ask."""

from __future__ import annotations

from enum import StrEnum

from app.errors import ForbiddenError
from app.vocabulary import Role
from graphql_schema.types.enums import describe_enum


class Permission(StrEnum):
    READ = "READ"
    CHANGE_STATUS = "CHANGE_STATUS"
    SYNC = "SYNC"
    CONNECT = "CONNECT"


describe_enum(
    Permission,
    description="Something that a member may do.",
    READ="See everything that the seller has.",
    CHANGE_STATUS="Pause and activate campaigns, ad sets and ads.",
    SYNC="Start, cancel and retry syncs.",
    CONNECT="Renew the access tokens of ad accounts and pages.",
)

PERMISSIONS: dict[str, tuple[Permission, ...]] = {
    Role.OWNER: tuple(Permission),
    Role.ADMIN: tuple(Permission),
    Role.ANALYST: (Permission.READ,),
}


def permissions_of(role: str) -> tuple[Permission, ...]:
    """What a role may do; a role that is not known may do nothing."""
    return PERMISSIONS.get(role, ())


def check_permission(role: str, permission: Permission) -> None:
    """Raise ForbiddenError when the role does not have the permission."""
    if permission not in permissions_of(role):
        raise ForbiddenError(f"The role {role} may not do this; it needs the permission {permission}.")
