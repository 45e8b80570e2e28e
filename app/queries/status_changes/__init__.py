"""Statuses that were set, and their audit trail."""
