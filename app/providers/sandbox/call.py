"""One call to Graph, whether it came over HTTP or inside a batch, and the answer to it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from app.providers.sandbox.errors import bad_parameter

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphCall:
    """`params` are query and form together, each value as the string that was sent; `path` is after the version.

    `overrides_method` says that `method` came as a parameter of a POST.
    """

    method: str
    version: str
    path: tuple[str, ...]
    params: Mapping[str, str] = field(repr=False)
    access_token: str | None = field(repr=False)
    base_url: str
    overrides_method: bool = False

    def find_json(self, name: str) -> object | None:
        """A parameter that holds JSON, None where it is absent or empty."""
        text = self.params.get(name)
        if not text:
            return None
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            raise bad_parameter(f"Param {name} must be valid JSON") from None

    def url_with(self, changed: Mapping[str, str], *, without: frozenset[str] = frozenset()) -> str:
        """This call's absolute URL with some parameters set; the token is in it, as in Meta's own paging URLs."""
        params = {key: value for key, value in self.params.items() if key not in without} | dict(changed)
        if self.access_token is not None:
            params["access_token"] = self.access_token
        return f"{self.base_url}/{self.version}/{'/'.join(self.path)}?{urlencode(params)}"


class Form(StrEnum):
    """How an answer arrives: as it should, or broken on the way."""

    WHOLE = "whole"
    HTML = "html"
    EMPTY = "empty"
    BROKEN_JSON = "broken_json"
    CUT_OFF = "cut_off"
    HANGING = "hanging"
    NULL_ITEM = "null_item"


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphAnswer:
    """`form` is a script's; NULL_ITEM is the null of a batch item that was not done in time.

    `text` stands in place of the body's JSON where an answer is to be something else.
    """

    body: object
    text: str | None = None
    form: Form = Form.WHOLE
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
