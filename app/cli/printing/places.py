"""Where things are on this machine: the checkout, and the data directory and the API's port when none is named."""

from __future__ import annotations

from pathlib import Path

from app.errors import SetupError

CHECKOUT = Path(__file__).resolve().parents[3]
DEFAULT_DATA = CHECKOUT / ".data"
DEFAULT_PORT = 8000


def require_checkout(advice: str) -> None:
    """Raise SetupError with this advice where the product is installed without its source and tests."""
    if not (CHECKOUT / "tests").is_dir():
        raise SetupError(advice)
