"""What a call's path names: an account, entity, report, page, post, or `me`; and how the call is counted."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from app.providers.sandbox import errors
from app.providers.sandbox.rules.usage import UseCase

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.providers.sandbox.answers.live_account import LiveAccount
    from app.providers.sandbox.answers.reports import Report, Reports
    from app.providers.sandbox.call import GraphCall
    from app.providers.sandbox.world.dataset import Entity
    from app.providers.sandbox.world.page_dataset import Page, Post

ME = "me"
DEBUG_TOKEN = "debug_token"  # noqa: S105  # a path
NODE = "node"
"""The edge under which calls on a node itself are counted."""

INSIGHTS = "insights"
REPORT = "report"
REPORT_ROWS = "report_rows"
"""A report's node and its rows: edges of their own, so that scripts can tell a poll from other calls."""

_ACCOUNT_PREFIX = "act_"
_MAX_DEPTH = 2
_INSIGHT_EDGES = frozenset({INSIGHTS, REPORT, REPORT_ROWS})


class Target(NamedTuple):
    """`live` and `page` are None for `me` and for what doesn't exist; `entity` for accounts, `post` for pages too."""

    object_id: str
    edge: str
    live: LiveAccount | None = None
    entity: Entity | None = None
    report: Report | None = None
    page: Page | None = None
    post: Post | None = None

    @property
    def owner(self) -> str:
        """Whom calls are counted for: `act_…`, a page's id, or `me`."""
        if self.page is not None:
            return self.page.id
        return f"{_ACCOUNT_PREFIX}{self.live.account.id}" if self.live is not None else ME

    @property
    def metered_id(self) -> str | None:
        """The bare id of the account or page whose quota the call uses, None where there is none."""
        if self.page is not None:
            return self.page.id
        return self.live.account.id if self.live is not None else None

    @property
    def is_of_ads(self) -> bool:
        """Whether the call is on an ads endpoint, which goes by the Marketing API's versions."""
        return self.live is not None

    @property
    def use_case(self) -> UseCase:
        if self.page is not None:
            return UseCase.PAGES
        return UseCase.INSIGHTS if self.edge in _INSIGHT_EDGES else UseCase.MANAGEMENT


class Directory:
    """Finds what a path names. Knows nothing of tokens."""

    def __init__(self, accounts: Sequence[LiveAccount], pages: Sequence[Page], reports: Reports) -> None:
        self._by_account_id = {live.account.id: live for live in accounts}
        self._by_entity_id = {entity_id: live for live in accounts for entity_id in live.entities}
        self._pages = {page.id: (page, None) for page in pages}
        self._posts = {post.id: (page, post) for page in pages for post in page.posts}
        self._reports = reports

    def resolve(self, call: GraphCall) -> Target:
        """Raises GraphError for a path that isn't; an object that isn't is a target without anything."""
        if not call.path:
            raise errors.ids_removed() if "ids" in call.params else errors.missing_object(call.method, "")
        if len(call.path) > _MAX_DEPTH:
            raise errors.unknown_path("/".join(call.path[_MAX_DEPTH:]))
        object_id, edge = call.path[0], call.path[1] if len(call.path) == _MAX_DEPTH else NODE
        live = self._by_account_id.get(object_id.removeprefix(_ACCOUNT_PREFIX))
        if live is not None and object_id.startswith(_ACCOUNT_PREFIX):
            return Target(object_id, edge, live)
        report = self._reports.find(object_id)
        if report is not None:
            own = {NODE: REPORT, INSIGHTS: REPORT_ROWS}.get(edge, edge)
            return Target(object_id, own, report.live, report=report)
        page, post = self._pages.get(object_id) or self._posts.get(object_id) or (None, None)
        if page is not None:
            return Target(object_id, edge, page=page, post=post)
        live = self._by_entity_id.get(object_id)
        return Target(object_id, edge, live, live.entities[object_id] if live is not None else None)
