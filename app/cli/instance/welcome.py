"""The words after a start: where things are, how to get in, and a first query to paste."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.cli.printing.pasting import pasted
from app.embedded.ports import LOOPBACK

if TYPE_CHECKING:
    from pathlib import Path

    from app.cli.instance.stack import Ports
    from app.cli.printing.output import StepPrinter

FIRST_QUERY = (
    "{ campaigns(first: 3) { totalCount summary { spend roas } nodes { name deliveryStatus metrics { spend roas } } } }"
)


def print_welcome(printer: StepPrinter, ports: Ports, data_directory: Path, *, sandbox_csv: bool) -> None:
    """Print it; the query works when pasted into a shell in the checkout."""
    from app.services.demo.world import CSV_SELLER, DEMO_SELLERS

    logins = [seller.login for seller in (*DEMO_SELLERS, *([CSV_SELLER] if sandbox_csv else []))]
    base = f"http://{LOOPBACK}:{ports.api}"
    printer.line()
    printer.line("[bold]PixEcom Ads is running.[/bold] Press Ctrl-C to stop it.")
    printer.verbatim(f"  GraphQL and GraphiQL   {base}/graphql")
    printer.verbatim(f"  API metrics            http://{LOOPBACK}:{ports.metrics}/metrics")
    printer.verbatim(f"  Worker metrics         http://{LOOPBACK}:{ports.worker_health}/metrics")
    printer.verbatim(f"  Scheduler metrics      http://{LOOPBACK}:{ports.scheduler_health}/metrics")
    printer.verbatim(f"  Sandbox (Meta)         http://{LOOPBACK}:{ports.sandbox}")
    printer.verbatim(f"  Logs                   {data_directory / 'logs'}")
    printer.verbatim(f"  Background work        {pasted('status')}")
    printer.line()
    printer.line(f"Demo logins (GraphiQL offers {'all but the last' if sandbox_csv else 'them'} too):")
    for login in logins:
        printer.verbatim(f"  {login.seller_name:<22} {login.email}  {login.password}")
    printer.line()
    printer.line("A first query to paste into a shell:")
    printer.verbatim(
        f'  curl -s {base}/graphql -H "Authorization: Bearer $({pasted("token")})" \\\n'
        f"    -H 'Content-Type: application/json' -d '{{\"query\": \"{FIRST_QUERY}\"}}'"
    )
