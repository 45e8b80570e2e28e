"""Insights of an account: one query, its pieces, and asynchronous reports."""
