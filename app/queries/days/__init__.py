"""A seller's days: what was aggregated, closed and ranked, and how fresh it is."""
