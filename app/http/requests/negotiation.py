"""Which media type to answer in (RFC 9110, 12.5.1; GraphQL over HTTP, "Accept"). Reads headers only."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["GRAPHQL_RESPONSE", "HTML", "JSON", "is_json_utf8", "preferred_type"]

GRAPHQL_RESPONSE = "application/graphql-response+json"
JSON = "application/json"
HTML = "text/html"


class _MediaRange(NamedTuple):
    name: str
    parameters: dict[str, str]

    @property
    def quality(self) -> float:
        try:
            return min(max(float(self.parameters.get("q", "1")), 0.0), 1.0)
        except ValueError:
            return 0.0

    @property
    def is_utf8(self) -> bool:
        return self.parameters.get("charset", "utf-8").lower() in {"utf-8", "utf8"}

    def names(self, offer: str) -> bool:
        """A wildcard means JSON: a client that accepts anything gets what most clients can read."""
        return self.name == offer or (offer == JSON and self.name in {"*/*", "application/*"})


def _media_range(text: str) -> _MediaRange:
    name, *rest = text.split(";")
    pairs = (item.partition("=") for item in rest)
    parameters = {key.strip().lower(): value.strip().strip('"') for key, _, value in pairs}
    return _MediaRange(name.strip().lower(), parameters)


def preferred_type(accept: str | None, offers: tuple[str, ...]) -> str | None:
    """The offer that an Accept header prefers; None if it accepts none.

    Between equals the earlier offer wins. Without the header the answer is JSON, as GraphQL over HTTP asks.
    """
    if accept is None or not accept.strip():
        return JSON
    ranges = [item for item in map(_media_range, accept.split(",")) if item.is_utf8]
    qualities = {offer: _quality(ranges, offer) for offer in offers}
    best = max(offers, key=qualities.__getitem__)
    return best if qualities[best] > 0 else None


def _quality(ranges: list[_MediaRange], offer: str) -> float:
    """The quality of the most specific range that names the offer; 0 if none does."""
    fitting = [item for item in ranges if item.names(offer)]
    exact = [item for item in fitting if item.name == offer]
    return max((item.quality for item in exact or fitting), default=0.0)


def is_json_utf8(content_type: str | None) -> bool:
    """True for a request body of `application/json` in UTF-8, the only kind that is read."""
    media = _media_range(content_type or "")
    return media.name == JSON and media.is_utf8
