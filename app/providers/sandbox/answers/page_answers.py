"""Which part of a page answers a call: the page itself to a user, its posts and numbers to the page's own token."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app import clock
from app.providers.sandbox.answers.page_edges import POST_EDGES, list_posts, render_page, render_post
from app.providers.sandbox.answers.page_insights import read_page_insights, read_post_insights
from app.providers.sandbox.errors import missing_object, page_token_needed
from app.providers.sandbox.server.targets import INSIGHTS, NODE
from app.providers.sandbox.server.tokens import READ_PAGE_NUMBERS, READ_POSTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from app.providers.sandbox.call import GraphCall
    from app.providers.sandbox.server.targets import Target
    from app.providers.sandbox.server.tokens import Caller
    from app.providers.sandbox.world.page_dataset import Page, Post


def answer_page(call: GraphCall, target: Target, page: Page, caller: Caller, page_token: str) -> Mapping[str, object]:
    """Answer a call on a page or one of its posts; `page_token` is the page's token as it is now."""
    post = target.post
    unseen = page not in caller.pages or (post is not None and post.created_at > clock.now())
    if unseen or call.method != "GET":
        raise missing_object(call.method, target.object_id)
    if post is None and target.edge == NODE:
        return render_page(call, page, page_token)
    if caller.page is None:
        raise page_token_needed()
    caller.require(READ_PAGE_NUMBERS if target.edge == INSIGHTS else READ_POSTS)
    return _answer_post(call, target.edge, page, post) if post is not None else _answer_edge(call, target.edge, page)


def _answer_edge(call: GraphCall, edge: str, page: Page) -> Mapping[str, object]:
    if edge == INSIGHTS:
        return read_page_insights(call, page)
    if edge in POST_EDGES:
        return list_posts(call, page)
    raise missing_object(call.method, page.id)


def _answer_post(call: GraphCall, edge: str, page: Page, post: Post) -> Mapping[str, object]:
    if edge == INSIGHTS:
        return read_post_insights(call, page, post)
    if edge == NODE:
        return render_post(call, page, post)
    raise missing_object(call.method, post.id)
