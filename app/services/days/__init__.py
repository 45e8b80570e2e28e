"""A seller's days: ingested in rounds, aggregated, closed, ranked, checked, and dropped when they are too old."""
