"""The Node interface: everything with a global id."""

import strawberry


@strawberry.interface(description="Anything with a global id; see `Query.node`.")
class Node:
    id: strawberry.ID = strawberry.field(description="Opaque global id, unique across all types.")
