"""A process refuses to start on a database where row-level security would not hold, or that doesn't answer."""

from __future__ import annotations
