"""`pixecom sandbox --scenario`, as a process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.cli.test_main import pixecom

if TYPE_CHECKING:
    from pathlib import Path


def test_a_scenario_that_is_wrong_ends_the_command_with_its_reason(tmp_path: Path) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text("[[limits]]\nrows = 'many'")
    done = pixecom("sandbox", "--scenario", str(path))
    assert done.returncode == 2
    assert str(path) in done.stderr
    assert "limits.0.rows: Input should be a valid integer" in done.stderr
    assert "Traceback" not in done.stderr


def test_it_is_no_part_of_production() -> None:
    done = pixecom("sandbox", PIXECOM_ENV="production")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "`pixecom sandbox` is for development only. Unset PIXECOM_ENV to use it; in production, run `pixecom api`, "
        "`pixecom worker` and `pixecom scheduler`.\n"
    )
