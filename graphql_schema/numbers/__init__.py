"""Metrics of anything: over periods, in series, compared, and how fresh they are."""
