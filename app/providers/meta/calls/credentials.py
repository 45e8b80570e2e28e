"""The secrets of one account's calls: how they are sent, and how they are kept out of every text.

The token goes into a header, never into a URL, because URLs end up in logs, proxies and exceptions.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING

from app.observability.masking import MASK
from app.observability.shortening import MESSAGE_CHARACTERS, presentable

if TYPE_CHECKING:
    from pydantic import SecretStr


class Credentials:
    """An access token and, where the app demands proofs, the app's secret."""

    def __init__(self, access_token: SecretStr, app_secret: SecretStr | None) -> None:
        self._token = access_token
        self._app_secret = app_secret

    def __repr__(self) -> str:
        return f"Credentials({MASK})"

    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token.get_secret_value()}"}

    def form_fields(self) -> dict[str, str]:
        """The token as a form field: the place that the batch protocol documents."""
        return {"access_token": self._token.get_secret_value()}

    def query(self) -> dict[str, str]:
        """The appsecret_proof: hex HMAC-SHA256 of the token under the app's secret, a query parameter of every call."""
        if self._app_secret is None:
            return {}
        key = self._app_secret.get_secret_value().encode()
        proof = hmac.new(key, self._token.get_secret_value().encode(), hashlib.sha256).hexdigest()
        return {"appsecret_proof": proof}

    def without_secrets(self, text: str, limit: int = MESSAGE_CHARACTERS) -> str:
        """The text within the limit, with our secrets masked. Meta quotes a malformed token in its messages."""
        secrets = [self._token.get_secret_value(), *self.query().values()]
        if self._app_secret is not None:
            secrets.append(self._app_secret.get_secret_value())
        for secret in filter(None, secrets):  # before the limit can cut one so that it is no longer recognized
            text = text.replace(secret, MASK)
        return presentable(text, limit)
