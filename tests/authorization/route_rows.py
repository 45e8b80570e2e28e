"""Everything that is served: by which rows each route of the application is covered, and those of the plain ones."""

from __future__ import annotations

from dataclasses import dataclass

from app.http.exports.formats import FORMATS
from graphql_schema.exports import LISTS

# The types of what the rows of an export are, by list. A new list needs its type here.
EXPORTS = {"campaigns": "Campaign", "adsets": "Adset", "ads": "Ad"}
FILES = [f"{name}.{suffix}" for name in LISTS for suffix in FORMATS]


@dataclass(frozen=True)
class OpenRoute:
    """A route that answers everybody alike, whatever token they send: how it is asked, and with what it answers.

    Where the application does not serve it, nobody finds anything there.
    """

    path: str
    status: int = 200


OPEN_ROUTES: dict[str, OpenRoute] = {
    "/livez": OpenRoute("/livez"),
    "/readyz": OpenRoute("/readyz"),
    "/metrics": OpenRoute("/metrics"),
    "/graphql/page": OpenRoute("/graphql/page/graphiql.css"),
    "/graphql/assets": OpenRoute("/graphql/assets/%2e%2e/%2e%2e/settings.py", status=404),
}
# Routes whose rows are elsewhere.
GUARDED_ROUTES = {
    "/graphql": "rows.py, mutation_rows.py and test_subscriptions.py",
    "/export/{file}": "EXPORTS",
    "/cron/{job}": "test_routes.py",
}
