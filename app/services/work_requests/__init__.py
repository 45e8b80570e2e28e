"""Requests for work: which days and which accounts a sync, a backfill or a refresh is about."""
