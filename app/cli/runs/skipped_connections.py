"""What a sync leaves out, as the command line tells it: on standard error, before the work begins."""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from app.cli.process.identifiers import connection_name
from app.services.work_requests.skipped_connections import WHY
from app.vocabulary import ConnectionKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.services.work_requests.skipped_connections import LeftOut

_WORDS = {ConnectionKind.AD_ACCOUNT: "ad account", ConnectionKind.PAGE: "page"}


def tell_left_out(slug: str, left_out: Sequence[LeftOut], *, as_json: bool) -> None:
    """A line for each; none where nothing is left out."""
    for each in left_out:
        with suppress(OSError):
            print(_as_json(slug, each) if as_json else _sentence(slug, each), file=sys.stderr, flush=True)


def _sentence(slug: str, left_out: LeftOut) -> str:
    thing = f"{_WORDS[left_out.kind]} {left_out.name} ({left_out.external_id})"
    return f"{slug}: {thing} is left out. {WHY[left_out.reason]}"


def _as_json(slug: str, left_out: LeftOut) -> str:
    """`id` is the API's."""
    words = {
        "seller": slug,
        "id": connection_name(left_out.kind, left_out.connection_id),
        "name": left_out.name,
        "externalId": left_out.external_id,
        "reason": left_out.reason,
    }
    return json.dumps({"leftOut": words})
