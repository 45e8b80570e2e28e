"""What the items of a page are about, so that a page can be told to bring nothing new whatever its numbers are now."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

import msgspec

from app.errors import ProviderTransientError
from app.providers.meta.rows.parse_insights import RowsText
from app.providers.meta.values.answer_json import parse_json
from app.providers.meta.values.node import as_node

if TYPE_CHECKING:
    from collections.abc import Sequence

_NOTHING = hash((None, None))


class _RowKey(msgspec.Struct):
    """The fields of a row that tell what it is about; all others are passed over, which is quick."""

    date_start: Any = None
    ad_id: Any = None
    adset_id: Any = None
    campaign_id: Any = None
    account_id: Any = None


_decode_row_keys = msgspec.json.Decoder(list[_RowKey]).decode
_as_row_key = msgspec.convert


def item_keys(data: object, id_field: str | None) -> set[int]:
    """A number for each item of a page: of the object's id, or without `id_field` of a row's entity and day.

    Items that tell neither have none.
    """
    if isinstance(data, RowsText):
        return _text_keys(data)
    items = cast("Sequence[object]", data)
    found = [cast("dict[str, object]", item) for item in items if isinstance(item, dict)]
    if id_field is None:
        return _row_keys([_as_row_key(each, _RowKey) for each in found])
    return {hash(str(value)) for each in found if (value := each.get(id_field)) is not None}


def _text_keys(text: RowsText) -> set[int]:
    try:
        return _row_keys(_decode_row_keys(text.rows))
    except (ValueError, RecursionError):  # msgspec's errors are ValueErrors
        return item_keys(_read_slowly(text), None)


def _read_slowly(text: RowsText) -> object:
    """Nothing for what is no JSON, of which the reader of the rows tells."""
    with suppress(ProviderTransientError):
        return as_node(parse_json(text.page, "the body"), "insights").items("data")
    return []


def _row_keys(rows: Sequence[_RowKey]) -> set[int]:
    """By the most particular id: an ad's row names all that stands above it as well."""
    with suppress(TypeError):
        keys = {hash((row.ad_id or row.adset_id or row.campaign_id or row.account_id, row.date_start)) for row in rows}
        return keys - {_NOTHING}
    texts = [{name: str(value) for name, value in msgspec.structs.asdict(row).items() if value} for row in rows]
    return _row_keys([_RowKey(**each) for each in texts])
