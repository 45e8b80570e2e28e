"""Calls in batches: statuses of many objects, numbers of many posts."""
