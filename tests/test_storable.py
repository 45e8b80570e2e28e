from __future__ import annotations

from app.storable import storable


def test_what_postgres_refuses_is_replaced_or_removed_and_the_rest_stays() -> None:
    assert storable("Sale \ud83d\x00 \udc00") == "Sale \ufffd \ufffd"
    assert storable("Sale \U0001f600 ắ") == "Sale \U0001f600 ắ"
