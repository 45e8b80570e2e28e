"""Sums of the stored counters, for entities, lists and periods, and the snapshots behind a number."""
