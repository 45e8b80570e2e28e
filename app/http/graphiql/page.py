"""The GraphiQL page: our own page around the libraries that Strawberry's page names, served by ourselves.

The build puts the libraries into graphiql_assets; where it could not, the page loads them from the CDN and says so.
Nothing on the page is inline script, so the policy allows scripts from files only.
"""

from __future__ import annotations

import re
from importlib.resources import files
from typing import TYPE_CHECKING, Protocol

import orjson
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount
from strawberry.http.ides import get_graphql_ide_html

from app.http.graphiql.shared_files import SharedFiles
from graphql_schema.examples import Example, list_examples

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from starlette.types import Scope

__all__ = ["DemoLogin", "graphiql_page", "graphiql_routes", "library_names"]

CDN = "https://unpkg.com/"
ASSETS_URL = "/graphql/assets/"
PAGE_URL = "/graphql/page/"
LOGIN_DOCUMENT = (
    "mutation DemoLogin($email: String!, $password: String!) "
    "{ login(input: {email: $email, password: $password}) { accessToken errors { message } } }"
)
_TAG = re.compile(r"<script\s[^>]*\bsrc=[^>]*></script>|<link\s[^>]*rel=\"stylesheet\"[^>]*/>")
_PLACE = re.compile(r"\{\{(\w+)\}\}")
_SPACE = re.compile(r"\s+")
_NAME = re.compile(re.escape(CDN) + r'([^"]+)"')
_NOTICE = (
    '<span class="notice">The npm registry could not be reached when this was installed, so GraphiQL comes from '
    "unpkg.com. Install again with a connection to serve it from here.</span>"
)


class DemoLogin(Protocol):
    """A login that the page offers as a button."""

    @property
    def seller_name(self) -> str: ...
    @property
    def email(self) -> str: ...
    @property
    def password(self) -> str: ...


def library_names() -> tuple[str, ...]:
    """What Strawberry's page loads, as `package@version/file`."""
    return tuple(_NAME.findall("".join(_library_tags())))


def graphiql_page(
    *,
    assets: Path,
    examples: Sequence[Example] | None = None,
    demo_logins: Sequence[DemoLogin] = (),
) -> Response:
    """The page, with its own content security policy. `demo_logins` puts passwords on it: development only."""
    local = all((assets / name).is_file() for name in library_names())
    tags = [tag.replace(CDN, ASSETS_URL) if local else tag for tag in _library_tags()]
    template = _resource("graphiql.html")
    parts = {
        "styles": "\n    ".join(tag for tag in tags if tag.startswith("<link")),
        "scripts": "\n    ".join(tag for tag in tags if tag.startswith("<script")),
        "notice": "" if local else _NOTICE,
        "data": _page_data(examples if examples is not None else list_examples(), demo_logins),
    }
    html = _PLACE.sub(lambda match: parts[match[1]], template)
    headers = {"Content-Security-Policy": _policy("" if local else f" {CDN}"), "Cache-Control": "no-store"}
    return HTMLResponse(html, headers=headers)


def graphiql_routes(*, assets: Path) -> list[Mount]:
    """The static files of the page: the libraries, which never change under their name, and our own."""
    page = str(files("app.http") / "graphiql_page")
    return [
        Mount(ASSETS_URL.rstrip("/"), app=_Libraries(directory=assets, check_dir=False)),
        Mount(PAGE_URL.rstrip("/"), app=SharedFiles(directory=page)),
    ]


class _Libraries(SharedFiles):
    """Their addresses carry their versions, so browsers may keep them."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


def _library_tags() -> list[str]:
    return [_SPACE.sub(" ", tag) for tag in _TAG.findall(get_graphql_ide_html()) if CDN in tag]


def _resource(name: str) -> str:
    return (files("app.http") / "graphiql_page" / name).read_text(encoding="utf-8")


def _page_data(examples: Sequence[Example], demo_logins: Sequence[DemoLogin]) -> str:
    data = {
        "examples": [
            {
                "title": example.title,
                "document": example.document,
                "variables": example.variables,
                "isTab": example.is_tab,
            }
            for example in examples
        ],
        "logins": [
            {"sellerName": login.seller_name, "email": login.email, "password": login.password} for login in demo_logins
        ],
        "loginDocument": LOGIN_DOCUMENT,
    }
    # Inside a script element only `<` could end it; JSON lets it be written as an escape.
    return orjson.dumps(data).decode().replace("<", "\\u003c")


def _policy(cdn: str) -> str:
    rules = (
        "default-src 'none'",
        f"script-src 'self'{cdn}",
        f"style-src 'self'{cdn}",
        "img-src 'self' data:",
        f"font-src 'self' data:{cdn}",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
    return "; ".join(rules)
