from __future__ import annotations

from datetime import date
from decimal import Decimal

from app.providers.sync_warnings import (
    FOUND_CHARACTERS,
    ID_CHARACTERS,
    MORE,
    MOST_EXAMPLES,
    MOST_KINDS,
    Example,
    Subject,
    SyncWarning,
    SyncWarnings,
)

DAY = date(2026, 11, 3)
SENTENCE = "The ad has no name; its id is shown instead."


def test_a_warning_says_what_which_day_and_what_was_found() -> None:
    warnings = SyncWarnings()
    assert not warnings
    warnings.note(Subject.INSIGHTS_ROW, "The row's cpm is no number.", external_id="7", day=DAY, found="2.5E-6")
    assert warnings
    assert warnings.list_warnings() == [
        SyncWarning(
            subject=Subject.INSIGHTS_ROW,
            sentence="The row's cpm is no number.",
            day=DAY,
            count=1,
            examples=(Example("7", "2.5E-6"),),
        )
    ]


def test_some_examples_are_kept_and_the_rest_is_counted() -> None:
    warnings = SyncWarnings()
    for number in range(MOST_EXAMPLES + 7):
        warnings.note(Subject.AD, SENTENCE, external_id=number)
    (warning,) = warnings.list_warnings()
    assert warning.count == MOST_EXAMPLES + 7
    assert [example.external_id for example in warning.examples] == ["0", "1", "2"]


def test_a_thing_that_is_read_again_counts_once() -> None:
    warnings = SyncWarnings()
    for day in (DAY, DAY, date(2026, 11, 4)):
        warnings.note(Subject.AD, SENTENCE, external_id="7", day=day)
    for _ in range(2):
        warnings.note(Subject.LISTING, "An entry has no id.")
    assert [warning.count for warning in warnings.list_warnings()] == [1, 1, 2]


def test_kinds_without_end_are_counted_by_subject() -> None:
    warnings = SyncWarnings()
    for number in range(MOST_KINDS + 5):
        warnings.note(Subject.AD, f"Sentence {number}.", external_id="7")
    warnings.note(Subject.AD, "Sentence 0.", external_id="8")
    *known, more = warnings.list_warnings()
    assert len(known) == MOST_KINDS
    assert known[0].count == 2
    assert (more.subject, more.sentence, more.count) == (Subject.AD, MORE, 5)


def test_what_is_found_is_cut_storable_and_without_secrets() -> None:
    warnings = SyncWarnings()
    warnings.note(Subject.AD, "Half \ud83d and \x00.", external_id="9" * 500, found={"name": "\ud83d" * 500})
    warnings.note(Subject.TOKEN, SENTENCE, found="access_token=EAAsecretsecretsecret1")
    warnings.note(Subject.ACCOUNT, SENTENCE, external_id=7, found=[Decimal("1.5"), None])
    odd, secret, plain = warnings.list_warnings()
    assert odd.sentence == "Half \ufffd and ."
    (example,) = odd.examples
    assert example.external_id is not None
    assert len(example.external_id) <= ID_CHARACTERS
    assert example.found is not None
    assert len(example.found) <= FOUND_CHARACTERS
    assert example.found.startswith('{"name": "\ufffd\ufffd')
    assert secret.examples == (Example(None, "access_token=[secret]"),)
    assert plain.examples == (Example("7", '["1.5", null]'),)
