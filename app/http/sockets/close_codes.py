"""Why a socket is closed: the codes, and the reasons that are given in more than one place.

- 1009: a message is too long (`app/serving/sockets/frame_limits.py`).
- 1013: try again later, which clients do by themselves. The user or the process has reached its limit of sockets,
  another anonymous socket took the place, the user has too many requests running, or the database does not answer.
- 4400: a message is malformed, or too long for an anonymous client.
- 4401: the client subscribed before connection_init was acknowledged.
- 4403: the access token is missing, invalid or expired, or its user is not a member of the seller, or no longer.
  Clients reconnect with another token.
- 4406: the client speaks another protocol.
- 4408: no connection_init arrived.
- 4409: the operation's id is in use.
- 4429: a second connection_init, or too many messages, pings or bytes.

Those without a constant below are sent by Strawberry or by the server.
"""

from __future__ import annotations

__all__ = ["AWAY", "FORBIDDEN", "MALFORMED", "TOO_MANY", "TRY_AGAIN_LATER"]

TRY_AGAIN_LATER = 1013
MALFORMED = 4400
FORBIDDEN = 4403
TOO_MANY = 4429

AWAY = "The database is not answering right now."
