"""Logs, correlation ids and process metrics. Knows nothing of the product."""
