"""Tables for people at terminals of any width: what is to be copied is never broken."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from app.cli.diagnosis.findings import Finding, print_findings
from app.cli.printing.listing import Column, Row, print_line, print_listing
from app.cli.process.identifiers import run_name
from app.identifiers import new_id

NAME = run_name(new_id())
COLUMNS = (Column("seller"), Column("what"), Column("run", is_whole=True), Column("reason", is_whole=True))
ROWS = (
    Row(("acme", "asked for (backfill) by [somebody]", NAME, "the platform refuses it, and says why at some length")),
    Row(("saigon-silk", "asked for", NAME, "")),
)


def listed(width: int) -> list[str]:
    text = io.StringIO()
    print_listing(Console(file=text, width=width, soft_wrap=True, highlight=False), COLUMNS, ROWS)
    return [line.rstrip() for line in text.getvalue().splitlines()]


def test_where_there_is_room_a_row_is_a_line() -> None:
    header, first, second = listed(200)
    assert header.split() == ["seller", "what", "run", "reason"]
    assert first.split()[-11:] == [NAME, *ROWS[0].cells[3].split()]
    assert second.split() == ["saigon-silk", "asked", "for", NAME]
    assert header.index("run") == first.index(NAME) == second.index(NAME)


@pytest.mark.parametrize("width", [80, 40])
def test_where_there_is_none_what_is_to_be_copied_has_a_line_below(width: int) -> None:
    lines = listed(width)
    assert lines[0].split() == ["seller", "what"]
    assert [line for line in lines if line.startswith(("    run: ", "    reason: "))] == [
        f"    run: {NAME}",
        f"    reason: {ROWS[0].cells[3]}",
        f"    run: {NAME}",
    ]


def test_words_wrap_within_their_column() -> None:
    lines = listed(30)
    assert "[somebody]" in " ".join(lines)
    assert all(len(line) <= 30 for line in lines if not line.startswith("    run:") and "reason:" not in line)


def test_a_sentence_is_one_line_whatever_the_width() -> None:
    text = io.StringIO()
    sentence = f"→ do them again: `pixecom backfill --resume {NAME} --data-dir '/srv/my [shop]/data'`."
    print_line(Console(file=text, width=20), sentence, style="yellow")
    assert text.getvalue() == f"{sentence}\n"


def test_what_doctor_finds_is_one_line_each(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("NO_COLOR", "1")
    detail = f"put the old key back, then run `pixecom tokens reencrypt --data-dir '/srv/[my] shop/{'x' * 80}'`."
    print_findings([Finding("redis", ok=True, detail="reached"), Finding("token keys", ok=False, detail=detail)])
    plain = capsys.readouterr().out.replace("\x1b[", "").splitlines()
    assert [detail in line for line in plain] == [False, True]
