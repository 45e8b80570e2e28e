"""What people read while `up` works, and after it."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from app.cli.instance.stack import Ports
from app.cli.instance.welcome import print_welcome
from app.cli.printing.output import StepPrinter
from app.services.demo.world import CSV_SELLER, DEMO_SELLERS


@pytest.fixture
def written() -> io.StringIO:
    return io.StringIO()


def printer(written: io.StringIO, width: int) -> StepPrinter:
    return StepPrinter(Console(file=written, width=width, highlight=False, soft_wrap=True))


@pytest.mark.parametrize(("columns", "length"), [(200, 77), (80, 77), (60, 59), (20, 34)])
def test_a_steps_line_fits_where_there_is_room_for_its_words(written: io.StringIO, columns: int, length: int) -> None:
    with printer(written, columns).step("Worker") as detail:
        detail.text = "port 3001"

    (line,) = written.getvalue().splitlines()
    assert line.split() == ["✓", "Worker", "port", "3001", "0.0", "s"]
    assert len(line) == length


@pytest.mark.parametrize("sandbox_csv", [False, True])
def test_every_login_is_printed(written: io.StringIO, *, sandbox_csv: bool) -> None:
    ports = Ports(api=8000, metrics=9464, sandbox=8100, worker_health=3001, scheduler_health=3002)
    print_welcome(printer(written, 80), ports, Path("/data"), sandbox_csv=sandbox_csv)

    sellers = (*DEMO_SELLERS, CSV_SELLER) if sandbox_csv else DEMO_SELLERS
    logins = [line.split()[-2:] for line in written.getvalue().splitlines() if "@" in line]
    assert logins == [[f"{seller.slug}@demo.pixecom.example", "pixecom-demo"] for seller in sellers]
