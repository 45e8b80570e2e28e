"""Which caller a request belongs to: the user of a valid access token, otherwise the client's address.

An invalid Authorization header changes nothing, or a client could choose its caller. Health requests have callers of
their own, and so does the external scheduler, which is known by its secret.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.datastructures import Headers

from app.http.requests.bearer import find_claims
from app.http.requests.client_address import client_address
from app.http.requests.cron import has_cron_secret
from app.services.limits import shares
from app.serving.answers import HEALTH_PATHS

if TYPE_CHECKING:
    from starlette.types import Scope

    from app.configuration.settings import Settings
    from app.services.limits.turns import Caller

__all__ = ["caller_of"]


def caller_of(scope: Scope, settings: Settings) -> Caller:
    """The caller of an HTTP request or a WebSocket's handshake."""
    path = scope["path"]
    if path in HEALTH_PATHS:
        return shares.probe(path, client_address(scope))
    claims = find_claims(scope, settings)
    if claims is not None:
        return shares.user(settings, claims)
    if path.startswith("/cron/") and has_cron_secret(Headers(scope=scope).get("authorization", ""), settings):
        return shares.clock()
    return shares.anonymous(settings, client_address(scope))
