"""What `doctor` found: one finding for each check, and how people read them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.markup import escape

from app.cli.diagnosis.doctor_checks import DISK, Warned, list_checks
from app.cli.failures.database_failure import describe_failure
from app.cli.failures.failure_reason import reason_of
from app.cli.printing.listing import open_console, print_line
from app.configuration.settings import load_inspection_settings
from app.errors import SetupError, UnreachableError
from app.observability.logging import mask_secrets

if TYPE_CHECKING:
    from app.cli.diagnosis.doctor_checks import Check
    from app.configuration.settings import InspectionSettings


@dataclass(frozen=True)
class Finding:
    """`detail` says what is wrong and what to do, or what was found.

    `ok` is None if the check was not possible. `warns`: no fault of the installation.
    """

    check: str
    ok: bool | None
    detail: str
    warns: bool = False

    @property
    def mark(self) -> str:
        if self.ok is None:
            return "[yellow]?[/yellow]"
        if not self.ok:
            return "[red]✗[/red]"
        return "[yellow]![/yellow]" if self.warns else "[green]✓[/green]"


async def examine() -> list[Finding]:
    """Run every check that can run; the others say why they can't. Never raises for a server that fails."""
    try:
        settings = load_inspection_settings()
    except SetupError as error:
        return [
            Finding("settings", ok=False, detail=str(error)),
            Finding("everything else", ok=None, detail="not checked: because of settings"),
        ]
    findings = [_good("settings", _describe(settings))]
    unreachable: set[str] = set()
    for check in list_checks(settings):
        try:
            findings.append(await _examine(check, settings, findings, unreachable))
        except UnreachableError as error:
            unreachable.add(check.name)
            findings.append(Finding(check.name, ok=False, detail=_advised(error, findings)))
    return findings


async def _examine(check: Check, settings: InspectionSettings, before: list[Finding], unreachable: set[str]) -> Finding:
    """Raises UnreachableError, and nothing else."""
    if absent := [name for name in check.needs if name in unreachable]:
        return _not_checked(check.name, absent)
    try:
        return _good(check.name, await check.examine(settings))
    except UnreachableError:
        raise
    except SetupError as error:
        known = [finding.check for finding in before if finding.ok is False and finding.detail == str(error)]
        return _not_checked(check.name, known) if known else Finding(check.name, ok=False, detail=str(error))
    except Exception as error:  # noqa: BLE001  # whatever a driver raises is a finding
        suspects = {*check.needs, *check.blames}
        wrong = [finding.check for finding in before if finding.check in suspects and not finding.ok]
        return _not_checked(check.name, wrong) if wrong else _failed(check.name, error)


def print_findings(findings: list[Finding]) -> None:
    """A line for each check. What is to be copied, such as a command, is not broken: only the terminal wraps it."""
    console = open_console()
    width = max(len(finding.check) for finding in findings)
    for finding in findings:
        first, *rest = finding.detail.splitlines()
        console.print(f"{finding.mark} {finding.check:<{width}}  {escape(first)}")
        for line in rest:
            print_line(console, f"  {line}")


def _describe(settings: InspectionSettings) -> str | Warned:
    if not settings.made_up:
        return f"complete, for {settings.environment}"
    return Warned(
        f"for {settings.environment}; {' and '.join(settings.made_up)}, without which neither api nor worker nor "
        "scheduler starts, not set here"
    )


def _good(check: str, found: str | Warned) -> Finding:
    return Finding(check, ok=True, detail=str(found), warns=isinstance(found, Warned))


def _not_checked(check: str, because: list[str]) -> Finding:
    return Finding(check, ok=None, detail=f"not checked: because of {' and '.join(because)}")


def _advised(error: UnreachableError, before: list[Finding]) -> str:
    """With its advice, unless a disk without space is the likelier reason."""
    has_space = all(finding.ok for finding in before if finding.check == DISK)
    return str(error) if has_space else f"{error.fact}; this may be because of disk."


def _failed(check: str, error: Exception) -> Finding:
    sentence = describe_failure(error, advice="is it up?")
    return Finding(
        check, ok=False, detail=sentence or mask_secrets(f"failed ({type(error).__name__}: {reason_of(error)})")
    )
