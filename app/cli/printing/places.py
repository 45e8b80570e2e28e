"""Where things are on this machine: the checkout, and the data directory and the API's port when none is named."""

from __future__ import annotations

from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[3]
DEFAULT_DATA = CHECKOUT / ".data"
DEFAULT_PORT = 8000
