"""Who is asking."""

from typing import Any, Self

import strawberry

from app.vocabulary import Role
from graphql_schema.context import Info
from graphql_schema.types.global_id import global_id
from graphql_schema.types.permissions import Permission, permissions_of


@strawberry.type(description="A person who can log in.")
class User:
    id: strawberry.ID = strawberry.field(description="Opaque global id.")
    name: str = strawberry.field(description="The person's name.")


@strawberry.type(description="The seller that the access token is for; all data belongs to it.")
class Seller:
    id: strawberry.ID = strawberry.field(description="Opaque global id.")
    slug: str = strawberry.field(description="A short name, used at login.")
    name: str = strawberry.field(description="The seller's name.")
    time_zone: str = strawberry.field(description="The default IANA time zone; each ad account has its own.")
    currency: str = strawberry.field(description="The default currency (ISO 4217); each ad account has its own.")


@strawberry.type(description="The user who is asking, the seller, and what the user may do.")
class Viewer:
    user: User = strawberry.field(description="The user.")
    seller: Seller = strawberry.field(description="The seller that the access token is for.")
    role: Role = strawberry.field(description="The user's role for the seller.")
    permissions: list[Permission] = strawberry.field(description="What the role may do.")

    @classmethod
    def of(cls, row: Any) -> Self:
        """From a ViewerRow, or from what a login found."""
        return cls(
            user=User(id=global_id("User", row.user_id), name=row.user_name),
            seller=Seller(
                id=global_id("Seller", row.seller_id),
                slug=row.seller_slug,
                name=row.seller_name,
                time_zone=row.time_zone,
                currency=row.currency,
            ),
            role=Role(row.role),
            permissions=list(permissions_of(row.role)),
        )


async def get_viewer(info: Info) -> Viewer:
    return Viewer.of(await info.context.reading.get_viewer())
