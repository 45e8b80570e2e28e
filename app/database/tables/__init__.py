"""All tables, gathered so that `metadata` knows each of them."""

from __future__ import annotations

from app.database.tables import ads, audit, connections, days, pages, stats, tenancy, work
from app.database.tables.metadata import Wall, metadata

__all__ = ["Wall", "ads", "audit", "connections", "days", "metadata", "pages", "stats", "tenancy", "work"]
