"""A seller's days: summaries and leaderboards."""
