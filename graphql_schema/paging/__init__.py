"""Relay connections: cursors, paging arguments, pages."""
